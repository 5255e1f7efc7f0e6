"""ThreadPoolExecutor for one thread: `submit` makes the call before it returns.

Takes the place of the standard library's, whose workers wait for their next call.
"""

import os
import contextvars
from concurrent.futures import _base


class BrokenThreadPool(_base.BrokenExecutor):
    """The initializer has failed."""


class ThreadPoolExecutor(_base.Executor):
    BROKEN = BrokenThreadPool

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=()):
        if max_workers is None:
            max_workers = min(32, (os.process_cpu_count() or 1) + 4)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._max_workers = max_workers
        self._thread_name_prefix = thread_name_prefix
        self._initializer = initializer
        self._initargs = initargs
        self._broken = False
        self._shutdown = False
        # A worker's: what one call sets, the next one sees and the caller does not.
        self._context = contextvars.Context()
        self._busy = False

    def submit(self, fn, /, *args, **kwargs):
        if self._broken:
            raise self.BROKEN(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = _base.Future()
        # Submitted by a call of this pool's: a second worker.
        context = contextvars.Context() if self._busy else self._context
        busy, self._busy = self._busy, True
        try:
            context.run(self._work, future, fn, args, kwargs)
        finally:
            self._busy = busy
        return future

    def _work(self, future, fn, args, kwargs):
        if self._initializer is not None and not self._initialize(future):
            return
        future.set_running_or_notify_cancel()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            future.set_exception(error)
            # Break a cycle: the traceback refers to this frame.
            future = None
        else:
            future.set_result(result)

    def _initialize(self, future):
        initializer, self._initializer = self._initializer, None
        try:
            initializer(*self._initargs)
        except BaseException:
            _base.LOGGER.critical("Exception in initializer:", exc_info=True)
            self._broken = "A thread initializer failed, the thread pool is not usable anymore"
            future.set_exception(self.BROKEN(self._broken))
            return False
        return True

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._shutdown = True
