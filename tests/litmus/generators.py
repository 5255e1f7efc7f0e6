"""Generators and iterators that two threads share."""

import threading

from litmus import Box, correct, racy, together


def numbers():
    yield 1
    yield 2


# A generator that runs cannot be asked. Its entry is a place to switch.
@racy(free={(1, 2), (1, "ValueError")}, gil={(1, 2), (1, "ValueError")}, twin="race_next_locked")
def race_next():
    shared, got = numbers(), []

    def take():
        try:
            got.append(next(shared))
        except ValueError:
            got.append("ValueError")

    together(take, take)
    return tuple(sorted(got, key=str))


@correct({(1, 2)})
def race_next_locked():
    shared, got, lock = numbers(), [], threading.Lock()

    def take():
        with lock:
            got.append(next(shared))

    together(take, take)
    return tuple(sorted(got))


# As above, with a step in the generator.
@racy(free={(1, 2), (1, "ValueError")}, gil={(1, 2), (1, "ValueError")}, twin="race_next_locked")
def race_next_of_counter():
    box, got = Box(n=0), []

    def count():
        while True:
            box.n += 1
            yield box.n

    shared = count()

    def take():
        try:
            got.append(next(shared))
        except ValueError:
            got.append("ValueError")

    together(take, take)
    return tuple(sorted(got, key=str))


# A generator goes on behind its `yield` with a look at who wants the GIL: here between the read, in
# `by_generator`, and the store.
@racy(free={1, 2}, gil={1, 2}, twin="race_behind_yield_locked")
def race_behind_yield():
    box, read = Box(n=0), [None]
    shared = storing(box, read)
    next(shared)

    def by_generator():
        read[0] = box.n
        for _ in shared:
            break

    def directly():
        box.n += 1

    together(by_generator, directly)
    return box.n


@correct({2})
def race_behind_yield_locked():
    box, read, lock = Box(n=0), [None], threading.Lock()
    shared = storing(box, read)
    next(shared)

    def by_generator():
        with lock:
            read[0] = box.n
            for _ in shared:
                break

    def directly():
        with lock:
            box.n += 1

    together(by_generator, directly)
    return box.n


def storing(box, read):
    yield
    box.n = read[0] + 1
    yield


# An iterator of a list gives each item once.
@correct({(1, 2)})
def race_list_iterator():
    shared, got = iter([1, 2]), []

    def take():
        got.append(next(shared))

    together(take, take)
    return tuple(sorted(got))


# So do two loops over one iterator.
@correct({(1, 2)})
def race_loops_over_one_iterator():
    shared, got = iter([1, 2]), []

    def take():
        for item in shared:
            got.append(item)

    together(take, take)
    return tuple(sorted(got))


class Countdown:
    """An iterator written in Python: the look and the store are two steps."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        return self.n


# Nothing is called in it but `__next__` itself. Free-threaded the two may read the same, or one that
# is stored late may be what the other reads last.
@racy(free={(0, 0), (0, 1), (1, 1)}, gil={(0, 1)}, twin="race_iterator_locked")
def race_iterator_in_python():
    shared, got = Countdown(2), []

    def take():
        got.append(next(shared))

    together(take, take)
    return tuple(sorted(got))


@correct({(0, 1)})
def race_iterator_locked():
    shared, got, lock = Countdown(2), [], threading.Lock()

    def take():
        with lock:
            got.append(next(shared))

    together(take, take)
    return tuple(sorted(got))
