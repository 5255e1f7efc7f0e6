# What a model is, for `togil race` with and without --watch. Executed behind the `threading` of either,
# in the same scope.

import sys
import types


def race_models(names):
    """The names of the models among a module's, in their order; "" stands for `setup` and its kin."""
    found = [name for name, value in names.items() if callable(value)
             and (name.startswith("race_") or getattr(value, "_is_race_model", False))]
    if not found and "setup" in names and "workers" in names:
        return [""]
    return found


def three_parts(names):
    """`setup()`, `workers`, `invariant(state)`."""
    Thread = sys.modules["threading"].Thread
    state = names["setup"]()
    threads = [Thread(target=worker, args=(state,), name=worker.__name__)
               for worker in names["workers"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if "invariant" in names:
        held = names["invariant"](state)
        assert held is None or held, "the invariant does not hold"


def model(function):
    """Marks a function as a model."""
    function._is_race_model = True
    return function


def _lend_module():
    """`togil.race`, beside what a host has as `togil`."""
    try:
        import togil
    except ImportError:
        togil = types.ModuleType("togil")
    togil.race = types.ModuleType("togil.race", "Marks what `togil race` explores.")
    togil.race.model = model
    sys.modules["togil"] = togil
    sys.modules["togil.race"] = togil.race


_lend_module()
