# Attributes, items, slices, deletion.
class Box:
    kind = "box"
    def __init__(self, n): self.n = n; self.items = [n, n + 1, n + 2]; self.by = {"a": n}
    def bump(self, by=1, *rest, **named): self.n += by; return self.n, rest, sorted(named)
    @property
    def twice(self): return self.n * 2
    @classmethod
    def make(cls, n): return cls(n)
    @staticmethod
    def free(x): return x
class Sub(Box):
    def __init__(self, n): super().__init__(n); super(Sub, self).bump()
    def bump(self, *a, **k): return super().bump(*a, **k)
b = Sub(3)
show(b.n, b.twice, b.kind, Sub.make(4).n, Sub.free(9), b.free(8))
show(b.bump(), b.bump(2), b.bump(2, 3, z=1, y=2), b.bump(*[1, 2], **{"k": 1}), b.bump(by=4))
b.items[0] = 7; b.items[1] += 5; del b.items[2]; b.by["b"] = 1; b.by["a"] += 1; del b.by["b"]
show(b.items, b.by, b.items[0:1], b.items[:], b.items[::-1])
b.items[1:1] = [8, 9]; i = 1; b.items[0:i] = []; show(b.items); del b.items[0:i]; show(b.items)
del b.n; show(hasattr(b, "n"), getattr(b, "n", None)); b.x = b.y = 5; show(b.x + b.y, b.__dict__)
# Globals, nonlocals, cells, deletion of each.
count = 0
def bump():
    global count, made
    count += 1; made = count
    return count
def outer(x):
    def inner(d):
        nonlocal x
        x += d
        def deep(): return x + d
        return deep
    first = inner(1); second = inner(10)
    return x, first(), second()
def gone(x):
    def see(): return x
    del x
    try: see()
    except NameError as e: show(str(e))
    x = 3
    return see()
show(bump(), bump(), made, outer(5), gone(1))
def unbound():
    try: return v
    except UnboundLocalError as e: show(str(e))
    v = 1
unbound()
try: undefined_name
except NameError as e: show(str(e))
del made
try: made
except NameError as e: show(str(e))
# Comprehensions, inlined or not, with cells and conditions.
def comps(l):
    x = 10
    fs = [lambda: i + x for i in l]
    a = [i * j for i in l for j in l if i != j if j]
    d = {k: [v for v in range(k)] for k in l}
    s = {c for c in "hello" if c in "hole"}
    g = (i + x for i in l)
    return [f() for f in fs], a, d, sorted(s), list(g), sum(i for i in l), any(i > 2 for i in l), all(i for i in l)
show(*comps([1, 2, 3]))
show([x for x in [1, 2, 3] if x % 2], [y := 5, y ** 2], x if (x := 3) else 0)
class Comp:
    n = 3
    squares = [i * i for i in range(n)]
    pairs = {k: v for k, v in zip("ab", squares)}
show(Comp.squares, Comp.pairs)
# Loops with else, break, continue, nested; while.
def loops():
    out = []
    for i in range(5):
        for j in range(i):
            if j == 2: continue
            if j == 3: break
            out.append((i, j))
        else: out.append(i)
    else: out.append("end")
    n = 5
    while n:
        n -= 1
        if n == 3: continue
        if n == 1: break
        out.append(n)
    else: out.append("never")
    while n < 3: n += 1
    else: out.append("always")
    for a, (b, *c) in [(1, (2, 3, 4)), (5, "ab")]: out.append((a, b, c))
    for out[0] in [9]: pass
    return out
show(loops())
# Exceptions: finally, nested, re-raised, chained, with tracebacks.
import traceback
def boom(x):
    y = [1]
    return (
        y[
            x
        ]
    )
def tries():
    log = []
    for how in range(5):
        try:
            try:
                if how == 0: boom(5)
                elif how == 1: return_early = 1 / 0
                elif how == 2: continue
                elif how == 3: raise ValueError("three") from KeyError("cause")
                else: break
            except ZeroDivisionError as e:
                log.append(type(e).__name__)
                raise RuntimeError("again") from e
            except (IndexError, TypeError) as e:
                log.append(repr(e))
                raise
            else: log.append("else")
            finally: log.append(("finally", how))
        except Exception as e:
            log.append(traceback.format_exception(e))
    return log
for line in tries(): show(line)
def returns():
    try: return "try"
    finally: show("finally")
def swallows():
    for _ in (1,):
        try: 1 / 0
        finally: break
    return "swallowed"
show(returns(), swallows())
def groups():
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2), ExceptionGroup("h", [KeyError(3), ValueError(4)])])
    except* ValueError as e: show(repr(e))
    except* TypeError as e: show(repr(e))
    except* KeyError as e: show(repr(e))
    else: show("else")
    finally: show("finally")
    try:
        try: raise ExceptionGroup("g", [ValueError(1), OSError(2)])
        except* ValueError: pass
    except ExceptionGroup as e: show(repr(e))
groups()
assert count, "message"
try: assert not count, ("tuple", count)
except AssertionError as e: show(repr(e))
# With statements.
class Ctx:
    def __init__(self, name, eats=False): self.name, self.eats = name, eats
    def __enter__(self): show("enter", self.name); return self
    def __exit__(self, kind, value, tb): show("exit", self.name, kind, tb and tb.tb_lineno); return self.eats
def withs():
    with Ctx("a") as a, Ctx("b", True) as b: show(a.name, b.name); boom(3)
    with Ctx("c", True): raise KeyError
    for i in range(2):
        with Ctx(i):
            if i: return i
            continue
    with (Ctx("never")): pass
show(withs())
try:
    with Ctx("d") as c.x: pass
except NameError as e: show(str(e))
# Generators: send, throw, close, yield from, return values, finally, nested delegation.
def gen():
    got = []
    try:
        while True:
            try: got.append((yield len(got)))
            except ValueError as e: got.append(repr(e)); yield "caught"
    finally: show("closed", got)
def chain(*its):
    total = 0
    for it in its: total += (yield from it) or 0
    return total
def counted(n):
    for i in range(n): yield i
    return n
g = gen(); show(next(g), g.send("a"), g.throw(ValueError("v")), next(g), g.send("b")); g.close()
def drive():
    result = yield from chain(counted(2), [7, 8], counted(3))
    yield ("result", result)
show(list(drive()))
def delegating():
    try: yield from gen()
    except KeyError as e: yield ("outer", repr(e))
d = delegating(); show(next(d), d.send(1), d.throw(ValueError("w")), d.throw(KeyError("k"))); show(list(d))
def stops():
    yield 1
    raise StopIteration("x")
try: list(stops())
except RuntimeError as e: show(repr(e), repr(e.__cause__))
def deep(n): 
    if n: yield from deep(n - 1)
    yield n
show(list(deep(30)))
# Coroutines, async for, async with, async comprehensions, async generators.
import types
@types.coroutine
def step(x): return (yield x)
class Aiter:
    def __init__(self, n): self.n = n
    def __aiter__(self): return self
    async def __anext__(self):
        if not self.n: raise StopAsyncIteration
        self.n -= 1
        return await step(self.n)
class Actx:
    async def __aenter__(self): await step("enter"); return self
    async def __aexit__(self, *a): await step("exit"); show(a[0]); return a[0] is KeyError
async def agen(n):
    try:
        for i in range(n): yield i; await step(("agen", i))
    finally: show("agen closed")
async def work():
    out = []
    async for x in Aiter(2): out.append(x)
    else: out.append("else")
    async with Actx() as a, Actx(): out.append(type(a).__name__); raise KeyError
    out.append([x async for x in Aiter(2) if x is None])
    out.append({x: await step(x) async for x in agen(2)})
    async for x in agen(5):
        if x: break
    try: await fails()
    except ZeroDivisionError as e: out.append([f.lineno for f in traceback.extract_tb(e.__traceback__)])
    return out
async def fails(): await step("f"); 1 / 0
def drive(coro, sent=None):
    seen = []
    try:
        while True: seen.append(coro.send(sent))
    except StopIteration as e: return seen, e.value
show(*drive(work()))
c = work(); c.send(None)
try: c.throw(OSError("thrown"))
except OSError as e: show([f.lineno for f in traceback.extract_tb(e.__traceback__)])
import asyncio
async def main():
    async def one(i): await asyncio.sleep(0); return i
    async with asyncio.TaskGroup() as tg: ts = [tg.create_task(one(i)) for i in range(3)]
    return [t.result() for t in ts] + await asyncio.gather(one(7), one(8))
show(asyncio.run(main()))
# Match statements.
class Point:
    __match_args__ = ("x", "y")
    def __init__(self, x, y): self.x, self.y = x, y
def match(v):
    match v:
        case 0 | 1: return "small"
        case int(n) if n > 100: return ("big", n)
        case str() as s: return ("str", s)
        case []: return "empty"
        case [x]: return ("one", x)
        case [x, *rest, y]: return ("ends", x, rest, y)
        case {"k": k, "l": [l, _], **rest}: return ("map", k, l, rest)
        case {"k": _}: return "k"
        case Point(x=0, y=y): return ("axis", y)
        case Point(x, y): return ("point", x, y)
        case None | True: return "single"
        case _: return "other"
for v in (0, 500, 50, "s", [], [1], (1, 2, 3, 4), {"k": 1, "l": [2, 3], "m": 4}, {"k": 5}, Point(0, 2), Point(3, 4), None, 1.5, {}): show(match(v))
# Classes: metaclass, decorators, closures in the body, __class__, slots, class cells, nested, generic.
class Meta(type):
    def __new__(m, name, bases, ns, **kw): ns["kw"] = kw; return super().__new__(m, name, bases, ns)
    def __prepare__(name, bases, **kw): return {"prepared": True}
def tag(*tags):
    def deco(x): x.tags = tags; return x
    return deco
def make(base):
    local = 5
    @tag(1, 2)
    @tag("last")
    class Made(base, metaclass=Meta, extra=local):
        __slots__ = ("slot",)
        value = local
        more = local + 1
        def who(self): return __class__.__name__, super().__repr__()[:5]
        class Nested: inner = 1
        if value: branch = "taken"
        for i in range(3): last = i
        del i
        value: int = 9
    return Made
M = make(object); m = M(); m.slot = 4
show(M.kw, M.prepared, M.value, M.more, M.tags, M.branch, M.last, hasattr(M, "i"), m.slot, m.who(), M.Nested.inner, M.__annotations__)
class Generic[T: int]:
    def m[U](self, u: U) -> T: return u
type Alias[T] = list[T]
def generic[T](x: T, y: "T" = 1) -> T: return x
show(Generic.__type_params__, Generic().m(1), Alias.__value__, generic(2), generic.__annotations__)
# Strings, operators, unpacking, conditional expressions, chained comparison, walrus, lambda, star calls.
def exprs(l, n=7, s="s"):
    w = 10
    l2 = l; l2 += [4]; l2 *= 2
    n //= 2; n <<= 3; n |= 1; n ^= 2; n &= 0xff; n **= 2; n %= 50; n >>= 1; n -= 1; n /= 2; n += 0.5
    return (f"{l} {n!r:>{w}} {s!s} {n:.2f} {w=} {{}}", s % (), "%s-%r" % (l, s), s * 3, l + [5], -n, ~w, +w, not l,
        1 < n < w, 1 < w < n, n if l else w, l and s or w, (lambda a, *b, c=1, **d: (a, b, c, d))(1, 2, c=3, e=4),
        [*l, *s], {**{"a": 1}, "b": 2}, {*l}, (*l, 1), n is None, s in "xs", s not in l, (q := w) + q, l is l2)
show(*exprs([1, 2]))
a, *b, (c, d) = 1, 2, 3, (4, 5); a, b = b, a; show(a, b, c, d)
def kw(a, /, b, *, c=3, **k): return a, b, c, k
show(kw(1, 2), kw(1, b=2, c=4, d=5), kw(*(1, 2), **{"c": 1}, e=2))
for bad in ("kw()", "kw(1, 2, 3)", "kw(**{1: 2})", "kw(*5)", "kw(1, 2, **{'c': 1}, c=2)", "5()", "[].x", "{}[1]", "a, b = 1, 2, 3", "a, b = 5", "{**5}", "[*5]", "len.x = 1", "del len.x", "for i in 5: pass", "5 in 6", "1 + 'a'", "'a' < 1", "with 5: pass", "None[0] = 1", "import nothing_there", "from os import nothing"):
    try: exec(bad)
    except Exception as e: show(bad, repr(e))
def mutable(x, acc=[]): acc.append(x); return acc
show(mutable(1), mutable(2))
ns = {}; exec("def f():\n    x = 1\n    return [x for _ in range(2)]\ny = f()", ns); show(ns["y"], eval("y + y", ns))
from os.path import join as j, sep; import os.path as p, collections.abc; show(j("a", "b"), p.sep == sep)
show(f(2) if (f := lambda n: n and n * f(n - 1) or 1) else 0)
def defaults(a, b=count, *, c: int = count + 1) -> str: return a, b, c
show(defaults(1), defaults.__defaults__, defaults.__kwdefaults__, defaults.__annotations__)
def locs(x):
    y = x
    def z(): return x
    return sorted(locals())
show(locs(1), [v for v in sorted(globals()) if v == "locs"])
print("printed", end="", file=type("F", (), {"write": lambda self, s: show(s)})())
if 0: show("never")
while 0: show("never")
try: import sys; sys.exit(3)
except SystemExit as e: show(e.code)
def recurse(n): return n if n == 0 else recurse(n - 1)
show(recurse(200))
try: (lambda f: f(f))(lambda f: f(f))
except RecursionError as e: show("deep")
def frames():
    import sys
    f = sys._getframe()
    g = (sys._getframe().f_lineno for _ in [1])
    return f.f_lineno - f.f_code.co_firstlineno, f.f_code.co_name, list(g)[0] - f.f_lineno
show(frames())
raise LookupError("the end") from KeyError(
    "cause")
