"""A log analyser: writes access logs, then reads and parses them in threads.

Each file is one task: lines are read from the page cache, split and counted by
status and latency. With a GIL only the system calls overlap, and they are short
next to the parsing; without one the parsing runs side by side too.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NAME = "io_logs"
FILES = 32
LINES = 1_000
# As often as they stand here, of every ten lines.
STATUSES = (200, 200, 200, 404, 200, 301, 200, 500, 200, 200)
# In milliseconds; every latency from 0 to 999 comes up once in a file.
BUCKETS = (10, 100, 500, 1_000)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_line(number, line):
    status = STATUSES[line % len(STATUSES)]
    # 37 and LINES have no common factor: a file has every latency once.
    latency = (line * 37 + number) % LINES
    return (
        f"10.0.{number % 256}.{line % 256} - - [12/May/2025:10:{line % 60:02}] "
        f'"GET /item/{line * 7} HTTP/1.1" {status} {line * 11} {latency}ms\n'
    )


def write_log(directory, number):
    path = directory / f"access-{number}.log"
    with path.open("w", encoding="ascii") as log:
        log.writelines(make_line(number, line) for line in range(LINES))
    return path


def analyse(path):
    """How many lines have each status, how many each latency, and all bytes sent."""
    statuses, latencies, sent = {}, [0] * len(BUCKETS), 0
    with path.open(encoding="ascii") as log:
        for line in log:
            _, _, rest = line.rpartition('" ')
            status, size, latency = rest.split()
            statuses[int(status)] = statuses.get(int(status), 0) + 1
            milliseconds = int(latency.removesuffix("ms"))
            latencies[next(i for i, top in enumerate(BUCKETS) if milliseconds < top)] += 1
            sent += int(size)
    return statuses, latencies, sent


def merge(results):
    statuses, latencies, sent = {}, [0] * len(BUCKETS), 0
    for some_statuses, some_latencies, some_sent in results:
        for status, count in some_statuses.items():
            statuses[status] = statuses.get(status, 0) + count
        latencies = [sum(pair) for pair in zip(latencies, some_latencies)]
        sent += some_sent
    return statuses, latencies, sent


def expected(files):
    per_status = files * LINES // len(STATUSES)
    statuses = {status: STATUSES.count(status) * per_status for status in STATUSES}
    latencies = [files * (top - low) for low, top in zip((0, *BUCKETS), BUCKETS)]
    return statuses, latencies, files * 11 * LINES * (LINES - 1) // 2


def main():
    args = parse_args()
    files = max(1, round(FILES * args.scale))
    with (
        tempfile.TemporaryDirectory() as name,
        ThreadPoolExecutor(args.threads) as pool,
    ):
        directory = Path(name)
        paths = list(pool.map(lambda number: write_log(directory, number), range(files)))
        statuses, latencies, sent = merge(pool.map(analyse, paths))
    if (statuses, latencies, sent) != expected(files):
        sys.exit(f"{NAME}: statuses {statuses}, latencies {latencies}, {sent} bytes")
    print(NAME, "ok", f"{sum(statuses.values())}-{statuses[500]}-{latencies[-1]}-{sent}")


if __name__ == "__main__":
    main()
