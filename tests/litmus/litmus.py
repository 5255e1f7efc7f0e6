"""What the programs of the catalogue share.

A program is a function `race_*` that returns what happened. Its decorator states everything that may
happen, derived by hand, under three disciplines:

* `free`: threads run at once. What one statement does to one built-in object is one step.
* `any_bytecode`: a GIL that may change hands before any bytecode. A built-in method is one bytecode's
  work, and so one step here too: the same as `free` unless stated.
* `gil`: CPython 3.14 looks whether somebody wants the GIL at the entry of a function, where a generator
  goes on after a `yield`, at the end of a loop's turn, after a call (but for `len`, `isinstance`,
  `type(x)` and `list.append`), and where a thread waits. In between nobody else runs.

A set has what may be returned; a string is how exploring ends where there is an execution that
returns nothing.
"""

import threading

DEADLOCK = "deadlock"

# What is stated of each program, by name.
CATALOGUE = {}


def racy(*, free, gil, any_bytecode=None, twin=None, without_twin=None):
    """A program that goes wrong. `twin` does the same and is right; otherwise say why there is none."""

    def state(program):
        _add(program, free, any_bytecode or free, gil, twin=twin, without_twin=without_twin)
        return program

    return state


def correct(outcomes, *, gil=None):
    """A program that does what it should. Several outcomes differ in an order that it leaves open;
    `gil` has fewer of them where a GIL does not let them happen."""

    def state(program):
        _add(program, outcomes, outcomes, gil or outcomes, twin=None, without_twin="it is correct")
        return program

    return state


def _add(program, free, any_bytecode, gil, **twin):
    sets = {"free": free, "any_bytecode": any_bytecode, "gil": gil}
    shown = {name: s if isinstance(s, str) else sorted(map(repr, s)) for name, s in sets.items()}
    CATALOGUE[program.__name__] = shown | twin


class Box:
    """Has attributes."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def one():
    """A call of a function written in Python: its entry is a place to switch."""
    return 1


def together(*functions):
    """Runs what is given in threads, and waits for them."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
