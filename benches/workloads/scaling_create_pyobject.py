"""Instances of an empty class, made and dropped.

The objects are the thread's own, their class is shared. With a GIL nothing runs
side by side; without one every instance counts as a reference to the class, and
all threads ask the allocator at once.
"""

import sys

NAME = "scaling_create_pyobject"
SCALE = 1.0
OBJECTS = 1_300_000


class Thing:
    pass


def objects():
    return max(1, round(OBJECTS * SCALE))


def setup(n):
    total = objects()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, counts = state
    last = None
    made = 0
    for _ in shares[i]:
        thing = Thing()
        # The one before is still alive, so a new one cannot be the same.
        if thing is not last:
            made += 1
        last = thing
    if made and type(last) is not Thing:
        raise TypeError(f"made a {type(last).__name__}")
    counts[i] = made


def check(state):
    _, counts = state
    if sum(counts) != objects():
        sys.exit(f"{NAME}: {sum(counts)} of {objects()} objects were new")
    return sum(counts)
