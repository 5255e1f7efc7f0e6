from more_itertools import bucket, chunked, consecutive_groups, peekable, set_partitions, windowed

assert list(chunked(range(5), 2)) == [[0, 1], [2, 3], [4]]
assert list(windowed([1, 2, 3], 2)) == [(1, 2), (2, 3)]
items = peekable([1, 2])
assert items.peek() == 1 and list(items) == [1, 2] and not items
assert [list(group) for group in consecutive_groups([1, 2, 4])] == [[1, 2], [4]]
assert len(list(set_partitions("abc"))) == 5
assert sorted(bucket(["a1", "b1", "a2"], key=lambda s: s[0])) == ["a", "b"]
