"""The Mandelbrot set in plain floats, rows divided among the threads.

Almost nothing but float arithmetic, each result a new object. With a GIL nothing
runs side by side; without one the threads share no more than the code and the
columns' coordinates.
"""

import sys
import zlib

NAME = "cpu_mandelbrot"
SCALE = 1.0
ROWS = 800
COLUMNS = 96
LIMIT = 60


def rows():
    return max(1, round(ROWS * SCALE))


def setup(n):
    return n, [None] * rows()


def place(row, height):
    """Where a row lies. Rows that mirror each other get y and -y."""
    return (2 * row + 1 - height) / height * 1.25


# The columns are the same at every scale.
XS = [(2 * column + 1) / COLUMNS * 1.5 - 2 for column in range(COLUMNS)]


def escape_time(x, y):
    a = b = 0.0
    for step in range(LIMIT):
        aa = a * a
        bb = b * b
        if aa + bb > 4.0:
            return step
        b = 2.0 * a * b + y
        a = aa - bb + x
    return LIMIT


def work(state, i):
    n, picture = state
    # Every n-th row: those in the middle take longer than those at the edge.
    for row in range(i, len(picture), n):
        y = place(row, len(picture))
        picture[row] = bytes([escape_time(x, y) for x in XS])


def is_inside(x, y):
    """Whether a point is in one of the two largest parts of the set, by formula."""
    q = (x - 0.25) ** 2 + y * y
    return q * (q + x - 0.25) < y * y / 4 or (x + 1) ** 2 + y * y < 1 / 16


def is_plausible(x, y, steps):
    if is_inside(x, y):
        return steps == LIMIT
    # From outside the circle of radius 2 a point escapes at once.
    return steps == 1 if x * x + y * y > 4.0 else 1 < steps <= LIMIT


def check(state):
    _, picture = state
    if None in picture or picture != picture[::-1]:
        sys.exit(f"{NAME}: rows are missing, or the picture is not symmetric")
    for row, line in enumerate(picture):
        y = place(row, len(picture))
        for x, steps in zip(XS, line):
            if not is_plausible(x, y, steps):
                sys.exit(f"{NAME}: {steps} steps at {x}, {y}")
    return zlib.crc32(b"".join(picture))
