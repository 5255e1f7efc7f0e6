"""Pure integer loops: nothing but arithmetic, comparisons and branches.

The plainest CPU-bound work. Each thread sums its own range of numbers and
touches no shared data, so with a GIL the threads only take turns, and without
one the wall time should fall with every thread that has a core of its own.
"""

import argparse
import sys
import threading

NAME = "cpu_loops"
NUMBERS = 1_000_000
MODULUS = 1_000_003


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def share(total, parts):
    """Cuts range(total) into `parts` ranges of nearly equal length."""
    bounds = [total * i // parts for i in range(parts + 1)]
    return [range(bounds[i], bounds[i + 1]) for i in range(parts)]


def add_up(numbers):
    """Sum of n*n, or of n alone where n is a multiple of 3, modulo MODULUS."""
    total = 0
    for n in numbers:
        if n % 3 == 0:
            total = (total + n) % MODULUS
        else:
            total = (total + n * n) % MODULUS
    return total


def sum_of_squares(count):
    """0*0 + 1*1 + ... + (count-1)*(count-1)"""
    return (count - 1) * count * (2 * count - 1) // 6


def expected(count):
    """What add_up(range(count)) must be, by formula and without a loop."""
    multiples = (count + 2) // 3
    sum_of_multiples = 3 * (multiples - 1) * multiples // 2
    squares_of_others = sum_of_squares(count) - 9 * sum_of_squares(multiples)
    return (squares_of_others + sum_of_multiples) % MODULUS


def run(count, threads):
    results = [0] * threads

    def work(index, numbers):
        results[index] = add_up(numbers)

    workers = [
        threading.Thread(target=work, args=(index, numbers))
        for index, numbers in enumerate(share(count, threads))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(results) % MODULUS


def main():
    args = parse_args()
    count = max(1, round(NUMBERS * args.scale))
    got, want = run(count, args.threads), expected(count)
    if got != want:
        sys.exit(f"{NAME}: expected {want}, got {got}")
    print(NAME, "ok", got)


if __name__ == "__main__":
    main()
