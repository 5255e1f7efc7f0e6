"""A method written in Python that changes its object.

Each thread has its own counter object; the class and the method are one for
all. With a GIL nothing runs side by side; without one every call looks the
method up in the shared class.
"""

import sys

NAME = "scaling_pymethod"
SCALE = 1.0
CALLS = 2_000_000


class Counter:
    def __init__(self, value):
        self.value = value

    def next(self):
        self.value += 1
        return self.value


def calls():
    return max(1, round(CALLS * SCALE))


def setup(n):
    total = calls()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, sums = state
    counter = Counter(shares[i].start)
    total = 0
    for _ in shares[i]:
        total += counter.next()
    sums[i] = total


def check(state):
    _, sums = state
    # Together the counters have gone through 1, 2, ... up to the number of calls.
    want = calls() * (calls() + 1) // 2
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    return sum(sums)
