# `threading`, `queue` and the clocks of `time`, for threads under the scheduler's control. Executed
# once in a process, with the functions of lab.rs as globals.
#
# Locks and threads are made of the kernel's steps. Everything else that synchronises is the
# standard library's own code, instrumented, on top of these locks.

import importlib
import itertools
import sys
import time
import types


class Abandoned(BaseException):
    """Unwinds a thread whose execution is over."""


class Lock:
    """`threading.Lock`."""

    __slots__ = ("_held", "__weakref__")

    def __init__(self):
        # Only looked at outside of an execution.
        self._held = False

    def acquire(self, blocking=True, timeout=-1):
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout != -1 and timeout < 0:
            raise ValueError("timeout value must be a non-negative number")
        if _current() < 0:
            got, self._held = not self._held, True
            return got
        if not blocking or timeout == 0:
            return _acquire(self, False)
        if timeout == -1:
            return _acquire(self, True)
        return _acquire(self, True, float(timeout))

    def release(self):
        if _current() < 0:
            self._held = False
        elif not _release(self):
            raise RuntimeError("release unlocked lock")

    def locked(self):
        return self._held if _current() < 0 else _locked(self)

    __enter__ = acquire

    def __exit__(self, *_):
        self.release()

    def _at_fork_reinit(self):
        self._held = False

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked


class RLock:
    """`threading.RLock`."""

    __slots__ = ("_lock", "_owner", "_count", "__weakref__")

    def __init__(self):
        self._lock = Lock()
        self._owner = None
        self._count = 0

    def acquire(self, blocking=True, timeout=-1):
        me = _current()
        if self._owner == me and self._count:
            self._count += 1
            return True
        got = self._lock.acquire(blocking, timeout)
        if got:
            self._owner = me
            self._count = 1
        return got

    def release(self):
        if self._owner != _current() or not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._lock.release()

    def locked(self):
        return self._lock.locked()

    __enter__ = acquire

    def __exit__(self, *_):
        self.release()

    def _is_owned(self):
        return self._owner == _current() and self._count > 0

    def _recursion_count(self):
        return self._count if self._owner == _current() else 0

    def _release_save(self):
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        state = self._count
        self._count, self._owner = 0, None
        self._lock.release()
        return state

    def _acquire_restore(self, state):
        self._lock.acquire()
        self._count, self._owner = state, _current()

    def _at_fork_reinit(self):
        self.__init__()


# Of the execution that runs: its threads by number, and the numbers of those without a name.
_threads = {}
_numbers = itertools.count(1)


def reset_threads():
    global _numbers
    _threads.clear()
    _threads[0] = _main
    _numbers = itertools.count(1)


class Thread:
    """`threading.Thread`."""

    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None,
                 context=None):
        if group is not None:
            raise AssertionError("group argument must be None for now")
        if name is None:
            name = f"Thread-{next(_numbers)}"
            try:
                name = f"{name} ({target.__name__})"
            except AttributeError:
                pass
        self._target = target
        self._name = str(name)
        self._args = args
        self._kwargs = {} if kwargs is None else kwargs
        self._daemonic = current_thread().daemon if daemon is None else bool(daemon)
        self._id = None
        self._ended = False

    def start(self):
        if self._id is not None:
            raise RuntimeError("threads can only be started once")
        if _current() < 0:
            raise RuntimeError(
                "a thread is started while a module is imported: start it in the model"
            )
        self._id = -1
        self._id = _start(lambda: self._bootstrap(), self._name, self._daemonic)

    def _bootstrap(self):
        self._id = _current()
        _threads[self._id] = self
        try:
            self.run()
        except (Abandoned, SystemExit):
            pass
        except BaseException as error:
            _fail(error)
        finally:
            self._ended = True

    def run(self):
        try:
            if self._target is not None:
                self._target(*self._args, **self._kwargs)
        finally:
            del self._target, self._args, self._kwargs

    def join(self, timeout=None):
        if self._id is None:
            raise RuntimeError("cannot join thread before it is started")
        if self._id == _current():
            raise RuntimeError("cannot join current thread")
        if timeout is None:
            _join(self._id)
        else:
            _join(self._id, max(0.0, float(timeout)))

    def is_alive(self):
        if self._id is None:
            return False
        # A step of its own: its answer depends on what the thread has done so far.
        return not _join(self._id, 0.0)

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, name):
        self._name = str(name)

    @property
    def daemon(self):
        return self._daemonic

    @daemon.setter
    def daemon(self, daemonic):
        if self._id is not None:
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemonic = bool(daemonic)

    @property
    def ident(self):
        return None if self._id is None else self._id + 1

    native_id = ident

    def isDaemon(self):
        return self.daemon

    def setDaemon(self, daemonic):
        self.daemon = daemonic

    def getName(self):
        return self.name

    def setName(self, name):
        self.name = name

    def __repr__(self):
        state = "initial" if self._id is None else "stopped" if self._ended else "started"
        return f"<{type(self).__name__}({self._name}, {state} {self.ident})>"


class _Main(Thread):
    def __init__(self):
        self._name = "MainThread"
        self._daemonic = False
        self._id = 0
        self._ended = False


_main = _Main()


def current_thread():
    return _threads.get(_current(), _main)


def get_ident():
    return _current() + 1


def _alive():
    return [_main] + [t for t in _threads.values() if t is not _main and not t._ended]


def _code_of(module):
    loader = module.__spec__.loader
    return loader.get_code(module.__name__)


def _clone(name):
    """A module of the standard library once more, instrumented."""
    original = importlib.import_module(name)
    clone = types.ModuleType(name, original.__doc__)
    clone.__spec__ = original.__spec__
    clone.__file__ = getattr(original, "__file__", None)
    clone.__loader__ = original.__spec__.loader
    exec(_instrument(_code_of(original), False), clone.__dict__)
    return clone


# Modules that have taken locks or threads from the originals. They are imported anew.
_STALE = ("queue", "concurrent.futures", "concurrent.futures._base", "concurrent.futures.thread",
          "sched", "asyncio", "logging", "multiprocessing", "socketserver")


def _show_unraisable(args, show=sys.unraisablehook):
    # A destructor unwinds, too.
    if not issubclass(args.exc_type, Abandoned):
        show(args)


def _set_up():
    sys.unraisablehook = _show_unraisable
    time.sleep = lambda seconds: _sleep(float(seconds))
    for clock in ("monotonic", "time", "perf_counter"):
        setattr(time, clock, _now)
        setattr(time, clock + "_ns", lambda: int(_now() * 1e9))
    threading = _clone("threading")
    threading._allocate_lock = threading.Lock = Lock
    threading._CRLock = threading._PyRLock = threading.RLock = RLock
    threading.Thread = Thread
    threading.current_thread = threading.currentThread = current_thread
    threading.main_thread = lambda: _main
    threading.get_ident = threading.get_native_id = get_ident
    threading.enumerate = _alive
    threading.active_count = threading.activeCount = lambda: len(_alive())
    threading._time = _now

    class Timer(Thread):
        """`threading.Timer`."""

        def __init__(self, interval, function, args=None, kwargs=None):
            super().__init__()
            self.interval = interval
            self.function = function
            self.args = [] if args is None else args
            self.kwargs = {} if kwargs is None else kwargs
            self.finished = threading.Event()

        def cancel(self):
            self.finished.set()

        def run(self):
            self.finished.wait(self.interval)
            if not self.finished.is_set():
                self.function(*self.args, **self.kwargs)
            self.finished.set()

    threading.Timer = Timer
    sys.modules["threading"] = threading
    for name in _STALE:
        for stale in [n for n in sys.modules if n == name or n.startswith(name + ".")]:
            del sys.modules[stale]
    queue = _clone("queue")
    queue.SimpleQueue = queue._PySimpleQueue
    sys.modules["queue"] = queue


_set_up()
