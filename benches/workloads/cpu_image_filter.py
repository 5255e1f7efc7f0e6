"""A Gaussian blur of a grey picture, pixel by pixel, bands of rows per thread.

All threads read one picture and each writes rows of its own. With a GIL nothing
runs side by side; without one the rows at the edge of a band are all that two
threads read in common.
"""

import sys
import zlib

NAME = "cpu_image_filter"
SCALE = 1.0
ROWS = 1_300
COLUMNS = 320


def rows():
    return max(1, round(ROWS * SCALE))


def make_row(row):
    # With one pixel more on either side, the same as its neighbour, as if the
    # picture went on like that.
    pixels = bytes((row * row + 3 * row * x + x * x // 5) % 251 for x in range(COLUMNS))
    return pixels[:1] + pixels + pixels[-1:]


def setup(n):
    picture = [make_row(row) for row in range(rows())]
    return n, [picture[0], *picture, picture[-1]], [None] * rows()


def blur(above, row, below):
    """One row of the result: each pixel with its eight neighbours, 1 2 1 2 4 2 1 2 1."""
    pixels = bytearray(COLUMNS)
    for x in range(COLUMNS):
        total = above[x] + 2 * above[x + 1] + above[x + 2]
        total += 2 * row[x] + 4 * row[x + 1] + 2 * row[x + 2]
        total += below[x] + 2 * below[x + 1] + below[x + 2]
        pixels[x] = total // 16
    return bytes(pixels)


def work(state, i):
    n, picture, blurred = state
    total = len(blurred)
    for y in range(total * i // n, total * (i + 1) // n):
        blurred[y] = blur(picture[y], picture[y + 1], picture[y + 2])


def blur_in_two_passes(above, row, below):
    """The same, down first and then across."""
    column = [a + 2 * b + c for a, b, c in zip(above, row, below)]
    return bytes(
        (a + 2 * b + c) // 16 for a, b, c in zip(column, column[1:], column[2:])
    )


def check(state):
    _, picture, blurred = state
    for y, pixels in enumerate(blurred):
        if pixels != blur_in_two_passes(*picture[y : y + 3]):
            sys.exit(f"{NAME}: row {y} is wrong")
    return zlib.crc32(b"".join(blurred))
