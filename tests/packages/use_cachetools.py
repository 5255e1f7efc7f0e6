from threading import Lock

from cachetools import LRUCache, TTLCache, cached

now = 0
cache = TTLCache(maxsize=2, ttl=10, timer=lambda: now)
cache["a"] = 1
now = 11
assert "a" not in cache and len(cache) == 0
least = LRUCache(maxsize=2)
least.update(a=1, b=2)
least["a"]
least["c"] = 3
assert sorted(least) == ["a", "c"]
calls = []


@cached(LRUCache(10), lock=Lock())
def square(n):
    calls.append(n)
    return n * n


assert square(3) == square(3) == 9 and calls == [3]
