"""Small instances with two attributes, made in their thousands and soon dropped.

Each thread keeps its last few hundred, so that memory comes back in small
portions. With a GIL nothing runs side by side; without one the gain depends on
whether each thread has an allocator of its own.
"""

import sys

NAME = "alloc_objects"
SCALE = 1.0
OBJECTS = 500_000
KEPT = 256


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def objects():
    return max(1, round(OBJECTS * SCALE))


def setup(n):
    total = objects()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    kept = [Point(0, 0) for _ in range(KEPT)]
    total = 0
    for number in shares[i]:
        old = kept[number % KEPT]
        total += old.x + old.y
        kept[number % KEPT] = Point(number, 1)
    # What is left, so that each object is counted once wherever the shares end.
    sums[i] = total + sum(point.x + point.y for point in kept)


def check(state):
    _, sums = state
    want = objects() * (objects() - 1) // 2 + objects()
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
