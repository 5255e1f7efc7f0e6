"""Runs a workload of the library form: `library.py WORKLOAD --threads N [--scale F]`.

The workload defines `setup(n)`, `work(state, i)` and `check(state)`. Threads are started and made to
wait before the clock runs, so what is timed is the work and nothing else.
"""

import _thread
import argparse
import json
import os
import resource
import sys
import threading
import time


def parse_args():
    parser = argparse.ArgumentParser(prog="togil ab workload")
    parser.add_argument("workload")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    return parser.parse_args()


def load(path):
    """The workload as a module, which pickle and inspect can find."""
    import importlib.util

    name = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # The directory of somebody's workloads stays as it is.
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    missing = [part for part in ("setup", "work", "check") if not callable(getattr(module, part, None))]
    if missing:
        sys.exit(f"{path}: a workload defines setup(n), work(state, i) and check(state); "
                 f"missing here: {', '.join(missing)}")
    return name, module


def run_threads(work, state, count):
    """Runs `work(state, i)` in as many threads. Returns what it took, in seconds."""
    ready, done = threading.Semaphore(0), threading.Semaphore(0)
    start = threading.Event()
    errors = []

    def body(i):
        ready.release()
        start.wait()
        try:
            work(state, i)
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    threads = [threading.Thread(target=body, args=(i,), name=f"work-{i}") for i in range(count)]
    for thread in threads:
        thread.start()
    for _ in threads:
        ready.acquire()
    before, began = cpu_times(), time.perf_counter()
    start.set()
    for _ in threads:
        done.acquire()
    ended, after = time.perf_counter(), cpu_times()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    user, system = (b - a for a, b in zip(before, after))
    return {"wall_s": ended - began, "user_s": user, "sys_s": system}


def run_alone(work, state):
    """As `run_threads` for one thread, where `start()` returns at its end: the clock runs in the thread."""
    result = []

    def body():
        before, began = cpu_times(), time.perf_counter()
        try:
            work(state, 0)
        except BaseException as error:
            result.append(error)
            return
        ended, after = time.perf_counter(), cpu_times()
        user, system = (b - a for a, b in zip(before, after))
        result.append({"wall_s": ended - began, "user_s": user, "sys_s": system})

    thread = threading.Thread(target=body, name="work-0")
    thread.start()
    thread.join()
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def cpu_times():
    """User and system time of this process, and of the children that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime for usage in usages), sum(usage.ru_stime for usage in usages)


def main():
    args = parse_args()
    if args.threads < 1 or args.scale <= 0:
        sys.exit("--threads must be at least 1 and --scale above 0")
    if args.threads > 1 and getattr(_thread, "ONE_THREAD", False):
        sys.exit("one thread only: --threads must be 1")
    name, workload = load(args.workload)
    workload.SCALE = args.scale * getattr(workload, "SCALE", 1.0)
    state = workload.setup(args.threads)
    if getattr(_thread, "ONE_THREAD", False):
        times = run_alone(workload.work, state)
    else:
        times = run_threads(workload.work, state, args.threads)
    result = workload.check(state)
    path = os.environ.get("TOGIL_AB_WORK")
    if path:
        with open(path, "w") as file:
            json.dump(times, file)
    print(name, "ok", result)


if __name__ == "__main__":
    main()
