"""Queues and executors."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from litmus import DEADLOCK, Box, correct, racy, together


@correct({("a", "b"), ("b", "a")})
def race_queue():
    q = queue.Queue()
    together(lambda: q.put("a"), lambda: q.put("b"))
    return q.get(), q.get()


# It is empty when the second comes to get what both have seen in it.
@racy(free={("a",), ("Empty", "a")}, gil={("a",), ("Empty", "a")}, twin="race_got_at_once")
def race_queue_not_empty():
    q, got = queue.SimpleQueue(), []
    q.put("a")

    def take():
        try:
            if not q.empty():
                got.append(q.get_nowait())
        except queue.Empty:
            got.append("Empty")

    together(take, take)
    return tuple(sorted(got))


@correct({("a",)})
def race_got_at_once():
    q, got = queue.SimpleQueue(), []
    q.put("a")

    def take():
        try:
            got.append(q.get_nowait())
        except queue.Empty:
            pass

    together(take, take)
    return tuple(sorted(got))


# There is room for one, and nobody gets.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_queue_with_room")
def race_queue_full():
    q = queue.Queue(maxsize=1)
    together(lambda: q.put("a"), lambda: q.put("b"))
    return q.qsize()


@correct({2})
def race_queue_with_room():
    q = queue.Queue(maxsize=2)
    together(lambda: q.put("a"), lambda: q.put("b"))
    return q.qsize()


# Whoever takes the end of the work away leaves nothing for the other.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_end_for_each")
def race_one_end_for_two():
    return drained(ends=1)


@correct({1})
def race_end_for_each():
    return drained(ends=2)


def drained(ends):
    q, done = queue.SimpleQueue(), []
    for item in ["a"] + [None] * ends:
        q.put(item)

    def work():
        while (item := q.get()) is not None:
            done.append(item)

    together(work, work)
    return len(done)


# The worker is one of two who count.
@racy(free={1, 2}, gil={2}, twin="race_pool_result")
def race_pool_shared():
    box = Box(n=0)

    def add():
        box.n += 1

    with ThreadPoolExecutor(1) as pool:
        pool.submit(add)
        add()
    return box.n


@correct({2})
def race_pool_result():
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: 1)
        mine = 1
    return mine + future.result()


# The only worker waits for work that nobody is there to do.
@racy(free=DEADLOCK, gil=DEADLOCK, twin="race_pool_worker_does_it_itself")
def race_pool_waits_for_itself():
    def inner():
        return 7

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: pool.submit(inner).result()).result()


@correct({7})
def race_pool_worker_does_it_itself():
    def inner():
        return 7

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: inner()).result()


# A callback runs in the worker, or in the thread that adds it to what is done already.
@correct({True, False})
def race_callback():
    ran = []
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: None)
        future.add_done_callback(lambda _: ran.append(threading.get_ident()))
    return ran[0] == threading.get_ident()
