from bs4 import BeautifulSoup

soup = BeautifulSoup("<ul class=x><li>1<li><a href='/u'>2</a></ul><p>&uuml;", "html.parser")
assert [li.get_text() for li in soup.select("ul.x li")] == ["12", "2"], soup
assert soup.a["href"] == "/u" and soup.p.string == "ü"
soup.a.replace_with("text")
assert soup.find("a") is None and "text" in str(soup)
