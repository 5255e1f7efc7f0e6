# Two threads that each change an attribute and an item of their own, for the slow-down of `togil race --watch`: nothing
# synchronises, so that after the first turn every access is one that is remembered already.
import sys
import threading


class Counter:
    def __init__(self):
        self.n = 0


def work(turns):
    counter = Counter()
    table = {"n": 0}
    for _ in range(turns):
        counter.n += 1
        table["n"] += 1


turns = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
threads = [threading.Thread(target=work, args=(turns,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
