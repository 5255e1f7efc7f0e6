"""Stores and loads happen in the order of the program: memory is sequentially consistent (Lamport, 1979)
under each of the disciplines. The names are those of the literature (Alglave, Maranget and Tautschnig:
Herding Cats, 2014)."""

import threading

from litmus import Box, correct, racy, together


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
