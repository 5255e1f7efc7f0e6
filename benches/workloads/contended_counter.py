"""One counter, one threading.Lock, and every thread wants it all the time.

The worst case for threads: nothing can run side by side whatever the mode.
With a GIL the lock is rarely found taken, because its holder is rarely
interrupted; without one it is taken most of the time, and the processors pass
the lock and the counter to and fro. Expect no speed-up, and possibly a loss.
"""

import argparse
import sys
import threading

NAME = "contended_counter"
INCREMENTS = 350_000


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def next(self):
        """Counts one up and returns the number, which no other call gets."""
        with self.lock:
            self.value += 1
            return self.value


def draw_numbers(counter, draws, sums, index):
    total = 0
    for _ in range(draws):
        total += counter.next()
    sums[index] = total


def main():
    args = parse_args()
    total = max(1, round(INCREMENTS * args.scale))
    counter = Counter()
    sums = [0] * args.threads
    threads = []
    for index in range(args.threads):
        draws = len(range(index, total, args.threads))
        threads.append(
            threading.Thread(target=draw_numbers, args=(counter, draws, sums, index))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Only if every number was drawn exactly once do they add up to this.
    want = total * (total + 1) // 2
    if counter.value != total or sum(sums) != want:
        sys.exit(f"{NAME}: counted {counter.value} of {total}, sum {sum(sums)}")
    print(NAME, "ok", want)


if __name__ == "__main__":
    main()
