"""Short generators, made, run to their end and dropped.

Every thread makes its own, but from one generator function with one code
object. With a GIL nothing runs side by side; without one the frames are private
and what they point to is shared.
"""

import sys

NAME = "scaling_generator"
SCALE = 1.0
GENERATORS = 240_000
LENGTH = 10


def generators():
    return max(1, round(GENERATORS * SCALE))


def setup(n):
    total = generators()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def count_up():
    for number in range(LENGTH):
        yield number


def work(state, i):
    shares, sums = state
    total = 0
    for _ in shares[i]:
        for number in count_up():
            total += number
    sums[i] = total


def check(state):
    _, sums = state
    want = generators() * LENGTH * (LENGTH - 1) // 2
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
