"""Dicts with one entry, made and dropped.

The dicts are the thread's own, key and value are constants of the shared code
object. With a GIL nothing runs side by side; without one all threads ask the
allocator at once and put the same two strings into their dicts.
"""

import sys

NAME = "scaling_create_dict"
SCALE = 1.0
DICTS = 1_500_000


def dicts():
    return max(1, round(DICTS * SCALE))


def setup(n):
    total = dicts()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n


def work(state, i):
    shares, counts = state
    last = None
    made = 0
    for _ in shares[i]:
        entry = {"key": "value"}
        # The one before is still alive, so a new one cannot be the same.
        if entry is not last:
            made += 1
        last = entry
    if made and list(last.items()) != [("key", "value")]:
        raise ValueError(f"made {last}")
    counts[i] = made


def check(state):
    _, counts = state
    if sum(counts) != dicts():
        sys.exit(f"{NAME}: {sum(counts)} of {dicts()} dicts were new")
    return sum(counts)
