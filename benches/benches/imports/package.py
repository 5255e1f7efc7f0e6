"""Writes a package of `MODULES` modules with about 200 lines each, which its `__init__` imports.

About as dense as CPython's library, which has 15 lines for each code object and 139 for each class
(3.13, 446 modules; here 16 and 195): how much of an import is not compiling depends on it.
"""

import os
import random

MODULES = 200
LINES = 200

FUNCTION = '''
def merge_{k}(rows, limit={k}, *, strict=False):
    """Merge rows that belong together, and say how many there were.

    A row is a key and any number of values; values above the limit are left
    out unless `strict` is set, in which case they are an error.
    """
    result = {{}}
    skipped = 0
    for number, row in enumerate(rows):
        key, *values = row
        # What cannot be read counts as nothing.
        try:
            numbers = [float(value) * {k} for value in values if value]
        except (TypeError, ValueError) as error:
            raise ValueError(f"row {{number}} of {{len(rows)}}: {{error}}") from None
        # Any of them is enough, but all that are too large are counted.
        large = 0
        for value in numbers:
            if value > limit:
                large += 1
        if large:
            if strict:
                raise OverflowError("more than the limit of %d" % limit)
            skipped += large
            continue
        result.setdefault(key, []).extend(numbers)
    return {{key: sum(values) for key, values in sorted(result.items())}}, skipped

'''

HELPER = '''
def _scan_{k}(text, start=0):
    """Find the end of a word, or of what is in quotes."""
    end = start
    quoted = text[start:start + 1] in ('"', "'")
    while end < len(text):
        char = text[end]
        if quoted and char == text[start] and end > start:
            return end + 1, text[start + 1:end]
        elif not quoted and (char.isspace() or char in "()[]{{}},;"):
            break
        end += 1
    return end, text[start:end].lower()

'''

CLASS = '''
class Table{k}(dict):
    """Rows with names, in the order in which they came."""

    kind = "table-{k}"
    width: int = {k}

    def __init__(self, name, rows=(), *, parent=None):
        super().__init__(name=name)
        self.name = name
        self.rows = list(rows)
        self.parent = parent
        self._index = None
        self._changed = bool(self.rows)

    @property
    def index(self):
        """Where each name is; made when it is first asked for."""
        if self._index is None or self._changed:
            self._index = {{}}
            for number, row in enumerate(self.rows):
                name = row[0] if row else None
                if name in self._index:
                    raise KeyError(f"{{self.name}}: {{name!r}} is there twice")
                self._index[name] = number
            self._changed = False
        return self._index

    def add(self, name, *values, replace=False):
        """Add a row, or replace the one of that name."""
        if name in self.index:
            if not replace:
                return False
            self.rows[self.index[name]] = (name, *values)
        else:
            self.rows.append((name, *values))
            self._changed = True
        # The parent has to know, whatever it does about it.
        if self.parent is not None:
            self.parent.touched(self, name)
        return True

    def select(self, condition, limit=None):
        """The rows that fulfil a condition, as tuples."""
        found = []
        for row in self.rows:
            if limit is not None and len(found) >= limit:
                break
            if condition(row):
                found.append(tuple(row))
        return found

'''

HEAD = '''"""Module {i} of a package that is there to be imported."""

import functools
import os

__all__ = ["Table{i}", "merge_{i}"]

LIMITS = {{"rows": {i}, "columns": (1, 2, {i}), "names": frozenset({{"a", "b"}})}}
FACTOR = 2.5e-3


'''


def module(i):
    choice = random.Random(i)
    text = HEAD.format(i=i) + CLASS.format(k=i)
    k = 0
    while text.count("\n") < LINES - 12:
        k += 1
        text += choice.choice([FUNCTION, HELPER, HELPER]).format(k=1000 + k)
    return text


def write(directory):
    """Returns the number of lines."""
    package = os.path.join(directory, "package")
    os.makedirs(package)
    lines = 0
    for i in range(MODULES):
        text = module(i)
        lines += text.count("\n")
        with open(os.path.join(package, f"m{i}.py"), "w") as file:
            file.write(text)
    with open(os.path.join(package, "__init__.py"), "w") as file:
        file.writelines(f"from . import m{i}\n" for i in range(MODULES))
    return lines
