# Two threads that change an attribute with a lock held, for the slow-down of `togil race --watch`: each release
# begins a new epoch, so that no access is one that is remembered already.
import sys
import threading


class Counter:
    def __init__(self):
        self.n = 0


def work(turns):
    for _ in range(turns):
        with lock:
            counter.n += 1


counter = Counter()
lock = threading.Lock()
turns = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
threads = [threading.Thread(target=work, args=(turns,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert counter.n == 2 * turns
