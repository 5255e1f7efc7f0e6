"""Context managers: left in the reverse order, whatever happens."""

import contextlib


class Resource:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        print("open", self.name)
        return self

    def __exit__(self, kind, error, traceback):
        print("close", self.name, kind.__name__ if kind else None)
        return kind is KeyError


with Resource("a") as a, Resource("b"):
    print("inside", a.name)

with Resource("swallows"):
    raise KeyError("gone")
print("goes on")

try:
    with Resource("lets through"):
        raise ValueError("stays")
except ValueError as error:
    print("caught", error)


@contextlib.contextmanager
def section(title):
    print(f"<{title}>")
    try:
        yield title.upper()
    finally:
        print(f"</{title}>")


with section("one") as one, contextlib.suppress(ZeroDivisionError):
    print(one)
    1 / 0
with contextlib.ExitStack() as stack:
    for name in "xyz":
        stack.enter_context(Resource(name))
