from docutils.core import publish_parts

html = publish_parts("Title\n=====\n\n* *one*\n* ``two``\n\n.. note:: Hm.\n", writer="html5")["html_body"]
assert "<em>one</em>" in html and "two</span>" in html and "Hm." in html, html
