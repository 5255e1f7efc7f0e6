"""A Python function called as an attribute of a module.

The module, its dict and the function are shared by all threads. With a GIL
nothing runs side by side; without one this adds a read of the shared module's
attribute to what scaling_pyfunction does.
"""

import sys
import types

NAME = "scaling_module_function"
SCALE = 1.0
CALLS = 2_100_000


def double(number):
    return number + number


module = types.ModuleType("helpers")
module.double = double


def calls():
    return max(1, round(CALLS * SCALE))


def setup(n):
    total = calls()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    total = 0
    for number in shares[i]:
        total += module.double(number)
    sums[i] = total


def check(state):
    _, sums = state
    want = calls() * (calls() - 1)
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
