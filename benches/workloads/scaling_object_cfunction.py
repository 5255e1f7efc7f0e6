"""Native methods of a list: one number in, one number out, one looked at.

Each thread has its own list, but all of them fetch the same method objects from
the same type. With a GIL nobody notices; without one those lookups must not
count references in a place that every core writes to.
"""

import sys

NAME = "scaling_object_cfunction"
SCALE = 1.0
STEPS = 1_900_000
LENGTH = 100
MIDDLE = 50


def steps():
    return max(1, round(STEPS * SCALE))


def setup(n):
    total = steps()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    first = shares[i].start
    numbers = list(range(first - LENGTH, first))
    total = 0
    for number in shares[i]:
        numbers.pop(0)
        numbers.append(number)
        total += numbers[MIDDLE]
    sums[i] = total


def check(state):
    _, sums = state
    # What stands in the middle went in a fixed number of steps ago.
    age = LENGTH - 1 - MIDDLE
    want = steps() * (steps() - 1) // 2 - age * steps()
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
