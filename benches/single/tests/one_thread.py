"""What one thread can do with `threading`, `queue` and `concurrent.futures`. Run by `one_thread.rs`."""

import _thread
import atexit
import contextvars
import gc
import os
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


def raised(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error as caught:
        return str(caught)
    raise AssertionError(f"{call} did not raise {error}")


def took(call, *args, **kwargs):
    began = time.perf_counter()
    result = call(*args, **kwargs)
    return result, time.perf_counter() - began


def boom():
    raise ValueError("boom")


def threads():
    main, seen = threading.current_thread(), []

    def note(name):
        me = threading.current_thread()
        assert (me.name, me.ident, me.is_alive()) == (name, threading.get_ident(), True)
        seen.append((name, me.ident, threading.active_count()))

    def outer():
        inner = threading.Thread(target=note, args=("inner",), name="inner")
        inner.start()
        inner.join()
        note("outer")

    assert (main.name, main.ident) == ("MainThread", threading.get_ident())
    threads = [threading.Thread(target=note, args=(f"t{i}",), name=f"t{i}") for i in range(3)]
    for thread in threads:
        thread.start()
        assert not thread.is_alive()
        thread.join()
        thread.join(1)
    nested = threading.Thread(target=outer, name="outer")
    nested.start()
    assert [(name, count) for name, _, count in seen] == [
        ("t0", 2), ("t1", 2), ("t2", 2), ("inner", 3), ("outer", 2)]
    assert len({ident for _, ident, _ in seen} | {main.ident}) == 6
    assert threading.current_thread() is main and threading.active_count() == 1
    assert "once" in raised(RuntimeError, threads[0].start)
    assert "current" in raised(RuntimeError, main.join)
    _thread.start_new_thread(lambda *args, **kwargs: seen.append((args, kwargs)), (1,), {"z": 3})
    assert seen[-1] == ((1,), {"z": 3})


def errors_in_threads():
    caught = []
    threading.excepthook = lambda args: caught.append((args.exc_type, args.thread.name))
    for target in boom, sys.exit:
        threading.Thread(target=target, name="bad").start()
    threading.excepthook = threading.__excepthook__
    assert caught == [(ValueError, "bad"), (SystemExit, "bad")], caught


def locks():
    lock = threading.Lock()
    assert lock.acquire() and lock.locked() and not lock.acquire(False)
    got, seconds = took(lock.acquire, timeout=0.1)
    assert not got and seconds >= 0.1
    lock.release()
    assert raised(RuntimeError, lock.release) == "release unlocked lock"
    raised(ValueError, lock.acquire, blocking=False, timeout=1)
    raised(ValueError, lock.acquire, timeout=-2)
    with lock:
        assert lock.locked()
    assert not lock.locked()

    again, seen = threading.RLock(), []
    with again, again:
        assert again._recursion_count() == 2
        threading.Thread(target=lambda: seen.append(again.acquire(blocking=False))).start()
        threading.Thread(target=lambda: seen.append(raised(RuntimeError, again.release))).start()
    assert seen == [False, "cannot release un-acquired lock"] and not again.locked()

    condition = threading.Condition()
    with condition, condition:
        assert condition.wait(0.01) is False
        assert condition._is_owned()
    event = threading.Event()
    assert event.wait(0.01) is False
    event.set()
    assert event.wait()
    threading.Barrier(1).wait()
    timed = []
    threading.Timer(0.01, timed.append, [1]).start()
    assert timed == [1]


def queues():
    for made in queue.Queue(), queue.SimpleQueue():
        made.put(1, True, None)
        made.put(item=2)
        made.put_nowait(3)
        assert made.qsize() == 3 and not made.empty()
        assert [made.get(), made.get(block=False), made.get_nowait()] == [1, 2, 3]
        raised(queue.Empty, made.get_nowait)
        _, seconds = took(raised, queue.Empty, made.get, timeout=0.1)
        assert seconds >= 0.1
        raised(ValueError, made.get, timeout=-1)


def thread_local():
    class Local(threading.local):
        made = 0

        def __init__(self, first):
            self.items = [first]
            Local.made += 1

    class Dies:
        def __del__(self):
            seen.append("died")

    def other():
        seen.append(local.items)
        local.own = Dies()
        assert local.__dict__.keys() == {"items", "own"}

    local, seen = Local(5), []
    local.items.append(6)
    threading.Thread(target=other).start()
    assert seen == [[5], "died"] and local.items == [5, 6] and Local.made == 2, seen
    assert not hasattr(local, "own")
    local.cycle, local.own = local, Dies()
    del local, other
    gc.collect()
    assert seen == [[5], "died", "died"], seen


def pool():
    variable, initialized = contextvars.ContextVar("variable", default=0), []

    def swap(value):
        before = variable.get()
        variable.set(value)
        return before

    with ThreadPoolExecutor(3, initializer=initialized.append, initargs=(1,)) as workers:
        assert [workers.submit(swap, n).result() for n in (1, 2, 3)] == [0, 1, 2]
        assert variable.get() == 0 and initialized == [1]
        assert list(workers.map(pow, [2, 3], [3, 2])) == [8, 9]
        done = as_completed([workers.submit(pow, 2, n) for n in range(4)])
        assert sorted(future.result() for future in done) == [1, 2, 4, 8]
        assert raised(ValueError, workers.submit(boom).result) == "boom"
        assert workers.submit(lambda: workers.submit(pow, 2, 5).result()).result() == 32
    assert "shutdown" in raised(RuntimeError, workers.submit, swap, 1)
    raised(ValueError, ThreadPoolExecutor, 0)


def fork():
    child = os.fork()
    if child == 0:
        thread = threading.Thread(target=time.sleep, args=(0,))
        thread.start()
        thread.join()
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def main():
    assert sys.argv[1:] == ["a", "b c"]
    assert sys.path[0] == os.path.dirname(os.path.abspath(__file__))
    assert _thread.ONE_THREAD
    for part in threads, errors_in_threads, locks, queues, thread_local, pool, fork:
        part()
        print(part.__name__)
    atexit.register(print, "atexit")
    threading._register_atexit(print, "threading")
    sys.exit(7)


if __name__ == "__main__":
    main()
