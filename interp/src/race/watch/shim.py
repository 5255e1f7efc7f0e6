# `threading` and its kin, for threads that are watched. Executed once in a process, with the functions of kernel.rs
# as globals. The primitives are the real ones, and threads run as they like; what is added is who tells what to whom:
#
#   Lock, RLock             release -> the next acquire
#   Condition               its lock
#   Semaphore               the k-th release -> the (initial value + k)-th acquire, as of a channel in the Go
#                           memory model: no more, so that a semaphore of two is no lock
#   Event                   set -> a wait or is_set that says so
#   Barrier                 all that arrive -> all that leave (its lock)
#   Thread, Timer           start -> the thread -> join, and is_alive that says no; cancel -> the timer
#   Queue, SimpleQueue      put -> get; of a bounded queue get -> put; task_done -> join
#   ThreadPoolExecutor      submit -> the task -> its result, and shutdown; tasks are threads of their own unless
#                           there is one worker
#   import                  a module's code -> whoever imports something later

import builtins
import collections
import importlib.machinery
import itertools
import os
import sys
import threading
import types

import _thread

_real_lock = _thread.allocate_lock
_real_rlock = _thread.RLock

# Seconds between two looks whether all threads wait for ever.
_SLICE = 0.05


class Abandoned(BaseException):
    """Ends a wait that would never end: all threads wait."""


def _wait(attempt, what, sync=None):
    """Waits without a time-out: until `attempt(seconds)` has what it wants."""
    _waits(what, sync)
    try:
        while not attempt(_SLICE):
            if _is_hung():
                raise Abandoned(f"every thread waits; this one for {what}")
    finally:
        _woken()


class Lock:
    """`threading.Lock`."""

    __slots__ = ("_real", "_sync", "__weakref__")

    def __init__(self):
        self._real = _real_lock()
        self._sync = _sync()

    def acquire(self, blocking=True, timeout=-1):
        real = self._real
        if timeout != -1:
            got = real.acquire(blocking, timeout)
            if got:
                _locked(self._sync, False)
            return got
        if real.acquire(False):
            _locked(self._sync, bool(blocking))
            return True
        if not blocking:
            return False
        _about(self._sync)
        _wait(lambda seconds: real.acquire(True, seconds), "a lock", self._sync)
        _locked(self._sync, False)
        return True

    def __enter__(self):
        if self._real.acquire(False):
            _locked(self._sync, True)
            return True
        return self.acquire()

    def release(self):
        if self._real.locked():
            _unlocking(self._sync)
        self._real.release()

    def __exit__(self, *_):
        _unlocking(self._sync)
        self._real.release()

    def locked(self):
        return self._real.locked()

    def _at_fork_reinit(self):
        self._real._at_fork_reinit()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __repr__(self):
        return f"<{'locked' if self.locked() else 'unlocked'} {type(self).__name__} object>"


class RLock:
    """`threading.RLock`."""

    __slots__ = ("_real", "_sync", "_count", "__weakref__")

    def __init__(self):
        self._real = _real_rlock()
        self._sync = _sync()
        # Only looked at by who has it.
        self._count = 0

    def acquire(self, blocking=True, timeout=-1):
        real = self._real
        if timeout != -1:
            got, waits = real.acquire(blocking, timeout), False
        else:
            got, waits = real.acquire(False), bool(blocking)
            if not got and blocking:
                _about(self._sync)
                _wait(lambda seconds: real.acquire(True, seconds), "a lock", self._sync)
                got, waits = True, False
        if got:
            if self._count == 0:
                _locked(self._sync, waits)
            self._count += 1
        return got

    __enter__ = acquire

    def release(self):
        if self._real._is_owned():
            self._count -= 1
            if self._count == 0:
                _unlocking(self._sync)
        self._real.release()

    def __exit__(self, *_):
        self.release()

    def locked(self):
        return self._real.locked()

    def _is_owned(self):
        return self._real._is_owned()

    def _recursion_count(self):
        return self._real._recursion_count()

    def _release_save(self):
        count = self._count
        for _ in range(count):
            self.release()
        return count

    def _acquire_restore(self, count):
        for _ in range(count):
            self.acquire()

    def _at_fork_reinit(self):
        self._real._at_fork_reinit()
        self._count = 0

    def __repr__(self):
        return f"<{type(self).__name__} object count={self._count}>"


class _Quiet:
    """A lock inside another primitive, which tells nobody anything."""

    __slots__ = ("_real", "__weakref__")

    def __init__(self):
        self._real = _real_lock()

    def acquire(self, blocking=True, timeout=-1):
        real = self._real
        if timeout != -1:
            return real.acquire(blocking, timeout)
        if not real.acquire(False):
            if not blocking:
                return False
            _wait(lambda seconds: real.acquire(True, seconds), "a wake-up")
        return True

    __enter__ = acquire

    def release(self):
        self._real.release()

    def __exit__(self, *_):
        self._real.release()

    def locked(self):
        return self._real.locked()

    def _at_fork_reinit(self):
        self._real._at_fork_reinit()


def _wrap(owner, name, aliases=()):
    """Replaces a method by what the decorated function makes of it."""
    def decorate(make):
        method = make(getattr(owner, name))
        for alias in (name, *aliases):
            setattr(owner, alias, method)
    return decorate


threading.Lock = Lock
threading._CRLock = threading.RLock = RLock
threading._allocate_lock = _Quiet
Condition = threading.Condition


def _semaphores():
    for kind in (threading.Semaphore, threading.BoundedSemaphore):
        @_wrap(kind, "__init__")
        def _(original):
            def __init__(self, value=1):
                original(self, value)
                self._cond = Condition(_Quiet())
                self._first = iter(range(value))
                self._told = collections.deque()
            return __init__

        @_wrap(kind, "release")
        def _(original):
            def release(self, n=1):
                told = [_told() for _ in range(n)] if n >= 1 else []
                self._told.extend(told)
                try:
                    return original(self, n)
                except ValueError:
                    for _ in told:
                        self._told.pop()
                    raise
            return release

    @_wrap(threading.Semaphore, "acquire", ["__enter__"])
    def _(original):
        def acquire(self, blocking=True, timeout=None):
            got = original(self, blocking, timeout)
            if got and next(self._first, None) is None:
                try:
                    _take(self._told.popleft())
                except IndexError:
                    pass
            return got
        return acquire


_semaphores()
threading.BoundedSemaphore.__enter__ = threading.Semaphore.__enter__


def _events():
    Event = threading.Event

    @_wrap(Event, "__init__")
    def _(original):
        def __init__(self):
            original(self)
            self._cond = Condition(_Quiet())
            self._sync = _sync()
        return __init__

    @_wrap(Event, "set")
    def _(original):
        def set(self):
            _give(self._sync)
            original(self)
        return set

    def learns(original):
        def ask(self, *args, **kwargs):
            said = original(self, *args, **kwargs)
            if said:
                _take(self._sync)
            return said
        return ask

    _wrap(Event, "wait")(learns)
    _wrap(Event, "is_set", ["isSet"])(learns)


_events()


def _threads():
    Thread = threading.Thread

    @_wrap(Thread, "start")
    def _(original):
        def start(self):
            if not self._initialized or self._started.is_set():
                return original(self)
            global started
            started = True
            self._watched = _fork(self._name, bool(self._daemonic))
            try:
                original(self)
            except BaseException:
                _failed(self._watched)
                raise
        return start

    @_wrap(Thread, "_bootstrap_inner")
    def _(original):
        def _bootstrap_inner(self):
            _begin(self._watched)
            try:
                original(self)
            finally:
                _end(self._watched)
        return _bootstrap_inner

    @_wrap(Thread, "join")
    def _(original):
        def join(self, timeout=None):
            handle = self._os_thread_handle
            if timeout is not None or handle.is_done():
                original(self, timeout)
            else:
                def attempt(seconds):
                    original(self, seconds)
                    return handle.is_done()
                _wait(attempt, f"the end of {self._name}")
            if handle.is_done() and hasattr(self, "_watched"):
                _joined(self._watched)
        return join

    @_wrap(Thread, "is_alive")
    def _(original):
        def is_alive(self):
            alive = original(self)
            if not alive and hasattr(self, "_watched"):
                _joined(self._watched)
            return alive
        return is_alive

    def excepthook(args, /, original=threading.excepthook):
        if args.exc_type is not Abandoned:
            original(args)
    threading.excepthook = excepthook


# Whether a thread was started.
started = False
_threads()


def _lend_thread_module():
    """`_thread` for those that import it from now on."""
    lent = types.ModuleType("_thread", _thread.__doc__)
    lent.__dict__.update(_thread.__dict__)
    lent.allocate_lock = lent.allocate = lent.LockType = lent.lock = Lock
    lent.RLock = RLock

    def start_new_thread(function, args, kwargs={}):
        watched = _fork(getattr(function, "__name__", "thread"), True)

        def run(*args, **kwargs):
            _begin(watched)
            try:
                function(*args, **kwargs)
            finally:
                _end(watched)

        try:
            return _thread.start_new_thread(run, args, kwargs)
        except BaseException:
            _failed(watched)
            raise

    lent.start_new_thread = lent.start_new = start_new_thread
    sys.modules["_thread"] = lent


_lend_thread_module()


def _watch_queue(queue):
    Queue = queue.Queue
    # Its own lock would put all who use the queue into an order.
    queue.threading = types.SimpleNamespace(Lock=_Quiet, Condition=Condition)

    @_wrap(Queue, "__init__")
    def _(original):
        def __init__(self, maxsize=0):
            self._puts, self._gets, self._dones = _sync(), _sync(), _sync()
            original(self, maxsize)
            if type(self).__module__ != "queue":
                # Code of the user's runs under it.
                self.mutex = Lock()
                self.not_empty = Condition(self.mutex)
                self.not_full = Condition(self.mutex)
                self.all_tasks_done = Condition(self.mutex)
        return __init__

    @_wrap(Queue, "put")
    def _(original):
        def put(self, item, block=True, timeout=None):
            _give(self._puts)
            original(self, item, block, timeout)
            if self.maxsize > 0:
                _take(self._gets)
        return put

    @_wrap(Queue, "get")
    def _(original):
        def get(self, block=True, timeout=None):
            if self.maxsize > 0:
                _give(self._gets)
            item = original(self, block, timeout)
            _take(self._puts)
            return item
        return get

    @_wrap(Queue, "task_done")
    def _(original):
        def task_done(self):
            _give(self._dones)
            original(self)
        return task_done

    @_wrap(Queue, "join")
    def _(original):
        def join(self):
            original(self)
            _take(self._dones)
        return join

    real = queue.SimpleQueue

    class SimpleQueue:
        """`queue.SimpleQueue`."""

        __slots__ = ("_real", "_sync", "__weakref__")

        def __init__(self):
            self._real = real()
            self._sync = _sync()

        def put(self, item, block=True, timeout=None):
            _give(self._sync)
            self._real.put(item)

        def get(self, block=True, timeout=None):
            item = _get(self._real, block, timeout)
            _take(self._sync)
            return item

        def put_nowait(self, item):
            self.put(item)

        def get_nowait(self):
            return self.get(False)

        def empty(self):
            return self._real.empty()

        def qsize(self):
            return self._real.qsize()

        __class_getitem__ = classmethod(types.GenericAlias)

    def _get(real, block=True, timeout=None):
        if not block or timeout is not None:
            return real.get(block, timeout)
        found = []

        def attempt(seconds):
            try:
                found.append(real.get(True, seconds) if seconds else real.get(False))
            except queue.Empty:
                return False
            return True

        if not attempt(0):
            _wait(attempt, "an item")
        return found[0]

    class Work:
        """The queue of an executor: a task knows itself who has submitted it."""

        # Whether there is one worker, whose tasks come one after the other.
        alone = False

        def __init__(self):
            self._real = real()

        def put(self, item):
            if item is not None:
                item._alone = self.alone
            self._real.put(item)

        def get(self, block=True):
            return _get(self._real, block)

        def get_nowait(self):
            return self._real.get(False)

    queue.SimpleQueue = SimpleQueue
    queue._Work = Work


class _Idle:
    """Counts an executor's idle workers, and tells nobody anything."""

    def __init__(self, value):
        self._lock = _real_lock()
        self._value = value

    def acquire(self, timeout=None):
        with self._lock:
            had = self._value > 0
            self._value -= had
            return had

    def release(self):
        with self._lock:
            self._value += 1


def _watch_executor(thread):
    queue = sys.modules["queue"]
    thread.queue = types.SimpleNamespace(SimpleQueue=queue._Work, Empty=queue.Empty)
    thread.threading = types.SimpleNamespace(Lock=_Quiet, Semaphore=_Idle, Thread=threading.Thread)
    thread._global_shutdown_lock = _Quiet()

    @_wrap(thread.ThreadPoolExecutor, "__init__")
    def _(original):
        def __init__(self, *args, **kwargs):
            original(self, *args, **kwargs)
            self._work_queue.alone = self._max_workers == 1
        return __init__

    @_wrap(thread._WorkItem, "__init__")
    def _(original):
        def __init__(self, future, task):
            original(self, future, task)
            self._submitted = _told()
        return __init__

    @_wrap(thread._WorkItem, "run")
    def _(original):
        def run(self, context):
            if self._alone:
                _take(self._submitted)
                return original(self, context)
            _enter_task(self._submitted)
            try:
                original(self, context)
            finally:
                _leave_task()
        return run


_TO_WATCH = {"queue": _watch_queue, "concurrent.futures.thread": _watch_executor}
_imports = _sync()


def _watch_imports(import_):
    def __import__(*args, **kwargs):
        try:
            return import_(*args, **kwargs)
        finally:
            _take(_imports)
            if _TO_WATCH:
                for name in list(_TO_WATCH):
                    module = sys.modules.get(name)
                    ready = module is not None and not getattr(
                        module.__spec__, "_initializing", False)
                    if ready and (watch := _TO_WATCH.pop(name, None)):
                        watch(module)
    return __import__


builtins.__import__ = _watch_imports(builtins.__import__)


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        return _instrument(super().get_code(fullname))

    def exec_module(self, module):
        try:
            super().exec_module(module)
        finally:
            _give(_imports)


class _Finder:
    """Instruments what is imported from below a directory, or whose name begins so."""

    def __init__(self, root, names):
        self.root = os.path.join(root, "")
        self.names = names

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        named = any(name == other or name.startswith(other + ".") for other in self.names)
        if not named and not spec.origin.startswith(self.root):
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def include(root, names):
    """Has the modules beside a script and those with given names instrumented."""
    sys.path.insert(0, root)
    sys.meta_path.insert(0, _Finder(root, names))


def execute(path, text, names):
    """Runs a script in a module's names."""
    code = _instrument(compile(text, path, "exec", dont_inherit=True))
    try:
        exec(code, names)
    except Abandoned:
        # The report says where it hung.
        raise SystemExit(3) from None


def models(names):
    """The models that a script defines, by name. None if it has started threads itself."""
    if started:
        return {}
    found = race_models(names)
    return {name or "setup, workers": names[name] if name else lambda: three_parts(names)
            for name in found}


def run_model(function, runs):
    """Runs a model some times, until it fails. Returns what it raised, in words."""
    for _ in range(runs):
        try:
            function()
        except Abandoned:
            return None
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return None


def forget():
    """What was done so far does not count: the canary."""
    global started
    started = False
    threading._counter = itertools.count(1).__next__


def main_ends():
    _main_ends()
