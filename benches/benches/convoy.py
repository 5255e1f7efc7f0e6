"""One thread makes round trips of about 0.5 ms to another process, beside CPU-bound threads.

Prints, as JSON, the rates of each kind alone and of both together. Also runs on CPython:
    python3 convoy.py CPU_THREADS SECONDS
"""

import json
import os
import socket
import sys
import threading
import time


def start_echo():
    """A process that answers every message after half a millisecond."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        while message := theirs.recv(64):
            time.sleep(0.0005)
            theirs.sendall(message)
        os._exit(0)
    theirs.close()
    return ours


def count_until(stop, results):
    done = 0
    while not stop:
        for _ in range(100):
            done += 1
    results.append(done)


def measure(echo, cpu_threads, seconds):
    """Round trips and CPU iterations per second; without `echo`, of the CPU threads alone."""
    stop, results = [], []
    threads = [
        threading.Thread(target=count_until, args=(stop, results)) for _ in range(cpu_threads)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    trips = 0
    if echo is None:
        time.sleep(seconds)
    else:
        while time.perf_counter() - start < seconds:
            echo.sendall(b"x" * 32)
            echo.recv(64)
            trips += 1
    stop.append(True)
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    return trips / elapsed, sum(results) / elapsed


def main(cpu_threads, seconds):
    echo = start_echo()
    trips_alone, _ = measure(echo, 0, seconds)
    _, cpu_alone = measure(None, cpu_threads, seconds)
    trips, cpu = measure(echo, cpu_threads, seconds)
    echo.close()
    os.wait()
    return {
        "trips_alone": trips_alone, "trips": trips, "cpu_alone": cpu_alone, "cpu": cpu,
        "trips_kept": trips / trips_alone, "cpu_kept": cpu / cpu_alone,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]))))
