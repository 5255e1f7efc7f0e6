"""Regular expressions over generated web server log lines.

Each line is matched with a pattern of named groups, its query string is picked
apart and its address blanked out: the inner loop of a log analyser. The regex
engine works on Python strings and holds the GIL throughout, so threads help
only without one.
"""

import argparse
import re
import sys
from concurrent.futures import ThreadPoolExecutor

NAME = "cpu_regex"
LINES = 20_000
STATUSES = (200, 200, 304, 404, 500)
SIZES = 900

LINE = re.compile(
    r"(?P<host>\d+\.\d+\.\d+\.\d+) - - \[(?P<day>[^:\]]+):(?P<time>[^\]]+)\] "
    r'"(?P<method>GET|POST) (?P<path>[^ ?]+)\?(?P<query>[^ ]*) HTTP/1\.[01]" '
    r"(?P<status>\d{3}) (?P<size>\d+)$"
)
PARAMETER = re.compile(r"(\w+)=(\w*)")
ADDRESS = re.compile(r"^\d+\.\d+\.\d+\.\d+")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_line(n):
    return (
        f"10.{n % 7}.{n % 256}.{n % 31} - - [01/Mar/2025:12:{n % 60:02}:00 +0000] "
        f'"GET /item/{n % 1000}?page={n % 10}&sort=name HTTP/1.1" '
        f"{STATUSES[n % len(STATUSES)]} {100 + n % SIZES}"
    )


def analyse(numbers):
    """Bytes sent, sum of the page parameters, and lines per status."""
    size, pages, statuses = 0, 0, {}
    for n in numbers:
        line = make_line(n)
        match = LINE.match(line)
        size += int(match["size"])
        pages += int(dict(PARAMETER.findall(match["query"]))["page"])
        statuses[match["status"]] = statuses.get(match["status"], 0) + 1
        if not ADDRESS.sub("-", line).startswith("- - - ["):
            raise ValueError(f"the address of line {n} was not replaced")
    return size, pages, statuses


def cycle_sum(count, period):
    """Sum of n % period for n in range(count)."""
    cycles, rest = divmod(count, period)
    return cycles * (period * (period - 1) // 2) + rest * (rest - 1) // 2


def main():
    args = parse_args()
    lines = max(1, round(LINES * args.scale))
    shares = [range(i, lines, args.threads) for i in range(args.threads)]
    with ThreadPoolExecutor(args.threads) as pool:
        results = list(pool.map(analyse, shares))
    size = sum(result[0] for result in results)
    pages = sum(result[1] for result in results)
    errors = sum(result[2].get("500", 0) for result in results)
    got = (size, pages, errors)
    # A status 500 stands in the last line of every five.
    want = (100 * lines + cycle_sum(lines, SIZES), cycle_sum(lines, 10), lines // 5)
    if got != want:
        sys.exit(f"{NAME}: expected {want}, got {got}")
    print(NAME, "ok", size + pages + errors)


if __name__ == "__main__":
    main()
