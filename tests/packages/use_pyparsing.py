import pyparsing as pp

integer = pp.Word(pp.nums).set_parse_action(lambda tokens: int(tokens[0]))
expression = pp.infix_notation(
    integer,
    [
        ("*", 2, pp.OpAssoc.LEFT, lambda t: eval_chain(t[0])),
        ("+", 2, pp.OpAssoc.LEFT, lambda t: eval_chain(t[0])),
    ],
)


def eval_chain(tokens):
    result = tokens[0]
    for operator, operand in zip(tokens[1::2], tokens[2::2]):
        result = result * operand if operator == "*" else result + operand
    return result


assert expression.parse_string("2*(3+4)+1", parse_all=True)[0] == 15
try:
    expression.parse_string("2*", parse_all=True)
except pp.ParseException as error:
    assert error.column in (2, 3), error.column
else:
    raise AssertionError("no error")
