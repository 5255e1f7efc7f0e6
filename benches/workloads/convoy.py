"""The convoy effect: quick round trips beside CPU-bound threads.

The main thread makes a fixed number of round trips of about 0.5 ms to another
process while K threads compute. With a GIL that a computing thread gives up
only every few milliseconds, the main thread waits that long each time it wakes
up, and its rate collapses; without one it only needs a core to itself. Unlike
in the other workloads more threads mean more load, not less work for each.
"""

import argparse
import json
import os
import socket
import sys
import threading
import time
import zlib

NAME = "convoy"
ROUND_TRIPS = 200
SERVICE_TIME_S = 0.0005
MESSAGE_SIZE = 16
CHUNK = 1_000


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-threads", "--threads", type=int, default=1, metavar="K")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rates", action="store_true", help="print rates as JSON on stderr")
    args = parser.parse_args()
    if args.cpu_threads < 0 or args.scale <= 0:
        parser.error("--cpu-threads must be at least 0 and --scale above 0")
    return args


def receive(connection):
    """One whole message, or less if the peer closes the connection."""
    return connection.recv(MESSAGE_SIZE, socket.MSG_WAITALL)


def start_echo_process():
    """Forks a process that answers slowly; returns our end and its id."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            ours.close()
            while message := receive(theirs):
                time.sleep(SERVICE_TIME_S)
                theirs.sendall(message)
            status = 0
        finally:
            # Not sys.exit(): the child must not run the rest of this script.
            os._exit(status)
    theirs.close()
    return ours, pid


def round_trips(connection, count):
    """Makes the round trips, returns a checksum of the answers."""
    checksum = 0
    for number in range(count):
        message = f"{number:>{MESSAGE_SIZE}}".encode()
        connection.sendall(message)
        answer = receive(connection)
        if answer != message:
            raise ValueError(f"round trip {number} came back as {answer!r}")
        checksum = zlib.crc32(answer, checksum)
    return checksum


def compute(ready, stop, chunks, index):
    """Adds up 0 to CHUNK-1 again and again until told to stop."""
    ready.wait()
    done = 0
    while not stop.is_set():
        total = 0
        for i in range(CHUNK):
            total += i
        if total != CHUNK * (CHUNK - 1) // 2:
            return
        done += 1
    chunks[index] = done


def main():
    args = parse_args()
    trips = max(1, round(ROUND_TRIPS * args.scale))
    # Forked while there is only one thread, the only safe time for it.
    connection, pid = start_echo_process()
    ready, stop = threading.Barrier(args.cpu_threads + 1), threading.Event()
    chunks = [None] * args.cpu_threads
    threads = [
        threading.Thread(target=compute, args=(ready, stop, chunks, i))
        for i in range(args.cpu_threads)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    try:
        checksum = round_trips(connection, trips)
        trips_s = time.perf_counter() - start
    finally:
        stop.set()
    for thread in threads:
        thread.join()
    cpu_s = time.perf_counter() - start
    connection.close()
    _, status = os.waitpid(pid, 0)
    if status or None in chunks:
        sys.exit(f"{NAME}: echo process status {status}, chunks computed {chunks}")
    if args.rates:
        rates = {
            "round_trips_per_s": round(trips / trips_s, 1),
            "cpu_iterations_per_s": round(sum(chunks) * CHUNK / cpu_s, 1),
        }
        print(json.dumps(rates), file=sys.stderr)
    print(NAME, "ok", checksum)


if __name__ == "__main__":
    main()
