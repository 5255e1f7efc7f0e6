"""Locks: taken in the wrong order, for too short a time, by too few, or too often."""

import threading

from litmus import DEADLOCK, Box, correct, racy, together


# Each holds what the other wants. Between the two `with` there is a call, `__enter__`.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_lock_order_kept")
def race_lock_order():
    a, b = threading.Lock(), threading.Lock()

    def work(first, second):
        with first:
            with second:
                pass

    together(lambda: work(a, b), lambda: work(b, a))
    return "done"


@correct({"done"})
def race_lock_order_kept():
    a, b = threading.Lock(), threading.Lock()

    def work(first, second):
        with first:
            with second:
                pass

    together(lambda: work(a, b), lambda: work(a, b))
    return "done"


# Three philosophers (Dijkstra, 1971), each with the fork on the left in hand.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_philosophers_in_order")
def race_philosophers():
    return dine([(0, 1), (1, 2), (2, 0)])


@correct({"done"})
def race_philosophers_in_order():
    return dine([(0, 1), (1, 2), (0, 2)])


def dine(seats):
    forks = [threading.Lock() for _ in seats]

    def eat(first, second):
        with forks[first]:
            with forks[second]:
                pass

    together(*[lambda seat=seat: eat(*seat) for seat in seats])
    return "done"


# It waits for itself.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_taken_twice_by_rlock")
def race_taken_twice():
    return nested(threading.Lock())


@correct({2})
def race_taken_twice_by_rlock():
    return nested(threading.RLock())


def nested(lock):
    box = Box(n=0)

    def add():
        with lock:
            box.n += 1

    def outer():
        with lock:
            add()

    together(outer, outer)
    return box.n


# One that takes no lock is not kept out by that of the other. No call within `+=`.
@racy(free={1, 2}, gil={2}, twin="race_both_take_the_lock")
def race_one_takes_the_lock():
    box, lock = Box(n=0), threading.Lock()

    def careful():
        with lock:
            box.n += 1

    def careless():
        box.n += 1

    together(careful, careless)
    return box.n


@correct({2})
def race_both_take_the_lock():
    box, lock = Box(n=0), threading.Lock()

    def careful():
        with lock:
            box.n += 1

    together(careful, careful)
    return box.n


@racy(free={1, 2}, gil={2}, twin="race_both_take_the_lock")
def race_locks_of_their_own():
    box = Box(n=0)

    def add():
        with threading.Lock():
            box.n += 1

    together(add, add)
    return box.n


# Each half is under the lock, the whole is not. To take a lock and to give it back are calls.
@racy(free={1, 2}, gil={1, 2}, twin="race_both_take_the_lock")
def race_lock_given_back_between():
    box, lock = Box(n=0), threading.Lock()

    def add():
        with lock:
            n = box.n
        with lock:
            box.n = n + 1

    together(add, add)
    return box.n


# Two may be in it at once.
@racy(free={1, 2}, gil={2}, twin="race_semaphore_of_one")
def race_semaphore_of_two():
    return counted(threading.Semaphore(2))


@correct({2})
def race_semaphore_of_one():
    return counted(threading.Semaphore(1))


def counted(semaphore):
    box = Box(n=0)

    def add():
        semaphore.acquire()
        box.n += 1
        semaphore.release()

    together(add, add)
    return box.n


# Both find it taken, and give it back twice. `locked` is a call.
@racy(free={0, 1}, gil={0, 1}, twin="race_given_back_by_its_holder")
def race_given_back_twice():
    lock, errors = threading.Lock(), []
    lock.acquire()

    def give_back():
        try:
            if lock.locked():
                lock.release()
        except RuntimeError:
            errors.append(1)

    together(give_back, give_back)
    return len(errors)


@correct({0})
def race_given_back_by_its_holder():
    lock, errors = threading.Lock(), []

    def hold():
        try:
            lock.acquire()
            lock.release()
        except RuntimeError:
            errors.append(1)

    together(hold, hold)
    return len(errors)


# Who does not get it goes on without: once in if both come at once, else twice.
@correct({1, 2})
def race_tried_lock():
    box, lock = Box(n=0), threading.Lock()

    def work():
        if lock.acquire(blocking=False):
            box.n += 1
            lock.release()

    together(work, work)
    return box.n


# The store of the holder is in the lock, and there is no call between it and that of `release`: seen
# with a GIL, the lock is free again.
@racy(
    free={(0, False), (0, True), (1, False), (1, True)},
    gil={(0, False), (0, True), (1, True)},
    twin="race_seen_by_taking_it",
)
def race_seen_by_looking():
    box, lock, seen = Box(x=0), threading.Lock(), []

    def hold():
        lock.acquire()
        box.x = 1
        lock.release()

    def look():
        x = box.x
        free = not lock.locked()
        seen.append((x, free))

    together(hold, look)
    return seen[0]


@correct({(0, True), (1, True)})
def race_seen_by_taking_it():
    box, lock, seen = Box(x=0), threading.Lock(), []

    def hold():
        lock.acquire()
        box.x = 1
        lock.release()

    def look():
        with lock:
            x = box.x
        seen.append((x, True))

    together(hold, look)
    return seen[0]


# Both see the other's flag down before they raise their own. No call from the look to the update.
@racy(free={1, 2}, gil={2}, twin="race_peterson")
def race_flags_raised_late():
    box, up = Box(n=0), [False, False]

    def work(me):
        while up[1 - me]:
            pass
        up[me] = True
        box.n += 1
        up[me] = False

    together(lambda: work(0), lambda: work(1))
    return box.n


# Peterson, 1981: right where memory is sequentially consistent.
@correct({2})
def race_peterson():
    box, up = Box(n=0, turn=0), [False, False]

    def work(me):
        other = 1 - me
        up[me] = True
        box.turn = other
        while up[other] and box.turn == other:
            pass
        box.n += 1
        up[me] = False

    together(lambda: work(0), lambda: work(1))
    return box.n
