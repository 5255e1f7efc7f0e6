"""Decorators: with and without arguments, on functions, methods and classes."""

import functools


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        print(f"-> {function.__name__}{args}")
        return function(*args, **kwargs)

    return wrapper


def repeat(times):
    def decorate(function):
        return lambda *args: [function(*args) for _ in range(times)]

    return decorate


@traced
def add(a, b):
    "Adds."
    return a + b


@repeat(3)
@traced
def greet(name):
    return f"hello {name}"


class Circle:
    def __init__(self, radius):
        self._radius = radius

    @property
    def radius(self):
        return self._radius

    @radius.setter
    def radius(self, value):
        if value < 0:
            raise ValueError("a radius is not negative")
        self._radius = value

    @classmethod
    def unit(cls):
        return cls(1)

    @staticmethod
    def is_round():
        return True


print(add(1, 2), add.__name__, add.__doc__)
print(greet("ada"))
circle = Circle.unit()
circle.radius += 4
try:
    circle.radius = -1
except ValueError as error:
    print(error)
print(circle.radius, Circle.is_round())


@functools.lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(80), fib.cache_info())
