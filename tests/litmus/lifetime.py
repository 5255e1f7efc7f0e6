"""Objects that die: when the last reference goes, in the thread that lets go of it."""

import threading
import weakref

from litmus import DEADLOCK, Box, correct, one, racy, together


class Node:
    """Can be referred to weakly."""


# It dies between the two calls of the reference. Calls are places to switch.
@racy(
    free={"alive", "dead", "AttributeError"},
    gil={"alive", "dead", "AttributeError"},
    twin="race_weakref_held",
)
def race_weakref_asked_twice():
    box, seen = Box(it=Node()), []
    box.it.state = "alive"
    reference = weakref.ref(box.it)

    def drop():
        box.it = None

    def look():
        try:
            seen.append("dead" if reference() is None else reference().state)
        except AttributeError:
            seen.append("AttributeError")

    together(drop, look)
    return seen[0]


@correct({"alive", "dead"})
def race_weakref_held():
    box, seen = Box(it=Node()), []
    box.it.state = "alive"
    reference = weakref.ref(box.it)

    def drop():
        box.it = None

    def look():
        it = reference()
        seen.append("dead" if it is None else it.state)

    together(drop, look)
    return seen[0]


class Noisy:
    """Says in which thread it dies."""

    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append(threading.current_thread().name)


# Who has a reference of its own, and is the last, runs the destructor. `one` is a place to switch.
@racy(free={"holder", "dropper"}, gil={"holder", "dropper"}, twin="race_dies_where_it_was_made")
def race_dies_elsewhere():
    log = []
    box = Box(it=Noisy(log))

    def hold():
        it = box.it
        one()
        del it

    def drop():
        box.it = None

    named(holder=hold, dropper=drop)
    return log[0]


@correct({"owner"})
def race_dies_where_it_was_made():
    log = []

    def own():
        it = Noisy(log)
        one()
        del it

    named(owner=own, other=one)
    return log[0]


def named(**functions):
    threads = [threading.Thread(target=f, name=name) for name, f in functions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Counted:
    """Counts in its destructor, under a lock."""

    def __init__(self, lock, dead):
        self.lock = lock
        self.dead = dead

    def __del__(self):
        with self.lock:
            self.dead.append(1)


# The destructor wants the lock under which the last reference went.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_destructor_takes_rlock")
def race_destructor_takes_lock():
    return dropped_under(threading.Lock())


@correct({2})
def race_destructor_takes_rlock():
    return dropped_under(threading.RLock())


def dropped_under(lock):
    dead = []
    boxes = [Box(it=Counted(lock, dead)) for _ in range(2)]

    def drop(box):
        with lock:
            box.it = None

    together(lambda: drop(boxes[0]), lambda: drop(boxes[1]))
    return len(dead)


class Tally:
    """Counts those that are alive."""

    alive = 0

    def __del__(self):
        type(self).alive -= 1


# A destructor is code like any other: `-=` in two threads loses one. `type(x)` is called without a look
# at who wants the GIL, and behind the entry of the destructor there is no other place to switch.
@racy(free={0, 1}, gil={0}, twin="race_destructors_locked")
def race_destructors():
    Tally.alive = 2
    boxes = [Box(it=Tally()), Box(it=Tally())]

    def drop(box):
        box.it = None

    together(lambda: drop(boxes[0]), lambda: drop(boxes[1]))
    return Tally.alive


class LockedTally:
    alive = 0
    lock = threading.RLock()

    def __del__(self):
        with LockedTally.lock:
            LockedTally.alive -= 1


@correct({0})
def race_destructors_locked():
    LockedTally.alive = 2
    boxes = [Box(it=LockedTally()), Box(it=LockedTally())]

    def drop(box):
        box.it = None

    together(lambda: drop(boxes[0]), lambda: drop(boxes[1]))
    return LockedTally.alive


# An instance has the class's value until it has one of its own, which each may be the first to store.
@racy(free={(0, 0), (0, 1), (1, 1)}, gil={(0, 0), (1, 1)}, twin="race_shadow_seen_once")
def race_shadow():
    class Settings:
        level = 0

    settings, seen = Settings(), []

    def shadow():
        settings.level = 1

    def look():
        seen.append((settings.level, settings.level))

    together(shadow, look)
    return seen[0]


@correct({(0, 0), (1, 1)})
def race_shadow_seen_once():
    class Settings:
        level = 0

    settings, seen = Settings(), []

    def shadow():
        settings.level = 1

    def look():
        level = settings.level
        seen.append((level, level))

    together(shadow, look)
    return seen[0]


# `+=` on an instance reads the class's value, which the other changes, and stores its own: 1 or 6. The
# class keeps what it was given.
@correct({(1, 5), (6, 5)})
def race_shadow_by_update():
    class Settings:
        level = 0

    settings = Settings()

    def shadow():
        settings.level += 1

    def configure():
        Settings.level = 5

    together(shadow, configure)
    return settings.level, Settings.level


# Each instance counts for itself where the class was meant to: one update for the class is none.
@racy(free={(1, 1, 0)}, gil={(1, 1, 0)}, twin="race_counted_in_the_class")
def race_counted_in_the_instance():
    class Counter:
        n = 0

    a, b = Counter(), Counter()

    def add(counter):
        counter.n += 1

    together(lambda: add(a), lambda: add(b))
    return a.n, b.n, Counter.n


@correct({(2, 2, 2)})
def race_counted_in_the_class():
    class Counter:
        n = 0
        lock = threading.Lock()

    a, b = Counter(), Counter()

    def add(counter):
        with counter.lock:
            type(counter).n += 1

    together(lambda: add(a), lambda: add(b))
    return a.n, b.n, Counter.n


# As in `race_dies_elsewhere`, but it is the end of the function that lets go.
@racy(free={"holder", "dropper"}, gil={"holder", "dropper"}, twin="race_dies_where_it_was_made")
def race_dies_at_return():
    log = []
    box = Box(it=Noisy(log))

    def hold():
        it = box.it
        one()

    def drop():
        box.it = None

    named(holder=hold, dropper=drop)
    return log[0]


# What a built-in container lets go of dies in the thread that emptied it, unless the other has it.
@racy(free={"holder", "dropper"}, gil={"holder", "dropper"}, twin="race_dies_where_it_was_made")
def race_dies_with_its_container():
    log = []
    shared = {"it": Noisy(log)}

    def hold():
        it = shared.get("it")
        one()
        it = None

    named(holder=hold, dropper=lambda: shared.clear())
    return log[0]


# What is called at the end of an object runs in the thread that let go of it, before anything else there.
@correct({("called", "dropped")})
def race_callback_of_weakref():
    box, seen = Box(it=Node()), []
    reference = weakref.ref(box.it, lambda _: seen.append("called"))

    def drop():
        box.it = None
        seen.append("dropped")

    together(drop, one)
    return tuple(seen) if reference() is None else "alive"


# A cache that keeps nothing alive: each may find it empty, and make its own.
@racy(free={1, 2}, gil={1, 2}, twin="race_weak_cache_locked")
def race_weak_cache():
    cache, seen = weakref.WeakValueDictionary(), []

    def get():
        node = cache.get("key")
        if node is None:
            node = cache["key"] = Node()
        seen.append(node)

    together(get, get)
    return len(set(map(id, seen)))


@correct({1})
def race_weak_cache_locked():
    cache, seen, lock = weakref.WeakValueDictionary(), [], threading.Lock()

    def get():
        with lock:
            node = cache.get("key")
            if node is None:
                node = cache["key"] = Node()
        seen.append(node)

    together(get, get)
    return len(set(map(id, seen)))


# What is found in it is there only as long as somebody else has it.
@racy(free={"found", "KeyError", "none"}, gil={"found", "KeyError", "none"}, twin="race_weak_get")
def race_weak_looked_for_first():
    box, seen = Box(it=Node()), []
    cache = weakref.WeakValueDictionary(key=box.it)

    def drop():
        box.it = None

    def look():
        try:
            seen.append("found" if "key" in cache and cache["key"] else "none")
        except KeyError:
            seen.append("KeyError")

    together(drop, look)
    return seen[0]


@correct({"found", "none"})
def race_weak_get():
    box, seen = Box(it=Node()), []
    cache = weakref.WeakValueDictionary(key=box.it)

    def drop():
        box.it = None

    together(drop, lambda: seen.append("none" if cache.get("key") is None else "found"))
    return seen[0]
