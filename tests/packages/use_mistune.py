import mistune

html = mistune.create_markdown(plugins=["table", "strikethrough"])("# T\n\n~~x~~\n\n| a |\n|---|\n| 1 |\n")
assert "<h1>T</h1>" in html and "<del>x</del>" in html and "<td>1</td>" in html, html
