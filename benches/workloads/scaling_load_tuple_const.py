"""Comparison of values with a tuple that stands in the code.

The values belong to the thread; the tuple is a constant of the code object
that all threads run. With a GIL only one of them reads it at a time; without
one they all do, and must not count references to it.
"""

import sys

NAME = "scaling_load_tuple_const"
SCALE = 1.0
BLOCKS = 400_000
OTHERS = range(1_000, 1_007)


def blocks():
    return max(1, round(BLOCKS * SCALE))


def setup(n):
    total = blocks()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    # Put together here, so that it equals the constant but is not the constant.
    values = [tuple([1, 2]), *OTHERS]
    total = 0
    for _ in shares[i]:
        for value in values:
            if value == (1, 2):
                total += 7
            else:
                total += 1
    sums[i] = total


def check(state):
    _, sums = state
    # One value of each block equals the constant.
    want = blocks() * (7 + len(OTHERS))
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
