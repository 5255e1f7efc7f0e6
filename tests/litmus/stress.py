"""Runs every program of the catalogue many times in real threads, and prints as JSON what is stated of it
and what has happened. One that may wait for ever is not run.

    stress.py ROUNDS SECONDS FILE...

At most so many rounds and seconds for each program.
"""

import importlib
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import litmus


def dawdle(frame, event, _):
    """A trace function: pauses before bytecodes, now and then, or what races would hardly ever meet."""
    frame.f_trace_opcodes = True
    if event == "opcode" and random.random() < 0.15:
        time.sleep(0.00001)
    return dawdle


def at_once(*functions):
    """`litmus.together`, with nobody ahead."""
    there = []

    def run(function):
        there.append(1)
        while len(there) < len(functions):
            time.sleep(0)
        # With a GIL a call of it would be a place to switch where there is none.
        if not sys._is_gil_enabled():
            sys.settrace(dawdle)
        function()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def outcomes(program, rounds, seconds):
    seen, end = set(), time.monotonic() + seconds
    for _ in range(rounds):
        try:
            seen.add(repr(program()))
        except Exception as error:
            seen.add(f"raised {error!r}")
        if time.monotonic() > end:
            break
    return sorted(seen)


def main():
    rounds, seconds, *files = sys.argv[1:]
    litmus.together = at_once
    sys.setswitchinterval(1e-6)
    told = {}
    for file in files:
        module = importlib.import_module(file.removesuffix(".py"))
        for name, program in vars(module).items():
            if name.startswith("race_"):
                stated = litmus.CATALOGUE.get(name, {})
                waits = isinstance(stated.get("free"), str)
                seen = None if waits else outcomes(program, int(rounds), float(seconds))
                told[name] = stated | {"file": file, "seen": seen}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
