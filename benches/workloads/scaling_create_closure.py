"""A function defined inside a loop and called once.

Each definition makes a new function object from one shared code object, with
the shared dict of globals and a shared name. With a GIL nothing runs side by
side; without one each new function counts as a reference to all three.
"""

import sys

NAME = "scaling_create_closure"
SCALE = 1.0
FUNCTIONS = 1_100_000


def functions():
    return max(1, round(FUNCTIONS * SCALE))


def setup(n):
    total = functions()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    total = 0
    for number in shares[i]:

        def same(value):
            return value

        total += same(number)
    sums[i] = total


def check(state):
    _, sums = state
    want = functions() * (functions() - 1) // 2
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
