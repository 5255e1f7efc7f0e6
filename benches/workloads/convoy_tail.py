"""The tail of the latencies: each round waits for the slowest of four quick answers.

Four servers each wait for a request, compute for a moment, and answer; a round sends
one to each and ends with the last answer, as a page does that is put together from
several services. Beside them K threads compute. The time is the sum of the slowest
answers, so it shows a rule of the GIL that is quick on average and sometimes slow.
"""

import argparse
import queue
import sys
import threading

NAME = "convoy_tail"
ROUNDS = 60
SERVERS = 4
WORK = 300
CHUNK = 1_000
# Tells a server that no more requests will come.
END = None


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-threads", "--threads", type=int, default=1, metavar="K")
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.cpu_threads < 0 or args.scale <= 0:
        parser.error("--cpu-threads must be at least 0 and --scale above 0")
    return args


def serve(requests, answers):
    while (number := requests.get()) is not END:
        total = number
        for i in range(WORK):
            total += i
        answers.put(total)


def compute(ready, stop, sums, index):
    """Adds up 0 to CHUNK-1 again and again until told to stop."""
    ready.wait()
    while not stop.is_set():
        total = 0
        for i in range(CHUNK):
            total += i
        sums[index] = total


def rounds(count, requests, answers):
    """Makes the rounds, returns the sum of all answers."""
    total = 0
    for number in range(count):
        for server in requests:
            server.put(number)
        for _ in requests:
            total += answers.get()
    return total


def main():
    args = parse_args()
    count = max(1, round(ROUNDS * args.scale))
    requests = [queue.SimpleQueue() for _ in range(SERVERS)]
    answers = queue.SimpleQueue()
    ready, stop = threading.Barrier(args.cpu_threads + 1), threading.Event()
    sums = [None] * args.cpu_threads
    threads = [threading.Thread(target=serve, args=(one, answers)) for one in requests]
    threads += [
        threading.Thread(target=compute, args=(ready, stop, sums, i))
        for i in range(args.cpu_threads)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    try:
        total = rounds(count, requests, answers)
    finally:
        stop.set()
        for server in requests:
            server.put(END)
    for thread in threads:
        thread.join()
    expected = SERVERS * sum(number + WORK * (WORK - 1) // 2 for number in range(count))
    wrong = [one for one in sums if one not in (None, CHUNK * (CHUNK - 1) // 2)]
    if total != expected or wrong:
        sys.exit(f"{NAME}: the answers add up to {total}, not {expected}; computed {wrong}")
    print(NAME, "ok", total)


if __name__ == "__main__":
    main()
