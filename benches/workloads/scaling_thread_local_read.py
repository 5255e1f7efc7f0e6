"""Reads of an attribute of one threading.local, five per step.

All threads share the threading.local object and each sees its own value. With a
GIL nothing runs side by side; without one the way from the shared object to
the thread's values must not lead through a lock or a shared count.
"""

import sys
import threading

NAME = "scaling_thread_local_read"
SCALE = 1.0
STEPS = 600_000
# What a thread stores: unlike the value of any other thread.
BASE = 1_000


def steps():
    return max(1, round(STEPS * SCALE))


def setup(n):
    total = steps()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, threading.local(), [0] * n


def work(state, i):
    shares, local, sums = state
    local.value = BASE + i
    total = 0
    for _ in shares[i]:
        total += local.value + local.value + local.value + local.value + local.value
    sums[i] = total


def check(state):
    shares, local, sums = state
    # This thread has stored nothing, so it must find nothing.
    if hasattr(local, "value"):
        sys.exit(f"{NAME}: a thread's value can be seen from outside")
    for i, total in enumerate(sums):
        if total != 5 * len(shares[i]) * (BASE + i):
            sys.exit(f"{NAME}: thread {i} read values of other threads, or too few")
    return sum(total // (BASE + i) for i, total in enumerate(sums))
