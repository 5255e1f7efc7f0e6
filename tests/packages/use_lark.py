from lark import Lark, Transformer, v_args

grammar = r"""
    ?start: sum
    ?sum: product | sum "+" product -> add
    ?product: atom | product "*" atom -> mul
    ?atom: NUMBER -> number | "(" sum ")"
    %import common.NUMBER
    %import common.WS
    %ignore WS
"""


@v_args(inline=True)
class Calculate(Transformer):
    number = float
    add = lambda self, a, b: a + b
    mul = lambda self, a, b: a * b


for parser in ["lalr", "earley"]:
    assert Calculate().transform(Lark(grammar, parser=parser).parse("2 * (3 + 4) + 1")) == 15
