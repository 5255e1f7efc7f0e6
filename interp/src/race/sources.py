# What is explored: the models of files, tests, scripts. Executed behind shim.py, in the same scope.

import builtins
import gc
import importlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import types


class _Chance:
    """In the place of `os.urandom`: what depends on chance must be the same each time."""

    state = 0

    def __call__(self, size):
        found = bytearray()
        for _ in range(size):
            # Knuth, MMIX.
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
            found.append(self.state >> 56)
        return bytes(found)


_chance = os.urandom = _Chance()
if "posix" in sys.modules:
    sys.modules["posix"].urandom = _chance


def _reset_chance():
    _chance.state = 0
    if "random" in sys.modules:
        sys.modules["random"].seed(0)


def _import_in_one_step(import_):
    def __import__(name, *args, **kwargs):
        is_random = name == "random" and name not in sys.modules
        _import(True)
        try:
            return import_(name, *args, **kwargs)
        finally:
            _import(False)
            if is_random and name in sys.modules:
                sys.modules[name].seed(0)

    return __import__


builtins.__import__ = _import_in_one_step(builtins.__import__)
importlib.import_module = _import_in_one_step(importlib.import_module)


# Instrumented code by file or name, with what it was made from: the same places must have the same
# numbers when a module is executed again.
_codes = {}


def _instrumented(key, source, compile):
    known = _codes.get(key)
    if known is None or known[0] != source:
        known = _codes[key] = source, _instrument(compile(), True)
    return known[1]


class _FileLoader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        # Not from a cache in a file: what is instrumented is never written there.
        source = self.get_data(self.path)
        return _instrumented(self.path, source, lambda: self.source_to_code(source, self.path))


class _FrozenLoader:
    """A module of the standard library that is part of the program."""

    def create_module(self, spec):
        return None

    def get_code(self, fullname):
        code = importlib.machinery.FrozenImporter.get_code
        return _instrumented(fullname, None, lambda: code(fullname))

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)


class _Finder:
    """Instruments what is imported from below some directories, or by name."""

    def __init__(self):
        self.roots = []
        self.names = set()

    def find_spec(self, name, path=None, target=None):
        named = name.partition(".")[0] in self.names
        if named and importlib.machinery.FrozenImporter.find_spec(name) is not None:
            spec = importlib.machinery.FrozenImporter.find_spec(name)
            spec.loader = _FrozenLoader()
            _imported.append(name)
            return spec
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        if not named and not self.is_below(spec.origin):
            return None
        spec.loader = _FileLoader(spec.loader.name, spec.loader.path)
        _imported.append(name)
        return spec

    def is_below(self, path):
        # Packages that are installed inside of a project are not of it.
        inside = [path[len(root):] for root in self.roots if path.startswith(root)]
        return any("site-packages" not in rest.split(os.sep) for rest in inside)


_finder = _Finder()
sys.meta_path.insert(0, _finder)

# The instrumented modules that were imported, by name.
_imported = []


def include_directory(root):
    """Looks for modules in a directory first, and has what is imported from it instrumented."""
    root = os.path.abspath(root)
    if root not in sys.path:
        sys.path.insert(0, root)
    below = os.path.join(root, "")
    if below not in _finder.roots:
        _finder.roots.append(below)


def include_name(name):
    """Has a package or module instrumented, wherever it is found; one of the standard library, too."""
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    _finder.names.add(name)
    for stale in [other for other in sys.modules if other.partition(".")[0] == name]:
        del sys.modules[stale]


def _owned(modules):
    """The ids of what the modules hold, and whether some of it changes unseen."""
    names = {module.__name__ for module in modules}
    seen, unseen = set(), False
    todo = [vars(module) for module in modules]
    while todo:
        object = todo.pop()
        kind = type(object)
        if id(object) in seen or kind in _ATOMS or isinstance(object, types.ModuleType):
            continue
        if isinstance(object, (type, types.FunctionType)) and object.__module__ not in names:
            continue
        unseen = unseen or kind.__name__ in ("_local", "local", "ContextVar")
        seen.add(id(object))
        todo.extend(gc.get_referents(object))
    return seen, unseen


_ATOMS = frozenset((int, float, complex, str, bytes, bool, type(None), types.CodeType,
                    types.BuiltinFunctionType))


class Output(io.TextIOBase):
    """What an execution prints."""

    def __init__(self):
        self.parts = []
        self.is_seen = False

    def writable(self):
        return True

    def write(self, text):
        if self.is_seen:
            _touch(self)
        self.parts.append(text)
        return len(text)

    def getvalue(self):
        return "".join(self.parts)


output = Output()


class Source:
    """Something to be explored. An execution that finds what an earlier one has changed would not
    be the same twice, so then everything is loaded anew."""

    is_loaded = False
    changes_unseen = False

    def load(self):
        """Executes what is executed once. Returns modules that are not among `_imported`."""
        return []

    def fresh(self):
        for name in _imported:
            sys.modules.pop(name, None)
        _imported.clear()
        modules = self.load()
        mine = [sys.modules[name] for name in _imported if name in sys.modules]
        owned, self.changes_unseen = _owned([*modules, *mine])
        _own(list(owned))
        self.is_loaded = True

    def prepare(self, name):
        """A function that runs one execution of a model."""
        global output
        reset_threads()
        _reset_chance()
        output = sys.stdout = Output()
        if not self.is_loaded or self.changes_unseen or _is_changed():
            self.fresh()
        return self.model(name)

    def texts(self):
        """The sources that an execution depends on: an edit of one may change the schedule."""
        modules = [sys.modules[name] for name in _imported if name in sys.modules]
        # A module that is part of the program has none.
        files = {getattr(module, "__file__", None) for module in modules}
        return [_read(file) for file in sorted(filter(None, files))]


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return path


class Models(Source):
    """A file with models. One that has none, but tests, is taken to be a file of tests."""

    def __init__(self, path, text, name, package=None):
        self.path = path
        self.name = name
        self.package = package
        self.text = text
        self.code = _instrument(compile(text, path, "exec", dont_inherit=True), True)

    def texts(self):
        return [self.text, *super().texts()]

    def load(self):
        module = types.ModuleType(self.name)
        module.__file__ = self.path
        if self.package is not None:
            module.__package__ = self.package
        sys.modules[self.name] = module
        exec(self.code, module.__dict__)
        self.names = module.__dict__
        return [module]

    def models(self):
        """The names of the models in it, in their order."""
        self.fresh()
        return race_models(self.names) or self.tests()

    def tests(self):
        found = []
        for name, value in self.names.items():
            if isinstance(value, types.FunctionType) and name.startswith("test_"):
                # Whatever has parameters wants pytest to fill them.
                if not value.__code__.co_argcount:
                    found.append(name)
            elif isinstance(value, type) and hasattr(value, "setUpClass") and hasattr(value, "debug"):
                if value.__module__ == self.name:
                    found += [f"{name}.{test}" for test in dir(value) if test.startswith("test")]
        return found

    def model(self, name):
        names = self.names
        if not name:
            return lambda: three_parts(names)
        owner, _, test = name.partition(".")
        if test:
            return lambda: run_case(names[owner](test))
        return names[name]


def of_module(name):
    """The models of a module, found as `import` finds it."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        return of_module(f"{name}.__main__")
    if spec is None or not spec.has_location:
        raise ModuleNotFoundError(f"No module named {name!r} with a source file", name=name)
    with open(spec.origin, encoding="utf-8") as file:
        return Models(spec.origin, file.read(), name, spec.parent)


class Script(Source):
    """An unmodified script. What it prints and its exit status are its outcome."""

    def __init__(self, path, text, arguments):
        self.path = path
        self.text = text
        self.arguments = arguments
        self.code = _instrument(compile(text, path, "exec", dont_inherit=True), True)

    def texts(self):
        return [self.text, *super().texts()]

    def models(self):
        return [os.path.basename(self.path)]

    def model(self, name):
        return self.run

    def run(self):
        main = types.ModuleType("__main__")
        main.__file__ = self.path
        sys.modules["__main__"] = main
        sys.argv = [self.path, *self.arguments]
        output.is_seen = True
        status = 0
        try:
            exec(self.code, main.__dict__)
        except SystemExit as exit:
            status = exit.code
        for thread in _alive():
            if thread is not _main and not thread.daemon:
                thread.join()
        return status, output.getvalue()
