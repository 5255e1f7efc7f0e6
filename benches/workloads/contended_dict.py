"""One dict shared by all threads: updates under sharded locks, unlocked reads.

The layout of an in-process cache or metrics registry. The application's own
locks are spread out (one per shard of the keys) and rarely clash; what remains
is the dict itself, which the GIL protects for free and which a free-threaded
interpreter has to lock inside on every access.
"""

import argparse
import sys
import threading
import zlib

NAME = "contended_dict"
UPDATES = 240_000
KEYS = 256
SHARDS = 16


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def key_of(update):
    # 37 and KEYS have no common factor: KEYS updates in a row hit every key once.
    return update * 37 % KEYS


def update_table(table, locks, updates, failures):
    last_seen = dict.fromkeys(range(KEYS), 0)
    for update in updates:
        key = key_of(update)
        with locks[key % SHARDS]:
            table[key] += 1
        # Another key, read without its lock. Counts only grow, so a thread must
        # never see one that is lower than what it saw before.
        other = (key + 1) % KEYS
        value = table[other]
        if value < last_seen[other]:
            failures.append(f"key {other} fell from {last_seen[other]} to {value}")
        last_seen[other] = value


def expected_table(total):
    cycles, rest = divmod(total, KEYS)
    table = dict.fromkeys(range(KEYS), cycles)
    for update in range(rest):
        table[key_of(update)] += 1
    return table


def main():
    args = parse_args()
    total = max(1, round(UPDATES * args.scale))
    table = dict.fromkeys(range(KEYS), 0)
    locks = [threading.Lock() for _ in range(SHARDS)]
    failures = []
    threads = []
    for index in range(args.threads):
        updates = range(index, total, args.threads)
        threads.append(
            threading.Thread(target=update_table, args=(table, locks, updates, failures))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"{NAME}: {failures[0]}")
    if table != expected_table(total):
        sys.exit(f"{NAME}: {sum(table.values())} of {total} updates were counted")
    print(NAME, "ok", zlib.crc32(repr(sorted(table.items())).encode()))


if __name__ == "__main__":
    main()
