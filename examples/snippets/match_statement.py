"""Structural pattern matching."""

import dataclasses


@dataclasses.dataclass
class Point:
    x: int
    y: int


def describe(thing):
    match thing:
        case 0 | 1:
            return "a bit"
        case int(n) if n < 0:
            return f"negative {n}"
        case bool() | int():
            return "a number"
        case []:
            return "nothing"
        case [x]:
            return f"just {x!r}"
        case [first, *rest]:
            return f"{first!r} and {len(rest)} more"
        case {"kind": "circle", "radius": r}:
            return f"circle of {r}"
        case {"kind": kind, **others}:
            return f"{kind} with {sorted(others)}"
        case Point(x=0, y=0):
            return "the origin"
        case Point(x, y) if x == y:
            return f"on the diagonal at {x}"
        case Point():
            return "a point"
        case str() as text:
            return f"text of {len(text)}"
        case None:
            return "None"
        case _:
            return type(thing).__name__


for thing in [
    1, -5, 42, [], [7], [1, 2, 3], (1, 2), {"kind": "circle", "radius": 2},
    {"kind": "square", "side": 1}, Point(0, 0), Point(3, 3), Point(1, 2), "hello", None, 1.5,
]:
    print(describe(thing))
