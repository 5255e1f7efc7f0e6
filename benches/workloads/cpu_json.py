"""JSON round trips: encode batches of records, decode them, compare.

What a web service does with most of its CPU time. Most of the work happens in
the interpreter's native json code, but it builds Python objects and so needs
the GIL; each thread has its own batches, so without a GIL it should scale.
"""

import argparse
import json
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

NAME = "cpu_json"
BATCHES = 110
RECORDS = 100


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_record(number):
    return {
        "id": number,
        "user": f"user-{number % 97}",
        "active": number % 2 == 0,
        # Quarters are exact in binary, so they survive the trip unchanged.
        "price": number % 1000 / 4,
        "tags": ["a\"quoted\" tag", "caf\u00e9", f"t{number % 13}"],
        "parent": None if number % 5 == 0 else {"id": number - 1, "path": [1, 2, 3]},
    }


def round_trip(batch):
    """Checksum of one batch's text and the sum of its ids after decoding."""
    first = batch * RECORDS
    records = [make_record(number) for number in range(first, first + RECORDS)]
    text = json.dumps(records, sort_keys=True)
    decoded = json.loads(text)
    if decoded != records:
        raise ValueError(f"batch {batch} changed on its way through JSON")
    return zlib.crc32(text.encode()), sum(record["id"] for record in decoded)


def main():
    args = parse_args()
    batches = max(1, round(BATCHES * args.scale))
    with ThreadPoolExecutor(args.threads) as pool:
        results = list(pool.map(round_trip, range(batches)))
    count = batches * RECORDS
    id_sum = sum(ids for _, ids in results)
    if id_sum != count * (count - 1) // 2:
        sys.exit(f"{NAME}: the ids add up to {id_sum}, records were lost or repeated")
    print(NAME, "ok", sum(crc for crc, _ in results))


if __name__ == "__main__":
    main()
