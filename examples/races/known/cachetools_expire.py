"""cachetools 5.3.1, https://github.com/tkem/cachetools/issues/115: KeyError in TTLCache.expire()."""

from threading import Lock, Thread

from cachetools import TTLCache


def race_expire(lock=None):
    now = [0]
    cache = TTLCache(maxsize=10, ttl=1, timer=lambda: now[0])
    cache["key"] = "value"
    now[0] = 2

    def expire():
        if lock is None:
            cache.expire()
        else:
            with lock:
                cache.expire()

    threads = [Thread(target=expire) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def race_expire_with_a_lock():
    race_expire(Lock())
