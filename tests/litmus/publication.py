"""What one thread has written, in the eyes of another: too early, by halves, or as a whole."""

import threading

from litmus import Box, correct, racy, together


# Message passing with the wrong order: ready before the data is. The two stores have no call between them.
@racy(free={"nothing", 0, 1}, gil={"nothing", 1}, twin="race_data_before_ready")
def race_ready_before_data():
    return published("ready", "data")


# Nothing, or all of it.
@correct({"nothing", 1})
def race_data_before_ready():
    return published("data", "ready")


def published(first, second):
    box, seen = Box(ready=0, data=0), []

    def write_data_last():
        box.ready = 1
        box.data = 1

    def write_ready_last():
        box.data = 1
        box.ready = 1

    def read():
        seen.append(box.data if box.ready else "nothing")

    together(write_data_last if second == "data" else write_ready_last, read)
    return seen[0]


# As above, by a thread that waits.
@racy(free={0, 1}, gil={1}, twin="race_wait_for_data")
def race_wait_for_ready():
    box, seen = Box(ready=False, data=0), []

    def write():
        box.ready = True
        box.data = 1

    def read():
        while not box.ready:
            pass
        seen.append(box.data)

    together(write, read)
    return seen[0]


@correct({1})
def race_wait_for_data():
    box, seen = Box(ready=False, data=0), []

    def write():
        box.data = 1
        box.ready = True

    def read():
        while not box.ready:
            pass
        seen.append(box.data)

    together(write, read)
    return seen[0]


# The list is there before its items are. `append` is called without a look at who wants the GIL.
@racy(free={"nothing", 0, 1, 2}, gil={"nothing", 2}, twin="race_list_complete")
def race_list_too_early():
    box, seen = Box(xs=None), []

    def write():
        xs = []
        box.xs = xs
        xs.append(1)
        xs.append(2)

    def read():
        xs = box.xs
        seen.append("nothing" if xs is None else len(xs))

    together(write, read)
    return seen[0]


@correct({"nothing", 2})
def race_list_complete():
    box, seen = Box(xs=None), []

    def write():
        xs = []
        xs.append(1)
        xs.append(2)
        box.xs = xs

    def read():
        xs = box.xs
        seen.append("nothing" if xs is None else len(xs))

    together(write, read)
    return seen[0]


# Any half may be old: the first too, where both stores fall between the loads.
@racy(free={(0, 0), (0, 1), (1, 0), (1, 1)}, gil={(0, 0), (1, 1)}, twin="race_whole_pair")
def race_torn_pair():
    box, seen = Box(a=0, b=0), []

    def write():
        box.a = 1
        box.b = 1

    def read():
        seen.append((box.a, box.b))

    together(write, read)
    return seen[0]


@correct({(0, 0), (1, 1)})
def race_whole_pair():
    box, seen = Box(pair=(0, 0)), []

    def write():
        box.pair = 1, 1

    def read():
        seen.append(box.pair)

    together(write, read)
    return seen[0]


# `a, b = b, a` is two loads and two stores.
@racy(
    free={(1, 2), (2, 1), (2, 2), (1, 1)}, gil={(1, 2), (2, 1)}, twin="race_swap_seen_under_a_lock"
)
def race_swap_seen():
    box, seen = Box(a=1, b=2), []

    def swap():
        box.a, box.b = box.b, box.a

    def read():
        seen.append((box.a, box.b))

    together(swap, read)
    return seen[0]


@correct({(1, 2), (2, 1)})
def race_swap_seen_under_a_lock():
    box, seen, lock = Box(a=1, b=2), [], threading.Lock()

    def swap():
        with lock:
            box.a, box.b = box.b, box.a

    def read():
        with lock:
            seen.append((box.a, box.b))

    together(swap, read)
    return seen[0]


# Two swaps are none, but for: both read before either writes, (2, 1); or one reads what the other
# has half written, (2, 2). Nobody stores a 1 in `a` who has not seen the other's whole swap.
@racy(free={(1, 2), (2, 1), (2, 2)}, gil={(1, 2)}, twin="race_swaps_locked")
def race_swaps():
    box = Box(a=1, b=2)

    def swap():
        box.a, box.b = box.b, box.a

    together(swap, swap)
    return box.a, box.b


@correct({(1, 2)})
def race_swaps_locked():
    box, lock = Box(a=1, b=2), threading.Lock()

    def swap():
        with lock:
            box.a, box.b = box.b, box.a

    together(swap, swap)
    return box.a, box.b


# Read under a lock that is given back before the rest: what is stored behind the lock may be
# missing. After `__exit__`, a call, the GIL may change hands.
@racy(free={(0, 0), (1, 0), (1, 1)}, gil={(0, 0), (1, 0), (1, 1)}, twin="race_stored_in_the_lock")
def race_stored_behind_the_lock():
    box, lock, seen = Box(a=0, b=0), threading.Lock(), []

    def write():
        with lock:
            box.a = 1
        box.b = 1

    def read():
        with lock:
            seen.append((box.a, box.b))

    together(write, read)
    return seen[0]


@correct({(0, 0), (1, 1)})
def race_stored_in_the_lock():
    box, lock, seen = Box(a=0, b=0), threading.Lock(), []

    def write():
        with lock:
            box.a = 1
            box.b = 1

    def read():
        with lock:
            seen.append((box.a, box.b))

    together(write, read)
    return seen[0]


# `start` waits until the thread runs, and so lets it.
@racy(free={0, 1}, gil={0, 1}, twin="race_stored_before_the_start")
def race_stored_behind_the_start():
    box, seen = Box(x=0), []
    thread = threading.Thread(target=lambda: seen.append(box.x))
    thread.start()
    box.x = 1
    thread.join()
    return seen[0]


@correct({1})
def race_stored_before_the_start():
    box, seen = Box(x=0), []
    thread = threading.Thread(target=lambda: seen.append(box.x))
    box.x = 1
    thread.start()
    thread.join()
    return seen[0]
