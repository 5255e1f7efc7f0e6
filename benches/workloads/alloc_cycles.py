"""Rings of objects that only the cycle collector can free.

Reference counts never fall to zero here, so the collector runs again and again
while the threads go on allocating. With a GIL it holds up threads that would
wait anyway; without one it has to stop all of them, or to be careful.
"""

import gc
import sys
import weakref

NAME = "alloc_cycles"
SCALE = 1.0
RINGS = 105_000
LENGTH = 4
# One ring in so many is watched by a weak reference.
WATCHED = 16


class Node:
    def __init__(self, number, following):
        self.number = number
        self.following = following


def rings():
    return max(1, round(RINGS * SCALE))


def setup(n):
    total = rings()
    shares = [range(total * i // n, total * (i + 1) // n) for i in range(n)]
    return shares, [0] * n, [[] for _ in range(n)]


def make_ring(number):
    last = node = Node(number, None)
    for _ in range(LENGTH - 1):
        node = Node(number, node)
    last.following = node
    return node


def work(state, i):
    shares, sums, watches = state
    watched = []
    total = 0
    for number in shares[i]:
        ring = make_ring(number)
        node = ring.following
        while node is not ring:
            total += node.number
            node = node.following
        if number % WATCHED == 0:
            watched.append(weakref.ref(ring))
    sums[i] = total
    watches[i] = watched


def check(state):
    _, sums, watches = state
    want = (LENGTH - 1) * rings() * (rings() - 1) // 2
    if sum(sums) != want:
        sys.exit(f"{NAME}: {sum(sums)} is not {want}")
    gc.collect()
    watched = [ring for mine in watches for ring in mine]
    alive = sum(ring() is not None for ring in watched)
    if alive or len(watched) != len(range(0, rings(), WATCHED)):
        sys.exit(f"{NAME}: {alive} of {len(watched)} watched rings are still alive")
    return sum(sums)
