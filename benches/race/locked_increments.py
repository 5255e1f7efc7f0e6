"""The size of program that the speed of explorers is told by: two threads, each two increments
with a lock."""

import threading


class Counter:
    def __init__(self):
        self.n = 0


def race_locked_increments():
    counter, lock = Counter(), threading.Lock()

    def work():
        for _ in range(2):
            with lock:
                counter.n += 1

    one, other = threading.Thread(target=work), threading.Thread(target=work)
    one.start()
    other.start()
    one.join()
    other.join()
    assert counter.n == 4
