import jinja2

environment = jinja2.Environment(
    loader=jinja2.DictLoader(
        {
            "base": "<h1>{% block title %}{% endblock %}</h1>",
            "page": "{% extends 'base' %}{% block title %}{{ name|upper }}{% endblock %}",
            "list": "{% macro li(x) %}<li>{{ x }}</li>{% endmacro %}"
            "{% for x in xs if x != 2 %}{{ loop.index }}{{ li(x) }}{% else %}none{% endfor %}",
        }
    ),
    autoescape=True,
)
assert environment.get_template("page").render(name="a<b") == "<h1>A&lt;B</h1>"
assert environment.get_template("list").render(xs=[1, 2, "<"]) == "1<li>1</li>2<li>&lt;</li>"
assert environment.get_template("list").render(xs=[]) == "none"
try:
    environment.from_string("{% if %}")
except jinja2.TemplateSyntaxError as error:
    assert error.lineno == 1
else:
    raise AssertionError("no error")
