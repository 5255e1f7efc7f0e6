"""Generators: lazy, two-way, and closed when nobody wants them any more."""

import itertools


def naturals():
    n = 0
    try:
        while True:
            n += 1
            yield n
    finally:
        print("closed at", n)


squares = (n * n for n in naturals())
print(list(itertools.islice(squares, 5)))
del squares


def averager():
    total = count = 0
    average = None
    while True:
        value = yield average
        total += value
        count += 1
        average = total / count


a = averager()
next(a)
print(a.send(10), a.send(20), a.send(60))


def inner():
    received = yield 1
    print("inner got", received)
    return "done"


def outer():
    result = yield from inner()
    print("outer got", result)
    yield 2


o = outer()
print(next(o), o.send("hi"))
g = outer()
next(g)
try:
    g.throw(KeyError("from outside"))
except KeyError as error:
    print("came back:", error)
