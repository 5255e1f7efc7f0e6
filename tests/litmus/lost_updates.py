"""An update reads, then writes: what somebody else wrote in between is lost.

`+=` has no call in it, so that CPython 3.14 with its GIL never switches within. With a call between the
read and the write it does.
"""

import itertools
import threading

from litmus import Box, correct, one, racy, together

N = 0


@racy(free={1, 2}, gil={2}, twin="race_global_locked")
def race_global():
    global N
    N = 0

    def add():
        global N
        N += 1

    together(add, add)
    return N


@correct({2})
def race_global_locked():
    global N
    N = 0
    lock = threading.Lock()

    def add():
        global N
        with lock:
            N += 1

    together(add, add)
    return N


@racy(free={1, 2}, gil={2}, twin="race_attribute_locked")
def race_attribute():
    box = Box(n=0)

    def add():
        box.n += 1

    together(add, add)
    return box.n


@correct({2})
def race_attribute_locked():
    box, lock = Box(n=0), threading.Lock()

    def add():
        with lock:
            box.n += 1

    together(add, add)
    return box.n


@racy(free={1, 2}, gil={2}, twin="race_dict_item_locked")
def race_dict_item():
    counts = {"n": 0}

    def add():
        counts["n"] += 1

    together(add, add)
    return counts["n"]


@correct({2})
def race_dict_item_locked():
    counts, lock = {"n": 0}, threading.Lock()

    def add():
        with lock:
            counts["n"] += 1

    together(add, add)
    return counts["n"]


@racy(free={1, 2}, gil={2}, twin="race_list_item_locked")
def race_list_item():
    counts = [0]

    def add():
        counts[-1] += 1

    together(add, add)
    return counts[0]


@correct({2})
def race_list_item_locked():
    counts, lock = [0], threading.Lock()

    def add():
        with lock:
            counts[-1] += 1

    together(add, add)
    return counts[0]


@racy(free={1, 2}, gil={2}, twin="race_closure_locked")
def race_closure():
    n = 0

    def add():
        nonlocal n
        n += 1

    together(add, add)
    return n


@correct({2})
def race_closure_locked():
    n, lock = 0, threading.Lock()

    def add():
        nonlocal n
        with lock:
            n += 1

    together(add, add)
    return n


@racy(free={1, 2}, gil={2}, twin="race_class_attribute_locked")
def race_class_attribute():
    class Counter:
        n = 0

    def add():
        Counter.n += 1

    together(add, add)
    return Counter.n


@correct({2})
def race_class_attribute_locked():
    class Counter:
        n = 0
        lock = threading.Lock()

    def add():
        with Counter.lock:
            Counter.n += 1

    together(add, add)
    return Counter.n


# The entry of `one` lies between the read and the write.
@racy(free={1, 2}, gil={1, 2}, twin="race_attribute_locked")
def race_call_between():
    box = Box(n=0)

    def add():
        box.n = box.n + one()

    together(add, add)
    return box.n


# `len` is called without a look at who wants the GIL.
@racy(free={1, 2}, gil={2}, twin="race_attribute_locked")
def race_len_between():
    box = Box(n=0)

    def add():
        box.n = box.n + len("x")

    together(add, add)
    return box.n


# The end of the loop's turn lies between the read and the write.
@racy(free={1, 2}, gil={1, 2}, twin="race_attribute_locked")
def race_loop_between():
    box = Box(n=0)

    def add():
        n = box.n
        for _ in (0,):
            n += 1
        box.n = n

    together(add, add)
    return box.n


# `get` is a call. Compare `race_dict_item`, which does the same without one.
@racy(free={1, 2}, gil={1, 2}, twin="race_dict_item_locked")
def race_histogram():
    counts = {}

    def add():
        counts["n"] = counts.get("n", 0) + 1

    together(add, add)
    return counts["n"]


# Each makes a list of its own from what it has read.
@racy(free={1, 2}, gil={2}, twin="race_list_extended_in_place")
def race_list_replaced():
    box = Box(xs=[])

    def add():
        box.xs = box.xs + [1]

    together(add, add)
    return len(box.xs)


# Both extend the one list that there is, and what each stores is that list.
@correct({2})
def race_list_extended_in_place():
    box = Box(xs=[])

    def add():
        box.xs += [1]

    together(add, add)
    return len(box.xs)


# A tuple cannot be changed in place: `+=` makes a new one.
@racy(free={1, 2}, gil={2}, twin="race_list_extended_in_place")
def race_tuple_extended():
    box = Box(xs=())

    def add():
        box.xs += (1,)

    together(add, add)
    return len(box.xs)


# Two count to 2 by one each, one takes what is there: 2 in all. An update that is lost makes it 1,
# and one that brings back what was taken makes it 3.
@racy(free={1, 2, 3}, gil={2}, twin="race_taken_locked")
def race_taken():
    box = Box(n=1)
    taken = []

    def add():
        box.n += 1

    def take():
        taken.append(box.n)
        box.n = 0

    together(add, take)
    return taken[0] + box.n


@correct({2})
def race_taken_locked():
    box, lock = Box(n=1), threading.Lock()
    taken = []

    def add():
        with lock:
            box.n += 1

    def take():
        with lock:
            taken.append(box.n)
            box.n = 0

    together(add, take)
    return taken[0] + box.n


# The number is read again after it was counted up, or both count from 0.
@racy(free={(1, 1), (1, 2), (2, 2)}, gil={(1, 2)}, twin="race_numbers_of_a_count")
def race_numbers():
    box = Box(n=0)
    numbers = []

    def work():
        box.n += 1
        numbers.append(box.n)

    together(work, work)
    return tuple(sorted(numbers))


@correct({(1, 2)})
def race_numbers_of_a_count():
    count = itertools.count(1)
    numbers = []

    def work():
        numbers.append(next(count))

    together(work, work)
    return tuple(sorted(numbers))
