"""Strings built from numbers, joined into lines and lines into pages.

Every piece is an object of its own that dies when its line is joined. With a
GIL nothing runs side by side; without one the gain depends on the allocator,
which has to serve many sizes here.
"""

import sys

NAME = "alloc_strings"
SCALE = 1.0
PAGES = 9_000
LINES = 20
WIDTH = 8


def pages():
    return max(1, round(PAGES * SCALE))


def setup(n):
    total = pages()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [(0, 0)] * n


def make_line(number):
    return ",".join([f"{number:0{WIDTH}d}", str(number), "x" * (number % 7)])


def work(state, i):
    shares, results = state
    length = total = 0
    for page in shares[i]:
        lines = [make_line(page * LINES + line) for line in range(LINES)]
        text = "\n".join(lines)
        length += len(text)
        padded, plain, _ = text.rpartition("\n")[2].split(",")
        total += int(padded) + int(plain)
    results[i] = length, total


def expected_length(numbers):
    # For each line the padded number, two commas and a line feed, which the last
    # line of a page goes without.
    length = numbers * (WIDTH + 3) - numbers // LINES
    # The plain number: one digit each, and one more from 10, 100, ... on.
    length += numbers + sum(max(0, numbers - 10**power) for power in range(1, WIDTH))
    weeks, rest = divmod(numbers, 7)
    return length + weeks * 21 + rest * (rest - 1) // 2


def check(state):
    _, results = state
    length = sum(length for length, _ in results)
    total = sum(total for _, total in results)
    # The last line of each page, read back, has its number twice.
    last_lines = range(LINES - 1, pages() * LINES, LINES)
    if length != expected_length(pages() * LINES) or total != 2 * sum(last_lines):
        sys.exit(f"{NAME}: {length} characters, last lines add up to {total}")
    return f"{length}-{total}"
