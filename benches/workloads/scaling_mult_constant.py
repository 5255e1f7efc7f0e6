"""Multiplication by a constant that stands in the code.

The threads run one code object and read its one float. With a GIL only one of
them does so at a time; without one they all count references to that float,
unless the interpreter excepts constants from counting.
"""

import math
import sys

NAME = "scaling_mult_constant"
SCALE = 1.0
BLOCKS = 7_000
FACTORS = 1_000


def blocks():
    return max(1, round(BLOCKS * SCALE))


def setup(n):
    total = blocks()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [[] for _ in range(n)]


def work(state, i):
    shares, products = state
    mine = []
    for _ in shares[i]:
        product = 1.0
        for _ in range(FACTORS):
            product *= 1.01
        mine.append(product)
    products[i] = mine


def check(state):
    _, products = state
    found = [product for mine in products for product in mine]
    want = math.exp(FACTORS * math.log(1.01))
    # Rounding errors add up, but by far less than one factor too many or too few.
    wrong = [product for product in found if abs(product / want - 1) > 1e-9]
    if len(found) != blocks() or wrong:
        sys.exit(f"{NAME}: {len(found)} of {blocks()} products, {len(wrong)} of them wrong")
    return f"{len(found)}x{found[0]:.6f}"
