"""Modules that two threads import, or look for, at once."""

import sys
import threading
import types

from litmus import correct, racy, together


# Its body runs once, and nobody sees the module before it has.
@correct({1})
def race_import():
    sys.modules.pop("imported", None)
    seen = []

    def load():
        import imported

        seen.append(imported.value)

    together(load, load)
    return len(set(seen))


# A module is in a table of modules before its body has run. `ModuleType` is called
# before it is there, so that with the GIL it is there with its contents.
@racy(free={"nothing", "AttributeError", 1}, gil={"nothing", 1}, twin="race_module_complete")
def race_module_too_early():
    return registered(early=True)


@correct({"nothing", 1})
def race_module_complete():
    return registered(early=False)


def registered(early):
    modules, seen = {}, []

    def load():
        module = types.ModuleType("m")
        if early:
            modules["m"] = module
            module.value = 1
        else:
            module.value = 1
            modules["m"] = module

    def use():
        try:
            module = modules.get("m")
            seen.append("nothing" if module is None else module.value)
        except AttributeError:
            seen.append("AttributeError")

    together(load, use)
    return seen[0]


# Two that find no module both load it, and the second module takes the place of the first. `ModuleType`
# is a call between.
@racy(free={1, 2}, gil={1, 2}, twin="race_loaded_once")
def race_loaded_twice():
    modules, loaded = {}, []

    def load():
        if "m" not in modules:
            loaded.append(1)
            modules["m"] = types.ModuleType("m")

    together(load, load)
    return len(loaded)


@correct({1})
def race_loaded_once():
    modules, loaded, lock = {}, [], threading.RLock()

    def load():
        with lock:
            if "m" not in modules:
                loaded.append(1)
                modules["m"] = types.ModuleType("m")

    together(load, load)
    return len(loaded)
