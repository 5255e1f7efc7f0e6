import builtins

original = builtins.__import__


def is_library(namespace):
    spec = (namespace or {}).get("__spec__")
    return getattr(spec, "origin", None) in ("frozen", "built-in")


def __import__(name, globals=None, locals=None, fromlist=(), level=0):
    if level == 0 and not is_library(globals) and not allows(name):
        raise ImportError(
            f"the host does not allow scripts to import '{name}' (its import policy)", name=name
        )
    module = original(name, globals, locals, fromlist, level)
    if fromlist and level == 0 and not is_library(globals):
        for item in fromlist:
            full = f"{name}.{item}"
            if item != "*" and isinstance(getattr(module, item, None), type(builtins)) and not allows(full):
                raise ImportError(
                    f"the host does not allow scripts to import '{full}' (its import policy)", name=full
                )
    return module


builtins.__import__ = __import__
