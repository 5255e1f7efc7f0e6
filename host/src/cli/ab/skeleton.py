"""A workload for `togil ab`: what your threads do, with and without the GIL.

    togil ab --threads 1,2,4 workload.py

Each run is a process of its own. The threads are started first and wait; then the clock runs
until the last of them is done with `work`. `setup` and `check` are not timed.
"""

# How much there is to do, whatever the number of threads: with twice as many threads each does
# half, so that half the time is what one hopes for. Half a second or more for one thread makes
# figures that one can trust.
ITEMS = 2_000


def setup(n):
    """Makes what `n` threads work on. What it returns is given to `work` and `check`."""
    items = list(range(ITEMS))
    # Each thread has its own share, and its own place for results: shared objects cost time
    # without a GIL, and should be in here only if they are in your program, too.
    return {"shares": [items[i::n] for i in range(n)], "results": [None] * n}


def work(state, i):
    """What thread number `i` does. This is timed. An exception ends the run."""
    total = 0
    for item in state["shares"][i]:
        total += sum(divisor for divisor in range(1, 200) if item % divisor == 0)
    state["results"][i] = total


def check(state):
    """Makes sure that the result is right; what it returns must be the same in every run.

    Both modes have to come to the same, or the report says that they differ. Raise an
    exception if it is wrong.
    """
    total = sum(state["results"])
    expected = sum(d for item in range(ITEMS) for d in range(1, 200) if item % d == 0)
    if total != expected:
        raise SystemExit(f"got {total} instead of {expected}")
    return total
