"""Objects that behave like the built-in ones."""

import functools


@functools.total_ordering
class Money:
    def __init__(self, cents):
        self.cents = cents

    def __repr__(self):
        return f"Money({self.cents})"

    def __str__(self):
        return f"{self.cents / 100:.2f}"

    def __format__(self, spec):
        return format(str(self), spec)

    def __add__(self, other):
        return Money(self.cents + other.cents) if isinstance(other, Money) else NotImplemented

    def __radd__(self, other):
        return self if other == 0 else NotImplemented

    def __mul__(self, factor):
        return Money(round(self.cents * factor))

    __rmul__ = __mul__

    def __eq__(self, other):
        return isinstance(other, Money) and self.cents == other.cents

    def __lt__(self, other):
        return self.cents < other.cents

    def __hash__(self):
        return hash(self.cents)

    def __bool__(self):
        return self.cents != 0


class Wallet:
    def __init__(self, *coins):
        self.coins = list(coins)

    def __len__(self):
        return len(self.coins)

    def __getitem__(self, index):
        return self.coins[index]

    def __contains__(self, coin):
        return coin in self.coins

    def __iter__(self):
        return iter(sorted(self.coins))

    def __call__(self, coin):
        self.coins.append(coin)
        return self

    def __getattr__(self, name):
        return f"no {name}"


a, b = Money(250), Money(99)
print(repr(a + b), str(2 * a), f"[{b:>8}]", sum([a, b]))
print(a > b, max(a, b), bool(Money(0)), len({a, Money(250)}))
try:
    a + 1
except TypeError as error:
    print(error)
wallet = Wallet(a, b)(Money(1))
print(len(wallet), wallet[-1], b in wallet, list(wallet), wallet[0:2], wallet.pocket)
