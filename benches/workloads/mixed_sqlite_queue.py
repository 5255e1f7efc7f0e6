"""A job queue in an SQLite file: threads claim jobs, compute and store results.

Each thread has a connection of its own. SQLite lets one of them write at a time,
in both modes, and the others sleep until it is done; the computing between two
transactions is Python and overlaps only without a GIL.
"""

import argparse
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

try:
    import sqlite3
except ImportError:
    sqlite3 = None

NAME = "mixed_sqlite_queue"
JOBS = 320
CLAIMED_AT_ONCE = 8
ROUNDS = 2_500
MODULUS = 1_000_003


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def connect(path):
    # No transactions but ours, and patience while another thread writes.
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    # The disk is not what this measures.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def make_queue(path, jobs):
    with closing(connect(path)) as queue:
        queue.execute(
            "CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, claims INT, result INT)"
        )
        queue.execute("CREATE INDEX job_by_state ON job (state, id)")
        queue.execute("BEGIN")
        queue.executemany(
            "INSERT INTO job VALUES (?, 'new', 0, NULL)", ((job,) for job in range(jobs))
        )
        queue.execute("COMMIT")


def claim(queue):
    """Takes the next few jobs, which no other thread then gets."""
    # IMMEDIATE takes the write lock now: two readers could not both upgrade later.
    queue.execute("BEGIN IMMEDIATE")
    rows = queue.execute(
        "SELECT id FROM job WHERE state = 'new' ORDER BY id LIMIT ?", (CLAIMED_AT_ONCE,)
    ).fetchall()
    queue.executemany(
        "UPDATE job SET state = 'taken', claims = claims + 1 WHERE id = ?", rows
    )
    queue.execute("COMMIT")
    return [job for (job,) in rows]


def store(queue, results):
    queue.execute("BEGIN IMMEDIATE")
    queue.executemany("UPDATE job SET state = 'done', result = ? WHERE id = ?", results)
    queue.execute("COMMIT")


def compute(job):
    """job, (job * 3 + 1), ... after ROUNDS steps, modulo MODULUS."""
    value = job
    for _ in range(ROUNDS):
        value = (value * 3 + 1) % MODULUS
    return value


def compute_by_formula(job):
    power = pow(3, ROUNDS, 2 * MODULUS)
    return (job * power + (power - 1) // 2) % MODULUS


def process(path):
    with closing(connect(path)) as queue:
        while jobs := claim(queue):
            store(queue, [(compute(job), job) for job in jobs])


def check(path, jobs):
    with closing(connect(path)) as queue:
        rows = queue.execute(
            "SELECT id, state, claims, result FROM job ORDER BY id"
        ).fetchall()
    want = [(job, "done", 1, compute_by_formula(job)) for job in range(jobs)]
    if rows != want:
        wrong = [row for row, right in zip(rows, want) if row != right]
        sys.exit(f"{NAME}: {len(rows)} of {jobs} jobs, {len(wrong)} wrong: {wrong[:1]}")
    return sum(result for _, _, _, result in rows)


def main():
    args = parse_args()
    if sqlite3 is None:
        print(f"{NAME} skipped: no sqlite3 module", file=sys.stderr)
        print(NAME, "ok none")
        return
    jobs = max(1, round(JOBS * args.scale))
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "queue.db")
        make_queue(path, jobs)
        threads = []
        for _ in range(args.threads):
            threads.append(threading.Thread(target=process, args=(path,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        total = check(path, jobs)
    print(NAME, "ok", total)


if __name__ == "__main__":
    main()
