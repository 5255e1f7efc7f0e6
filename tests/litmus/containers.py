"""Built-in containers: each method is one step, and two of them are two."""

import collections
import threading

from litmus import Box, correct, racy, together


@correct({("a", "b"), ("b", "a")})
def race_append():
    xs = []
    together(lambda: xs.append("a"), lambda: xs.append("b"))
    return tuple(xs)


# A loop can be interrupted at the end of each turn, with the GIL too.
@racy(
    free={(1, 2, 3, 4), (1, 3, 2, 4), (1, 3, 4, 2), (3, 1, 2, 4), (3, 1, 4, 2), (3, 4, 1, 2)},
    gil={(1, 2, 3, 4), (1, 3, 2, 4), (1, 3, 4, 2), (3, 1, 2, 4), (3, 1, 4, 2), (3, 4, 1, 2)},
    twin="race_extended_at_once",
)
def race_appended_one_by_one():
    xs = []

    def add(items):
        for item in items:
            xs.append(item)

    together(lambda: add((1, 2)), lambda: add((3, 4)))
    return tuple(xs)


@correct({(1, 2, 3, 4), (3, 4, 1, 2)})
def race_extended_at_once():
    box = Box(xs=[])

    def add(items):
        box.xs += items

    together(lambda: add((1, 2)), lambda: add((3, 4)))
    return tuple(box.xs)


# `list.append` is called without a look at who wants the GIL.
@racy(free={0, 1, 2}, gil={0, 2}, twin="race_two_extended")
def race_two_appended():
    xs, seen = [], []

    def write():
        xs.append(1)
        xs.append(2)

    together(write, lambda: seen.append(len(xs)))
    return seen[0]


@correct({0, 2})
def race_two_extended():
    xs, seen = [], []
    together(lambda: xs.extend((1, 2)), lambda: seen.append(len(xs)))
    return seen[0]


# `deque.append` is like any other call.
@racy(free={0, 1, 2}, gil={0, 1, 2}, twin="race_two_extended_in_deque")
def race_two_appended_to_deque():
    xs, seen = collections.deque(), []

    def write():
        xs.append(1)
        xs.append(2)

    together(write, lambda: seen.append(len(xs)))
    return seen[0]


@correct({0, 2})
def race_two_extended_in_deque():
    xs, seen = collections.deque(), []
    together(lambda: xs.extend((1, 2)), lambda: seen.append(len(xs)))
    return seen[0]


# Once there is an iterator, a new key is an error, at the end of the loop as well.
@racy(free={2, 3, "RuntimeError"}, gil={2, 3, "RuntimeError"}, twin="race_keys_copied")
def race_dict_resized():
    d, seen = {"a": 1, "b": 2}, []

    def read():
        n = 0
        try:
            for _ in d:
                n += 1
            seen.append(n)
        except RuntimeError:
            seen.append("RuntimeError")

    def write():
        d["c"] = 3

    together(read, write)
    return seen[0]


@correct({2, 3})
def race_keys_copied():
    d, seen = {"a": 1, "b": 2}, []

    def read():
        n = 0
        for _ in list(d):
            n += 1
        seen.append(n)

    def write():
        d["c"] = 3

    together(read, write)
    return seen[0]


# A value that changes is none: the keys are the same.
@correct({(1, 2), (1, 3)})
def race_dict_values_changed():
    d, seen = {"a": 1, "b": 2}, []

    def read():
        values = []
        for value in d.values():
            values.append(value)
        seen.append(tuple(values))

    def write():
        d["b"] = 3

    together(read, write)
    return seen[0]


# What is taken away in front of the iterator makes it skip one: (1, 3) has no 2, and (1, 2) no 3.
@racy(
    free={(1, 2, 3), (2, 3), (1, 3), (1, 2)},
    gil={(1, 2, 3), (2, 3), (1, 3), (1, 2)},
    twin="race_list_copied",
)
def race_list_shortened():
    xs, seen = [1, 2, 3], []

    def read():
        for x in xs:
            seen.append(x)

    together(read, lambda: xs.pop(0))
    return tuple(seen)


@correct({(1, 2, 3), (2, 3)})
def race_list_copied():
    xs, seen = [1, 2, 3], []

    def read():
        for x in xs.copy():
            seen.append(x)

    together(read, lambda: xs.pop(0))
    return tuple(seen)


# What is added behind the iterator is seen if it has not come to the end.
@correct({2, 3})
def race_list_lengthened():
    xs, seen = [1, 2], []

    def read():
        n = 0
        for _ in xs:
            n += 1
        seen.append(n)

    together(read, lambda: xs.append(3))
    return seen[0]


# The length was asked of a longer list.
@racy(free={2, "IndexError", 1}, gil={2, 1}, twin="race_last_by_negative_index")
def race_last_by_length():
    xs, seen = [1, 2], []

    def read():
        try:
            seen.append(xs[len(xs) - 1])
        except IndexError:
            seen.append("IndexError")

    together(read, lambda: xs.pop())
    return seen[0]


@correct({2, 1})
def race_last_by_negative_index():
    xs, seen = [1, 2], []

    def read():
        seen.append(xs[-1])

    together(read, lambda: xs.pop())
    return seen[0]


# The list is taken apart while it is sorted. A key that is a function in Python lets others in, at its
# entry: what they add is an error. Without one `sort` is a step like any other.
@racy(
    free={(0, 1, 2, 3), (1, 2, 3, 0), "ValueError"},
    gil={(0, 1, 2, 3), (1, 2, 3, 0), "ValueError"},
    twin="race_sorted_copy",
)
def race_sort_by_key():
    xs, seen = [3, 1, 2], []

    def key(x):
        return x

    def sort():
        try:
            xs.sort(key=key)
        except ValueError:
            seen.append("ValueError")

    together(sort, lambda: xs.append(0))
    return seen[0] if seen else tuple(xs)


@correct({(0, 1, 2, 3), (1, 2, 3)})
def race_sorted_copy():
    xs, seen = [3, 1, 2], []

    def key(x):
        return x

    def sort():
        seen.append(tuple(sorted(xs, key=key)))

    together(sort, lambda: xs.append(0))
    return seen[0]


class Node:
    def __init__(self, name, below):
        self.name = name
        self.below = below


class Stack:
    """A stack of nodes that are used again."""

    def __init__(self, names):
        self.lock = threading.Lock()
        self.head = None
        for name in reversed(names):
            self.head = Node(name, self.head)

    def pop(self):
        node = self.head
        self.head = node.below
        return node

    def push(self, node):
        node.below = self.head
        self.head = node

    def replace(self, old, new):
        """Compares and swaps, at once."""
        with self.lock:
            if self.head is old:
                self.head = new

    def names(self):
        node, names = self.head, ""
        while node is not None:
            names += node.name
            node = node.below
        return names


# ABA. One takes the head away if it is still the head: it is again, but what lay below it is not.
# B is on the stack though it was popped: BC. C and B are right, and AC is where it has seen that the
# head is another one. The entries of `pop` and `push` let it look in between.
@racy(free={"B", "C", "BC", "AC"}, gil={"B", "C", "BC", "AC"}, twin="race_aba_locked")
def race_aba():
    stack = Stack("ABC")

    def take():
        head = stack.head
        below = head.below
        stack.replace(head, below)

    def shuffle():
        with stack.lock:
            top = stack.pop()
            stack.pop()
            stack.push(top)

    together(take, shuffle)
    return stack.names()


@correct({"B", "C"})
def race_aba_locked():
    stack = Stack("ABC")

    def take():
        with stack.lock:
            stack.pop()

    def shuffle():
        with stack.lock:
            top = stack.pop()
            stack.pop()
            stack.push(top)

    together(take, shuffle)
    return stack.names()




class Unlike:
    """Is equal to nothing, which Python code says."""

    def __eq__(self, other):
        return False

    __hash__ = None


# Where Python code compares, a list is looked through item by item: what is behind may move meanwhile.
@racy(free={1, 0, "ValueError"}, gil={1, 0, "ValueError"}, twin="race_index_locked")
def race_index_by_python():
    xs, seen = [Unlike(), 5], []

    def look():
        try:
            seen.append(xs.index(5))
        except ValueError:
            seen.append("ValueError")

    together(look, lambda: xs.pop(0))
    return seen[0]


@correct({1, 0})
def race_index_locked():
    xs, seen, lock = [Unlike(), 5], [], threading.Lock()

    def look():
        with lock:
            seen.append(xs.index(5))

    def pop():
        with lock:
            xs.pop(0)

    together(look, pop)
    return seen[0]


# A dictionary keeps its keys in the order in which they came.
@correct({"ab", "ba"})
def race_dict_order_of_keys():
    keys = {}

    def one():
        keys["a"] = 1

    def other():
        keys["b"] = 2

    together(one, other)
    return "".join(keys)
