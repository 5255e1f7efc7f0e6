"""Waking up who waits: too early, too few, or for what is gone again."""

import threading

from litmus import DEADLOCK, Box, correct, racy, together


# It is woken between its look and its wait.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_wake_up_kept")
def race_wake_up_lost():
    ready, box = threading.Condition(), Box(ready=False)

    def wait():
        if not box.ready:
            with ready:
                ready.wait()

    def wake():
        box.ready = True
        with ready:
            ready.notify()

    together(wait, wake)
    return "done"


@correct({"done"})
def race_wake_up_kept():
    ready, box = threading.Condition(), Box(ready=False)

    def wait():
        with ready:
            while not box.ready:
                ready.wait()

    def wake():
        with ready:
            box.ready = True
            ready.notify()

    together(wait, wake)
    return "done"


# Nobody waits yet.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_event")
def race_notified_too_early():
    ready = threading.Condition()

    def wait():
        with ready:
            ready.wait()

    def wake():
        with ready:
            ready.notify()

    together(wait, wake)
    return "done"


@correct({"done"})
def race_event():
    event = threading.Event()
    together(event.wait, event.set)
    return "done"


# A pulse is missed by who is not there.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_event")
def race_event_cleared():
    event = threading.Event()

    def pulse():
        event.set()
        event.clear()

    together(event.wait, pulse)
    return "done"


# Both wait for one thing, and one of them is told.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_all_notified")
def race_one_notified():
    return two_wait(lambda ready: ready.notify())


@correct({"done"})
def race_all_notified():
    return two_wait(lambda ready: ready.notify_all())


def two_wait(tell):
    ready, box = threading.Condition(), Box(ready=False)

    def wait():
        with ready:
            while not box.ready:
                ready.wait()

    def wake():
        with ready:
            box.ready = True
            tell(ready)

    together(wait, wait, wake)
    return "done"


# It is woken for an item that is gone when it has the lock again.
@racy(free={"a", "b", "IndexError"}, gil={"a", "b", "IndexError"}, twin="race_looked_again")
def race_not_looked_again():
    some, items, got = threading.Condition(), [], []

    def take():
        with some:
            if not items:
                some.wait()
            got.append(items.pop() if items else "IndexError")

    together(take, lambda: put_and_take(some, items))
    return got[0]


@correct({"a", "b"})
def race_looked_again():
    some, items, got = threading.Condition(), [], []

    def take():
        with some:
            while not items:
                some.wait()
            got.append(items.pop())

    together(take, lambda: put_and_take(some, items))
    return got[0]


def put_and_take(some, items):
    with some:
        items.append("a")
        some.notify()
    with some:
        items.clear()
    with some:
        items.append("b")
        some.notify()


# The last one through a barrier may be either.
@correct({("a", 0), ("a", 1)})
def race_barrier_index():
    barrier, indices = threading.Barrier(2), {}

    def work(name):
        indices[name] = barrier.wait()

    together(lambda: work("a"), lambda: work("b"))
    return "a", indices["a"]
