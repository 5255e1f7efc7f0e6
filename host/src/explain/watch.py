# Watches the import system at work. What it notes has the shape of `report.rs`.
#
# Nothing is imitated: the VM's own functions run, with places put in between at which is noted what they
# were asked and what they answered. Nothing is imported here that the start has not loaded, because a module
# that is in `sys.modules` is imported differently.

# By `import` one would ask the host's import policy.
bootstrap = sys.modules["_frozen_importlib"]
external = sys.modules["_frozen_importlib_external"]
_thread = sys.modules["_thread"]
builtins = sys.modules["builtins"]

now = sys.modules["time"].perf_counter_ns
absent = object()
# The frames of the import system, and this file's, which is compiled under such a name so that tracebacks
# leave it out.
MACHINERY = ("importlib", "<togil import policy>", "/importlib/_bootstrap")


class Local(_thread._local):
    stack = None  # the notes of the imports that the thread is in, if it is watched
    entries = None  # where the search along a path is noted


local = Local()
lock = _thread.allocate_lock()
undo = []  # what `stop` has to put back
watches = 0
program = None  # the notes of the whole program, if all threads are watched


def noted():
    """The import that this thread is in, if it is watched."""
    stack = local.stack
    return stack[-1] if stack else None


def stack_here():
    stack = local.stack
    if stack is None and program is not None:
        stack = local.stack = []
        local.top = program
    return stack


def importer():
    # From its own frame on: where Rust imports there is no other.
    frame = sys._getframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if not any(part in file for part in MACHINERY):
            module = frame.f_globals.get("__name__")
            return {"module": module if isinstance(module, str) else "?", "file": file, "line": frame.f_lineno}
        frame = frame.f_back
    return None


def place_of(error):
    """Where it was raised, as far as that is not the import system."""
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not any(part in code.co_filename for part in MACHINERY):
            module = traceback.tb_frame.f_globals.get("__name__")
            found = {
                "module": module if isinstance(module, str) else "?",
                "file": code.co_filename,
                "line": traceback.tb_lineno,
            }
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and isinstance(error.filename, str):
        found = {"module": "", "file": error.filename, "line": error.lineno or 0}
    return found


def described(error):
    try:
        message = str(error)
    except BaseException:
        message = ""
    chain, link = [], error
    while link is not None and id(link) not in chain and len(chain) < 50:
        chain.append(id(link))
        link = link.__cause__ or link.__context__
    kept.append(error)
    name = getattr(error, "name", None)
    return {
        "kind": type(error).__name__,
        "message": message,
        "name": name if isinstance(name, str) else None,
        "import_error": isinstance(error, ImportError),
        "not_found": isinstance(error, ModuleNotFoundError),
        "place": place_of(error),
        "chain": chain,
    }


kept = []  # as long as an identity stands in a note, nothing else may get it


def text(value):
    return value if isinstance(value, str) else None


def name_of(finder):
    """A finder, as a user would know it."""
    kind = finder if isinstance(finder, type) else type(finder)
    module = getattr(kind, "__module__", "")
    if module in ("_frozen_importlib", "_frozen_importlib_external", "zipimport"):
        return kind.__name__
    return f"{module}.{kind.__qualname__}"


def mapping_of(finder):
    """What an editable install's finder knows (setuptools' `MAPPING`)."""
    kind = finder if isinstance(finder, type) else type(finder)
    mapping = getattr(sys.modules.get(getattr(kind, "__module__", None)), "MAPPING", None)
    if type(mapping) is not dict:
        return {}
    return {key: value for key, value in mapping.items() if isinstance(key, str) and isinstance(value, str)}


def spec_note(spec):
    loader = spec.loader
    kind = name_of(loader) if loader is not None else "NamespaceLoader"
    state = getattr(spec, "loader_state", None)
    locations = spec.submodule_search_locations
    try:
        locations = None if locations is None else [str(entry) for entry in locations]
    except Exception:
        locations = []
    return {
        "kind": KINDS.get(kind, "other"),
        "loader": kind,
        "origin": text(spec.origin),
        "file": text(spec.origin) if spec.has_location else text(getattr(state, "filename", None)),
        "locations": locations,
    }


KINDS = {
    "BuiltinImporter": "built-in",
    "FrozenImporter": "frozen",
    "SourceFileLoader": "source",
    "SourcelessFileLoader": "bytecode",
    "ExtensionFileLoader": "extension",
    "NamespaceLoader": "namespace",
    "zipimporter": "zip",
}


class Noting:
    """A finder that notes what it is asked; otherwise the finder itself."""

    def __init__(self, finder, note, begin):
        self.__dict__.update(finder=finder, note=note, begin=begin)

    def __getattr__(self, name):
        value = getattr(self.finder, name)
        if name != "find_spec":
            return value
        note, begin = self.note, self.begin

        def find_spec(fullname, *rest):
            begin(fullname, rest)
            started = now()
            try:
                spec = value(fullname, *rest)
                if spec is not None:
                    note["found"] = spec_note(spec)
                return spec
            except BaseException as error:
                note["error"] = described(error)
                raise
            finally:
                note["ns"] = now() - started

        return find_spec


class WatchedSys:
    """`sys` for `_find_spec`: its finders note what they are asked."""

    def __getattr__(self, name):
        value = getattr(sys, name)
        note = noted()
        if name != "meta_path" or note is None or value is None:
            return value
        return [self.noting(note, finder) for finder in value]

    def noting(self, note, finder):
        own = {"finder": name_of(finder), "found": None, "error": None, "ns": 0, "entries": [], "mapping": {}}

        def begin(fullname, rest):
            if note["name"] == fullname:
                own["mapping"] = mapping_of(finder)
                if rest and rest[0] is not None:
                    note["path"] = [entry for entry in rest[0] if isinstance(entry, str)]
                note["finders"].append(own)

        return Noting(finder, own, begin)


def entry_note(entry, finder):
    return {
        "entry": entry,
        "finder": None if finder is None else name_of(finder),
        "found": None,
        "error": None,
        "ns": 0,
        # Its list of the directory may be older than the directory.
        "listed": None,
    }


def new_note(name, by):
    return {
        "name": name,
        "imported_by": by,
        "modules": "absent",
        "modules_ns": 0,
        "path": None,
        "finders": [],
        "spec": None,
        "find_ns": 0,
        "compile": None,
        "load_ns": None,
        "error": None,
        "total_ns": 0,
        "others": [],
        "imports": [],
    }


def state_of(module):
    if module is absent:
        return "absent"
    if module is None:
        return "none"
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        return "initializing"
    return "there"


def replace(owner, name, make):
    """Puts a function in the place of another, which it is given. A classmethod stays one."""
    before = vars(owner).get(name)
    if before is None:
        return
    bound = isinstance(before, classmethod)
    after = make(before.__func__ if bound else before)
    undo.append((owner, name, before))
    setattr(owner, name, classmethod(after) if bound else after)


def around_find_and_load(original):
    def _find_and_load(name, import_):
        stack = stack_here()
        if stack is None or not isinstance(name, str):
            return original(name, import_)
        note = new_note(name, importer())
        started = now()
        module = sys.modules.get(name, absent)
        note["modules_ns"] = now() - started
        note["modules"] = state_of(module)
        (stack[-1]["imports"] if stack else local.top).append(note)
        stack.append(note)
        started = now()
        try:
            return original(name, import_)
        except BaseException as error:
            note["error"] = described(error)
            raise
        finally:
            note["total_ns"] = now() - started
            stack.pop()

    return _find_and_load


def around_find_spec(original):
    # The very code, with another `sys`.
    code = getattr(original, "__code__", None)
    if code is not None:
        variables = dict(vars(bootstrap), sys=WatchedSys())
        original = type(original)(code, variables, original.__name__, original.__defaults__)

    def _find_spec(name, path, target=None):
        note = noted()
        if note is None or note["name"] != name:
            return original(name, path, target)
        note["finders"].clear()
        started = now()
        try:
            return original(name, path, target)
        finally:
            note["find_ns"] = now() - started

    return _find_spec


def around_load(original):
    def _load_unlocked(spec):
        note = noted()
        if note is None or note["name"] != spec.name:
            return original(spec)
        note["spec"] = spec_note(spec)
        started = now()
        try:
            return original(spec)
        finally:
            note["load_ns"] = now() - started

    return _load_unlocked


def around_path_search(original):
    def _get_spec(cls, fullname, path, target=None):
        note, before = noted(), local.entries
        mine = note is not None and note["name"] == fullname and note["finders"]
        local.entries = note["finders"][-1]["entries"] if mine else None
        try:
            return original(cls, fullname, path, target)
        finally:
            local.entries = before

    return _get_spec


def around_path_entry(original):
    def _path_importer_cache(cls, path):
        finder = original(cls, path)
        if local.entries is None:
            return finder
        note = entry_note(path, finder)
        local.entries.append(note)
        if finder is None:
            return None

        def begin(fullname, rest):
            note["listed"] = listed(finder, fullname)

        return Noting(finder, note, begin)

    return _path_importer_cache


def listed(finder, fullname):
    """Whether a FileFinder will look at the disk at all: it goes by a list that it made before, as long as
    the directory's time of change is the same."""
    if type(finder) is not external.FileFinder:
        return None
    try:
        if external._path_stat(finder.path).st_mtime != finder._path_mtime:
            return None
    except OSError:
        return None
    tail = fullname.rpartition(".")[2]
    return any(name == tail or name.startswith(tail + ".") for name in finder._path_cache)


def search_again(note):
    """Who else would have been found: the finders after the one that won, and the rest of the path."""
    name, path = note["name"], note["path"]
    won = note["spec"] and (note["spec"]["file"], note["spec"]["origin"])
    found = []

    def add(where, find):
        try:
            spec = find()
        except BaseException:
            return
        if spec is not None:
            other = spec_note(spec)
            if won != (other["file"], other["origin"]) or other["kind"] == "namespace":
                found.append({"where": where, "spec": other})

    for finder in list(sys.meta_path or ()):
        if finder is not external.PathFinder:
            find = getattr(finder, "find_spec", None)
            if find is not None:
                add(name_of(finder), lambda: find(name, path))
            continue
        for entry in list(sys.path if path is None else path):
            if isinstance(entry, str):
                found_by = finder._path_importer_cache(entry)
                if found_by is not None:
                    add(entry, lambda: found_by.find_spec(name))
    if "." not in name:
        add("FrozenImporter", lambda: hidden_library_spec(name))
    note["others"] = found


def hidden_library_spec(name):
    """Of the standard library's module, if an entry of the path in front of the library has one, too."""
    frozen = bootstrap.FrozenImporter
    if frozen not in sys.meta_path or not bootstrap._imp.is_frozen(name) or frozen.find_spec(name) is not None:
        return None
    package = bootstrap._imp.is_frozen_package(name)
    file, _ = frozen._resolve_filename(name, name, package)
    state = type(sys.implementation)(filename=file, origname=name)
    return bootstrap.ModuleSpec(name, frozen, origin="frozen", loader_state=state, is_package=package)


def what_is_there(note):
    """A module that was loaded before: what it is, and what a search would find now."""
    module = sys.modules.get(note["name"])
    spec = getattr(module, "__spec__", None)
    if isinstance(spec, bootstrap.ModuleSpec):
        note["spec"] = spec_note(spec)
    parent = sys.modules.get(note["name"].rpartition(".")[0])
    if parent is not None:
        note["path"] = [entry for entry in getattr(parent, "__path__", ()) if isinstance(entry, str)]


def complete(notes):
    """After the imports: looks at what can only be seen now, without being watched."""
    for note in notes:
        if note["modules"] in ("there", "initializing"):
            what_is_there(note)
        if note["name"].rpartition(".")[0] == "" or note["path"] is not None:
            search_again(note)
        complete(note["imports"])


def start():
    global watches
    with lock:
        watches += 1
        if watches > 1:
            return
        replace(bootstrap, "_find_and_load", around_find_and_load)
        replace(bootstrap, "_find_spec", around_find_spec)
        replace(bootstrap, "_load_unlocked", around_load)
        replace(external.PathFinder, "_get_spec", around_path_search)
        replace(external.PathFinder, "_path_importer_cache", around_path_entry)
        install_caches(replace, noted)


def stop():
    global watches
    with lock:
        watches -= 1
        if watches == 0:
            while undo:
                setattr(*undo.pop())
            kept.clear()


def watched(run):
    """Calls `run()` and returns the imports that this thread did meanwhile, and the exception it ended with."""
    if local.stack is not None:
        raise RuntimeError("this thread's imports are being watched already")
    notes, error = [], None
    start()
    try:
        local.stack, local.top = [], notes
        try:
            run()
        except Exception as raised:
            error = described(raised)
        finally:
            local.stack = None
        return result(notes, error)
    finally:
        stop()


def result(notes, error):
    complete(notes)
    every = []
    return {"roots": flattened(notes, every), "notes": every, "error": error}


def flattened(notes, every):
    """Puts the notes behind each other, inner ones first, and their places where they were: values that go to
    Rust may be nested less deep than imports."""
    places = []
    for note in notes:
        note["imports"] = flattened(note["imports"], every)
        places.append(len(every))
        every.append(note)
    return places


def explain(name):
    """Imports a module as a script would, with `__import__`: a host may have replaced it."""

    def run():
        builtins.__import__(name, {"__name__": "__main__"}, None, (), 0)

    # What is in `sys.modules` already never comes to `_find_and_load`.
    before = state_of(sys.modules.get(name, absent))
    seen = watched(run)
    if not seen["roots"] and before != "absent":
        note = new_note(name, None)
        note["modules"] = before
        return result([note], seen["error"])
    return seen


def find_only(name):
    """Where a module would come from, without loading it. Its parent must have been loaded."""
    note = new_note(name, None)
    note["modules"] = state_of(sys.modules.get(name, absent))
    found = result([note], None)
    if note["spec"] is None and note["others"]:
        note["spec"] = note["others"].pop(0)["spec"]
    return found


def begin_program():
    """Watches all threads from here on."""
    global program
    if program is not None:
        raise RuntimeError("the program's imports are being watched already")
    start()
    program = []


def end_program(error):
    """What was imported since `begin_program`, and the exception that ended the program."""
    global program
    notes, program = program, None
    local.stack = None
    try:
        return result(notes, None if error is None else described(error))
    finally:
        stop()


def surroundings():
    """What a search depends on."""
    flags = sys.flags
    main = sys.modules.get("__main__")
    argv = getattr(sys, "argv", None) or [""]
    return {
        "path": [entry for entry in sys.path if isinstance(entry, str)],
        "prefix": text(sys.prefix),
        "version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "stdlib": sorted(sys.stdlib_module_names),
        "known": list(sys.builtin_module_names),
        "script": text(getattr(main, "__file__", None)) or text(argv[0]) or "",
        "safe_path": bool(flags.safe_path),
        "ignore_environment": bool(flags.ignore_environment),
        "no_user_site": bool(flags.no_user_site),
        "gil": bool(sys._is_gil_enabled()),
    }



# Two watches in one interpreter must know of each other.
vars(bootstrap).setdefault("_togil_watch", globals())
