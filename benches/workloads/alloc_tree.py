"""Binary trees, built to their full depth, counted and dropped.

Each thread builds its own trees, while one large tree stays for the collector to
walk. With a GIL nothing runs side by side; without one the threads meet in the
allocator and in the collector.
"""

import sys

NAME = "alloc_tree"
SCALE = 1.0
TREES = 840
DEPTHS = (4, 6, 8, 10)
KEPT_DEPTH = 12


class Tree:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def trees():
    return max(1, round(TREES * SCALE))


def setup(n):
    total = trees()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n, build(KEPT_DEPTH)


def build(depth):
    if depth == 0:
        return Tree(None, None)
    return Tree(build(depth - 1), build(depth - 1))


def count(tree):
    if tree.left is None:
        return 1
    return 1 + count(tree.left) + count(tree.right)


def work(state, i):
    shares, sums, _ = state
    total = 0
    for number in shares[i]:
        total += count(build(DEPTHS[number % len(DEPTHS)]))
    sums[i] = total


def nodes(depth):
    return 2 ** (depth + 1) - 1


def check(state):
    _, sums, kept = state
    want = sum(nodes(DEPTHS[number % len(DEPTHS)]) for number in range(trees()))
    if sum(sums) != want or count(kept) != nodes(KEPT_DEPTH):
        sys.exit(f"{NAME}: {sum(sums)} nodes, not {want}")
    return sum(sums)
