"""Many short sleeps in a thread pool, standing for calls to a remote service.

Pure waiting: a sleeping thread holds no GIL, so this should speed up with
threads equally well in both modes. It is the control of the I/O group: a
difference between the modes here would be an overhead of the tool.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

NAME = "io_sleep"
CALLS = 120
LATENCY_S = 0.01


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def remote_call(number):
    time.sleep(LATENCY_S)
    return number * number


def main():
    args = parse_args()
    calls = max(1, round(CALLS * args.scale))
    with ThreadPoolExecutor(args.threads) as pool:
        answers = list(pool.map(remote_call, range(calls)))
    want = (calls - 1) * calls * (2 * calls - 1) // 6
    if len(answers) != calls or sum(answers) != want:
        sys.exit(f"{NAME}: expected a sum of {want}, got {sum(answers)}")
    print(NAME, "ok", want)


if __name__ == "__main__":
    main()
