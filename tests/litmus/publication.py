"""What one thread has written, in the eyes of another. Stores and loads happen in the order of the
program: memory is sequentially consistent (Lamport, 1979) under each of the disciplines."""

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


# Store buffering (Dekker): somebody sees the other's store. With the GIL one does both before the other.
@racy(free={(0, 1), (1, 0), (1, 1)}, gil={(0, 1), (1, 0)}, twin="race_dekker_barrier")
def race_dekker():
    box = Box(x=0, y=0, seen_x=None, seen_y=None)

    def left():
        box.x = 1
        box.seen_y = box.y

    def right():
        box.y = 1
        box.seen_x = box.x

    together(left, right)
    return box.seen_x, box.seen_y


@correct({(1, 1)})
def race_dekker_barrier():
    box = Box(x=0, y=0, seen_x=None, seen_y=None)
    both = threading.Barrier(2)

    def left():
        box.x = 1
        both.wait()
        box.seen_y = box.y

    def right():
        box.y = 1
        both.wait()
        box.seen_x = box.x

    together(left, right)
    return box.seen_x, box.seen_y


# Load buffering: nobody sees a store that depends on what the other sees.
@racy(free={(0, 0), (0, 1), (1, 0)}, gil={(0, 1), (1, 0)}, twin="race_load_buffering_locked")
def race_load_buffering():
    box = Box(x=0, y=0, seen_x=None, seen_y=None)

    def left():
        box.seen_x = box.x
        box.y = 1

    def right():
        box.seen_y = box.y
        box.x = 1

    together(left, right)
    return box.seen_x, box.seen_y


@correct({(0, 1), (1, 0)})
def race_load_buffering_locked():
    box, lock = Box(x=0, y=0, seen_x=None, seen_y=None), threading.Lock()

    def left():
        with lock:
            box.seen_x = box.x
            box.y = 1

    def right():
        with lock:
            box.seen_y = box.y
            box.x = 1

    together(left, right)
    return box.seen_x, box.seen_y


# Coherence: what was seen once is not unseen. Never (1, 0).
@racy(free={(0, 0), (0, 1), (1, 1)}, gil={(0, 0), (1, 1)}, twin="race_read_once")
def race_read_twice():
    box, seen = Box(x=0), []

    def write():
        box.x = 1

    def read():
        seen.append((box.x, box.x))

    together(write, read)
    return seen[0]


@correct({(0, 0), (1, 1)})
def race_read_once():
    box, seen = Box(x=0), []

    def write():
        box.x = 1

    def read():
        x = box.x
        seen.append((x, x))

    together(write, read)
    return seen[0]


# Independent reads of independent writes: the readers agree on which came first. All but (1, 0, 1, 0),
# where each has seen one store and missed the other's. A GIL lets each reader see one moment.
@racy(
    free={
        (a, b, c, d)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
        for d in (0, 1)
        if (a, b, c, d) != (1, 0, 1, 0)
    },
    gil={
        (a, b, c, d)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
        for d in (0, 1)
        if (a, b, c, d) not in {(1, 0, 1, 0), (0, 1, 0, 1)}
    },
    without_twin="the order that the readers agree on is what is asked",
)
def race_independent_reads():
    box = Box(x=0, y=0)
    seen = [None, None]

    def write_x():
        box.x = 1

    def write_y():
        box.y = 1

    def read_x_first():
        seen[0] = box.x, box.y

    def read_y_first():
        seen[1] = box.y, box.x

    together(write_x, write_y, read_x_first, read_y_first)
    return seen[0] + seen[1]


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
