"""N producers and N consumers on one bounded queue.Queue, with no other work.

Stresses a lock with condition variables: the threads keep putting each other
to sleep and waking each other up. A real pipeline does more per item; here the
hand-over is all there is, so expect little from free threading, or a loss.
"""

import argparse
import queue
import sys
import threading

NAME = "contended_queue"
ITEMS = 40_000
CAPACITY = 64
# Tells a consumer that no more items will come.
END = None


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def produce(items, numbers):
    for number in numbers:
        items.put(number)


def consume(items, results, index):
    count = total = 0
    while (number := items.get()) is not END:
        count += 1
        total += number * number
    results[index] = (count, total)


def main():
    args = parse_args()
    total = max(1, round(ITEMS * args.scale))
    items = queue.Queue(CAPACITY)
    results = [(0, 0)] * args.threads
    producers = [
        threading.Thread(target=produce, args=(items, range(i, total, args.threads)))
        for i in range(args.threads)
    ]
    consumers = [
        threading.Thread(target=consume, args=(items, results, i))
        for i in range(args.threads)
    ]
    for thread in producers + consumers:
        thread.start()
    for thread in producers:
        thread.join()
    for _ in consumers:
        items.put(END)
    for thread in consumers:
        thread.join()
    count = sum(result[0] for result in results)
    squares = sum(result[1] for result in results)
    want = (total - 1) * total * (2 * total - 1) // 6
    if (count, squares) != (total, want):
        sys.exit(f"{NAME}: {count} of {total} items, sum {squares} instead of {want}")
    print(NAME, "ok", squares)


if __name__ == "__main__":
    main()
