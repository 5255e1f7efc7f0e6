from boltons.cacheutils import LRU
from boltons.dictutils import OneToOne, OrderedMultiDict
from boltons.iterutils import chunked, remap
from boltons.strutils import slugify
from boltons.funcutils import wraps

assert chunked([1, 2, 3], 2) == [[1, 2], [3]] and slugify("A b, c!") == "a_b_c"
assert remap({"a": [1, None]}, visit=lambda path, key, value: value is not None) == {"a": [1]}
assert OneToOne({"a": 1}).inv[1] == "a" and OrderedMultiDict([("a", 1), ("a", 2)]).getlist("a") == [1, 2]
cache = LRU(max_size=1)
cache["a"] = 1
cache["b"] = 2
assert "a" not in cache


def f(a, b=2):
    return a + b


@wraps(f)
def g(*args, **kwargs):
    return f(*args, **kwargs)


assert g(1) == 3 and g(a=1, b=4) == 5
