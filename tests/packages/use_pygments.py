from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import Keyword

lexer = get_lexer_by_name("python")
assert (Keyword, "def") in list(lexer.get_tokens("def f(): return 'x'"))
assert '<span class="nf">f</span>' in highlight("def f(): return 1", lexer, HtmlFormatter())
