import attr
import attrs


@attrs.frozen
class Point:
    x: int = attrs.field(validator=attrs.validators.instance_of(int))
    y: int = attrs.field(default=0, converter=int)
    tags: list = attrs.field(factory=list, eq=False)


assert Point(1, "2") == Point(1, 2, ["t"]) and repr(Point(1)) == "Point(x=1, y=0, tags=[])"
assert attrs.asdict(attrs.evolve(Point(1), y=5)) == {"x": 1, "y": 5, "tags": []}
for act, error in [(lambda: Point("1"), TypeError), (lambda: setattr(Point(1), "x", 2), AttributeError)]:
    try:
        act()
    except error:
        pass
    else:
        raise AssertionError(error)
made = attr.make_class("Made", ["a", "b"], slots=True)(1, 2)
assert (made.a, made.b) == (1, 2) and not hasattr(made, "__dict__")
