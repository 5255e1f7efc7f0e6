# What the import system does with bytecode caches: which file it looked at, what that was worth, and
# whether it wrote one. The judgement is the import system's own; beside it stands what the file says of itself.

external = sys.modules["_frozen_importlib_external"]
_imp = sys.modules["_imp"]
posix = sys.modules["posix"]
time = sys.modules["time"]
zipimport = sys.modules["zipimport"]

now = time.perf_counter_ns


def size_and_time(path):
    try:
        stat = external._path_stat(path)
    except (OSError, ValueError):
        return None
    return stat.st_size, stat.st_mtime


def look_gently(source):
    """No import fails because somebody looks."""
    try:
        return look(source)
    except Exception:
        return None


def number(data):
    return int.from_bytes(data, "little")


def look(source):
    """The cache that belongs to a source file, before anybody uses it."""
    try:
        path = external.cache_from_source(source)
    except NotImplementedError:
        return None
    note = {
        "path": path,
        "state": "absent",
        "detail": None,
        "foreign": [],
        "directory_writable": None,
    }
    folder, _, file = path.rpartition("/")
    stem = external._path_split(source)[1].rpartition(".")[0]
    try:
        names = posix.listdir(folder)
        note["directory_writable"] = posix.access(folder, posix.W_OK)
    except OSError:
        names = []
        above = folder.rpartition("/")[0] or "/"
        note["directory_writable"] = posix.access(above, posix.W_OK)
    for name in sorted(names):
        if name.startswith(stem + ".") and name.endswith(".pyc") and name != file:
            note["foreign"].append(folder + "/" + name)
    try:
        with external._io.FileIO(path, "r") as opened:
            data = opened.read()
    except FileNotFoundError:
        return note
    except OSError as error:
        note.update(state="unreadable", detail=str(error))
        return note
    note["state"], note["detail"] = judge(data, source)
    return note


def judge(data, source):
    """What the head of a cache says, beside what the source says."""
    if data[:4] != external.MAGIC_NUMBER:
        if len(data) < 4:
            return "truncated", f"it has {len(data)} bytes, and a head takes 16"
        return "foreign", f"its magic number is {data[:4].hex()}, and this interpreter's {external.MAGIC_NUMBER.hex()}"
    if len(data) < 16:
        return "truncated", f"it has {len(data)} bytes, and a head takes 16"
    flags = number(data[4:8])
    if flags & ~0b11:
        return "corrupt", f"its flags are {flags:#x}, which no version knows"
    if flags & 0b1:
        return judge_hash(data, source, checked=bool(flags & 0b10))
    stat = size_and_time(source)
    if stat is None:
        return "fresh", None
    size, changed = stat
    written_for = number(data[8:12])
    if written_for != int(changed) & 0xFFFFFFFF:
        return "stale", f"made for a source changed at {stamp(written_for)}, and the source was changed at {stamp(changed)}"
    if number(data[12:16]) != size & 0xFFFFFFFF:
        return "stale", f"made for a source of {number(data[12:16])} bytes, and the source has {size}"
    return "fresh", None


def judge_hash(data, source, checked):
    try:
        with external._io.FileIO(source, "r") as opened:
            actual = _imp.source_hash(_imp.pyc_magic_number_token, opened.read())
    except OSError:
        return "fresh", None
    same = data[8:16] == actual
    values = f"made for a source with the hash {data[8:16].hex()}, and the source has {actual.hex()}"
    if _imp.check_hash_based_pycs == "never" or (not checked and _imp.check_hash_based_pycs != "always"):
        return ("unchecked", None) if same else ("unchecked-stale", values)
    return ("fresh", None) if same else ("stale", values)


def stamp(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) + f" ({int(seconds)})"


def install(replace, noted):
    """Puts the places in between. `noted()` is the import that the calling thread is in."""

    def of(fullname):
        note = noted()
        return note if note is not None and note["name"] == fullname else None

    def around_get_code(original):
        def get_code(self, fullname=None):
            name = self.name if fullname is None else fullname
            note = of(name)
            if note is None or note["compile"] is not None:
                return original(self, name)
            source = getattr(self, "path", None)
            is_file = isinstance(self, external.SourceLoader) and isinstance(source, str)
            own = note["compile"] = {
                "source": source if isinstance(source, str) else None,
                "cache": look_gently(source) if is_file else None,
                "compiled_ns": None,
                "refused": None,
                "wrote": False,
                "why_not_written": None,
                "failed": True,
                "ns": 0,
            }
            cached = own["cache"] and own["cache"]["path"]
            before = cached and size_and_time(cached)
            started = now()
            try:
                code = original(self, name)
                own["failed"] = False
                return code
            finally:
                own["ns"] = now() - started
                if cached:
                    own["wrote"] = size_and_time(cached) != before
                    if own["compiled_ns"] is not None and not own["wrote"] and not own["failed"]:
                        own["why_not_written"] = why_not(own["cache"])

        return get_code

    def around_compile(original):
        def source_to_code(self, *args, **options):
            note = noted()
            own = note["compile"] if note is not None else None
            started = now()
            try:
                return original(self, *args, **options)
            finally:
                if own is not None:
                    own["compiled_ns"] = now() - started

        return source_to_code

    def around_judgement(original):
        def judgement(*args, **options):
            try:
                return original(*args, **options)
            except BaseException as error:
                note = noted()
                if note is not None and note["compile"] is not None:
                    note["compile"]["refused"] = f"{type(error).__name__}: {error}"
                raise

        return judgement

    replace(external.SourceLoader, "get_code", around_get_code)
    replace(external.SourcelessFileLoader, "get_code", around_get_code)
    replace(zipimport.zipimporter, "get_code", around_get_code)
    replace(external.SourceLoader, "source_to_code", around_compile)
    for name in ("_classify_pyc", "_validate_timestamp_pyc", "_validate_hash_pyc", "_compile_bytecode"):
        replace(external, name, around_judgement)


def why_not(cache):
    folder = cache["path"].rpartition("/")[0]
    if sys.dont_write_bytecode:
        by = "-B, the embedder, or code has set it"
        if not sys.flags.ignore_environment and posix.environ.get(b"PYTHONDONTWRITEBYTECODE"):
            by = "PYTHONDONTWRITEBYTECODE is set"
        return f"writing is turned off: sys.dont_write_bytecode is True ({by})"
    if size_and_time(folder) and not external._path_isdir(folder):
        return f"{folder} is no directory"
    if cache["directory_writable"] is False:
        return f"{folder} is not writable"
    return "the import system did not write it"
