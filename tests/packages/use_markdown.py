import markdown

html = markdown.markdown(
    "# Title\n\n| a | b |\n|---|---|\n| 1 | *2* |\n\n```\nx < y\n```\n", extensions=["tables", "fenced_code", "toc"]
)
assert '<h1 id="title">Title</h1>' in html and "<td><em>2</em></td>" in html, html
assert "<pre><code>x &lt; y\n</code></pre>" in html
