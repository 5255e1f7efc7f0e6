from toolz import compose, curry, groupby, merge_with, pipe, sliding_window

assert pipe([1, 2, 3], curry(map, lambda n: n * 2), list, sum) == 12
assert groupby(len, ["a", "bb", "c"]) == {1: ["a", "c"], 2: ["bb"]}
assert merge_with(sum, {"a": 1}, {"a": 2, "b": 3}) == {"a": 3, "b": 3}
assert list(sliding_window(2, [1, 2, 3])) == [(1, 2), (2, 3)] and compose(str, len)("abc") == "3"
