from random import Random

from sortedcontainers import SortedDict, SortedKeyList, SortedList

numbers = list(range(5000))
Random(1).shuffle(numbers)
ordered = SortedList(numbers)
assert list(ordered.irange(10, 13)) == [10, 11, 12, 13] and ordered.bisect_left(4000) == 4000
for number in numbers[:4000]:
    ordered.remove(number)
ordered._check()
assert len(ordered) == 1000
assert SortedDict({"b": 1, "a": 2}).peekitem(0) == ("a", 2)
assert list(SortedKeyList(["aaa", "b"], key=len)) == ["b", "aaa"]
