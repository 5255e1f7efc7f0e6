"""The counter of contended_counter in parts, one for each thread.

The same lock, object and work for each number, but no two threads want the same
lock. With a GIL it makes no difference; without one it is the cure, and the
contrast shows how much of the loss there is the contention.
"""

import sys
import threading

NAME = "contended_counter_sharded"
SCALE = 1.0
INCREMENTS = 450_000


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def next(self):
        """Counts one up and returns the number, which no other call gets."""
        with self.lock:
            self.value += 1
            return self.value


def increments():
    return max(1, round(INCREMENTS * SCALE))


def setup(n):
    total = increments()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [Counter() for _ in range(n)], [0] * n


def work(state, i):
    shares, counters, sums = state
    counter = counters[i]
    total = 0
    for _ in shares[i]:
        total += counter.next()
    sums[i] = total


def check(state):
    shares, counters, sums = state
    for i, total in enumerate(sums):
        draws = len(shares[i])
        if counters[i].value != draws or total != draws * (draws + 1) // 2:
            sys.exit(f"{NAME}: part {i} counted {counters[i].value} of {draws}")
    return sum(counter.value for counter in counters)
