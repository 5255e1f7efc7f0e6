"""What was found does not hold any more when something is done about it."""

import threading

from litmus import Box, correct, racy, together


# `object()` is a call between the look and the store.
@racy(free={1, 2}, gil={1, 2}, twin="race_double_checked_lock")
def race_lazy_singleton():
    box = Box(it=None)
    made = []

    def get():
        if box.it is None:
            made.append(1)
            box.it = object()

    together(get, get)
    return len(made)


@correct({1})
def race_double_checked_lock():
    box, lock = Box(it=None), threading.Lock()
    made = []

    def get():
        if box.it is None:
            with lock:
                if box.it is None:
                    made.append(1)
                    box.it = object()

    together(get, get)
    return len(made)


# It is seen by who looks without the lock before it is complete. Nothing is called from the store of it
# to the store of its value.
@racy(free={(0, 1), (1, 1)}, gil={(1, 1)}, twin="race_double_checked_lock_complete")
def race_double_checked_lock_too_early():
    return double_checked(fill_first=False)


@correct({(1, 1)})
def race_double_checked_lock_complete():
    return double_checked(fill_first=True)


class Made:
    value = 0


def double_checked(fill_first):
    box, lock = Box(it=None), threading.Lock()
    seen = []

    def get():
        if box.it is None:
            with lock:
                if box.it is None:
                    made = Made()
                    if fill_first:
                        made.value = 1
                        box.it = made
                    else:
                        box.it = made
                        made.value = 1
        seen.append(box.it.value)

    together(get, get)
    return tuple(sorted(seen))


# No call between the look and the store.
@racy(free={1, 2}, gil={1}, twin="race_first_by_setdefault")
def race_first():
    box = Box(first=None)
    won = []

    def work(name):
        if box.first is None:
            box.first = name
            won.append(name)

    together(lambda: work("a"), lambda: work("b"))
    return len(won)


@correct({1})
def race_first_by_setdefault():
    first, won = {}, []

    def work(name):
        if first.setdefault("first", name) == name:
            won.append(name)

    together(lambda: work("a"), lambda: work("b"))
    return len(won)


# `hasattr` is a call.
@racy(free={1, 2}, gil={1, 2}, twin="race_first_by_setdefault")
def race_hasattr():
    box = Box()
    won = []

    def work(name):
        if not hasattr(box, "first"):
            box.first = name
            won.append(name)

    together(lambda: work("a"), lambda: work("b"))
    return len(won)


@racy(free={1, 2}, gil={1}, twin="race_memo_setdefault")
def race_memo():
    memo, made = {}, []

    def get():
        if "k" not in memo:
            memo["k"] = 1
            made.append(1)

    together(get, get)
    return len(made)


# Whoever comes second gets what the first has left.
@correct({1})
def race_memo_setdefault():
    memo, got = {}, []

    def get():
        mine = object()
        got.append(memo.setdefault("k", mine))

    together(get, get)
    return len(set(got))


@racy(free={1, 2}, gil={1}, twin="race_visited_locked")
def race_visited():
    seen, first = set(), []

    def visit():
        if "x" not in seen:
            seen.add("x")
            first.append(1)

    together(visit, visit)
    return len(first)


@correct({1})
def race_visited_locked():
    seen, first, lock = set(), [], threading.Lock()

    def visit():
        with lock:
            if "x" not in seen:
                seen.add("x")
                first.append(1)

    together(visit, visit)
    return len(first)


# Both see the one item that there is. Nothing is called before `pop` is.
@racy(free={("a",), ("IndexError", "a")}, gil={("a",)}, twin="race_pop_tried")
def race_pop_if_any():
    items, got = ["a"], []

    def take():
        try:
            if items:
                got.append(items.pop())
        except IndexError:
            got.append("IndexError")

    together(take, take)
    return tuple(sorted(got))


@correct({("a",)})
def race_pop_tried():
    items, got = ["a"], []

    def take():
        try:
            got.append(items.pop())
        except IndexError:
            pass

    together(take, take)
    return tuple(got)


# The balance, and how often it was paid out. Both may see 100, and take it one after the other,
# or both from 100.
@racy(free={(0, 1), (0, 2), (-100, 2)}, gil={(0, 1)}, twin="race_withdraw_locked")
def race_withdraw():
    box, paid = Box(balance=100), []

    def withdraw():
        if box.balance >= 100:
            box.balance -= 100
            paid.append(100)

    together(withdraw, withdraw)
    return box.balance, len(paid)


@correct({(0, 1)})
def race_withdraw_locked():
    box, paid, lock = Box(balance=100), [], threading.Lock()

    def withdraw():
        with lock:
            if box.balance >= 100:
                box.balance -= 100
                paid.append(100)

    together(withdraw, withdraw)
    return box.balance, len(paid)


# What was looked for is gone when it is fetched.
@racy(free={1, "nothing", "KeyError"}, gil={1, "nothing"}, twin="race_key_fetched_at_once")
def race_key_gone():
    d, seen = {"k": 1}, []

    def look():
        try:
            seen.append(d["k"] if "k" in d else "nothing")
        except KeyError:
            seen.append("KeyError")

    def drop():
        del d["k"]

    together(look, drop)
    return seen[0]


@correct({1, "nothing"})
def race_key_fetched_at_once():
    d, seen = {"k": 1}, []

    def look():
        seen.append(d.get("k", "nothing"))

    def drop():
        del d["k"]

    together(look, drop)
    return seen[0]


# Both find the job, and the second cannot take it.
@racy(free={(1, 0), (1, 1)}, gil={(1, 0)}, twin="race_claimed_by_pop")
def race_claimed():
    jobs, won, failed = {"j": 1}, [], []

    def claim():
        try:
            if "j" in jobs:
                del jobs["j"]
                won.append(1)
        except KeyError:
            failed.append(1)

    together(claim, claim)
    return len(won), len(failed)


@correct({(1, 0)})
def race_claimed_by_pop():
    jobs, won, failed = {"j": 1}, [], []

    def claim():
        try:
            if jobs.pop("j", None):
                won.append(1)
        except KeyError:
            failed.append(1)

    together(claim, claim)
    return len(won), len(failed)


# What the caller of `handle` has set is read by a function that is called later.
@racy(free={True, False}, gil={True, False}, twin="race_context_of_thread")
def race_context():
    box, right = Box(user=None), []

    def handle(user):
        right.append(box.user == user)

    def serve(user):
        box.user = user
        handle(user)

    together(lambda: serve("a"), lambda: serve("b"))
    return all(right)


@correct({True})
def race_context_of_thread():
    local, right = threading.local(), []

    def handle(user):
        right.append(local.user == user)

    def serve(user):
        local.user = user
        handle(user)

    together(lambda: serve("a"), lambda: serve("b"))
    return all(right)
