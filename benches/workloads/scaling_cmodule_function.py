"""A native function of a module, math.floor, called over and over.

The module and its function are shared by all threads. With a GIL that costs
nothing extra; without one it is free only if reading an attribute of a module
leaves no trace in memory that other cores read.
"""

import math
import sys

NAME = "scaling_cmodule_function"
SCALE = 1.0
STEPS = 2_000_000


def steps():
    return max(1, round(STEPS * SCALE))


def setup(n):
    total = steps()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    total = 0
    for number in shares[i]:
        # A float: for an int, floor would look up a method on the type instead.
        total += math.floor(number / 2)
    sums[i] = total


def check(state):
    _, sums = state
    # 0 + 0 + 1 + 1 + 2 + 2 ...
    want = (steps() - 1) ** 2 // 4
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
