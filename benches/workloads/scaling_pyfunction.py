"""A global Python function, called with a number of the thread's own.

The function, its code object and the dict of globals it is found in are shared
by all threads. With a GIL nothing runs side by side; without one each call must
find the function, and hold on to it, without writing to shared memory.
"""

import sys

NAME = "scaling_pyfunction"
SCALE = 1.0
CALLS = 2_500_000


def calls():
    return max(1, round(CALLS * SCALE))


def setup(n):
    total = calls()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def successor(number):
    return number + 1


def work(state, i):
    shares, sums = state
    total = 0
    for number in shares[i]:
        total += successor(number)
    sums[i] = total


def check(state):
    _, sums = state
    want = calls() * (calls() + 1) // 2
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
