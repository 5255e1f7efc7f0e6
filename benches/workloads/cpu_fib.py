"""Naive recursive Fibonacci: almost nothing but Python function calls.

Stresses frame set-up and tear-down. The tasks are independent and share no
data, so a GIL keeps them on one core at a time, and free threading should let
them run side by side.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

NAME = "cpu_fib"
TASKS = 500
# Four sizes, so that the tasks are not all equally long.
SIZES = (15, 16, 17, 18)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def fib_by_addition(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def main():
    args = parse_args()
    tasks = max(1, round(TASKS * args.scale))
    sizes = [SIZES[i % len(SIZES)] for i in range(tasks)]
    with ThreadPoolExecutor(args.threads) as pool:
        results = list(pool.map(fib, sizes))
    wrong = [i for i, n in enumerate(sizes) if results[i] != fib_by_addition(n)]
    if wrong:
        sys.exit(f"{NAME}: {len(wrong)} wrong results, the first is task {wrong[0]}")
    print(NAME, "ok", sum(results))


if __name__ == "__main__":
    main()
