"""Child processes on pipes: each thread drives a `cat` of its own.

A thread sends a line and waits for it to come back, as programs do that talk
to a helper process (a formatter, a solver, a language server). The time goes
into the kernel's process switches, during which the GIL is free: threads
should help in both modes.
"""

import argparse
import subprocess
import sys
import threading

NAME = "io_pipes"
LINES = 20_000


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_line(number):
    return f"request {number} of the day\n".encode()


def ask(child, line):
    child.stdin.write(line)
    child.stdin.flush()
    return child.stdout.readline()


def drive(child, numbers, results, index):
    total = 0
    for number in numbers:
        line = make_line(number)
        answer = ask(child, line)
        if answer != line:
            raise ValueError(f"line {number} came back as {answer!r}")
        total += int(answer.split()[1])
    results[index] = total


def start_child():
    return subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def stop_child(child):
    """Ends the child by closing its input; returns its exit status."""
    child.stdin.close()
    child.stdout.close()
    return child.wait()


def main():
    args = parse_args()
    lines = max(1, round(LINES * args.scale))
    results = [None] * args.threads
    # Started before the threads: forking is simplest with only one of them.
    children = [start_child() for _ in range(args.threads)]
    threads = []
    for index, child in enumerate(children):
        numbers = range(index, lines, args.threads)
        threads.append(threading.Thread(target=drive, args=(child, numbers, results, index)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [stop_child(child) for child in children]
    want = lines * (lines - 1) // 2
    if None in results or sum(results) != want or any(statuses):
        sys.exit(f"{NAME}: expected a sum of {want}, got {results}, exits {statuses}")
    print(NAME, "ok", want)


if __name__ == "__main__":
    main()
