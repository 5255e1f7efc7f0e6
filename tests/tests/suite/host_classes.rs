//! Rust types as Python classes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use togil::{Class, ExceptionClass, Function, Instance, New, PyHandle, Python, Raise};

use crate::GIL;
use crate::harness::in_process::{app, run};

struct Counter {
    value: i64,
}

fn counter() -> Class<Counter> {
    Class::<Counter>::builder("Counter")
        .doc("Counts.")
        .init(Function::builder("__init__").arg_default("start", 0), |(start,): (i64,)| {
            if start < 0 {
                return Err(Raise::new(ExceptionClass::ValueError, "not below zero"));
            }
            Ok(Counter { value: start })
        })
        .method_mut(
            Function::builder("inc").doc("Count on.").arg_default("by", 1),
            |this, (by,): (i64,)| {
                this.value += by;
                this.value
            },
        )
        .method("get", |this, (): ()| this.value)
        .method_mut_with_py("inc_by", |py: Python<'_>, this: &mut Counter, (f,): (PyHandle,)| {
            let by = f.bind(py).call((), py.vm())?;
            this.value += by.try_into_value::<i64>(py.vm())?;
            Ok::<_, togil::vm::builtins::PyBaseExceptionRef>(this.value)
        })
        .property(Function::builder("double").doc("Twice the value."), |this| 2 * this.value)
        .property_mut("value", |this| this.value, |this, value: i64| this.value = value)
        .function(Function::new("of", |(value,): (i64,)| New(Counter { value })))
        .repr(|this| format!("Counter({})", this.value))
        .eq(|this, other| this.value == other.value)
        .hash(|this| this.value as u64)
        .build()
}

#[test]
fn objects_have_methods_and_properties() {
    run(
        app().class(counter()),
        r#"
c = app.Counter(5)
same(c.get(), 5)
same((c.inc(), c.inc(2), c.inc(by=3)), (6, 8, 11))
same((c.value, c.double), (11, 22))
c.value = 1
same(c.value, 1)
same(repr(c), 'Counter(1)')
same(app.Counter().value, 0)
same(app.Counter(start=3).value, 3)
same(app.Counter.of(9).value, 9)
same(c.inc_by(lambda: 4), 5)
assert type(c) is app.Counter and isinstance(c, app.Counter) and not isinstance(5, app.Counter)
assert app.Counter(3) == app.Counter(3) != app.Counter(4) and app.Counter(3) != 3
same(len({app.Counter(3), app.Counter(3), app.Counter(4)}), 2)
same(list(map(app.Counter.get, [app.Counter(1), app.Counter(2)])), [1, 2])
bound = c.inc
same((bound(), bound(10)), (6, 16))
import weakref
same(weakref.ref(c)() is c, True)

same(error(app.Counter, -1), 'ValueError: not below zero')
same(error(app.Counter, 'x').split(':')[0:2], ['TypeError', " Counter.__init__() argument 'start'"])
same(error(c.inc, 1, 2), 'TypeError: Counter.inc() takes from 1 to 2 positional arguments but 3 were given')
same(error(c.inc, to=1), "TypeError: Counter.inc() got an unexpected keyword argument 'to'")
same(error(app.Counter.inc), 'TypeError: unbound method Counter.inc() needs an argument')
same(error(app.Counter.inc, 5), "TypeError: descriptor 'inc' for 'Counter' objects doesn't apply to a 'int' object")
same(error(setattr, c, 'double', 1).split(':')[0], 'AttributeError')
same(error(delattr, c, 'value').split(':')[0], 'AttributeError')
same(error(setattr, c, 'nothing', 1).split(':')[0], 'AttributeError')
same(error(c.__init__, 1), 'RuntimeError: __init__() was called before; make a new object')
"#,
    );
}

#[test]
fn help_and_inspect_see_the_class() {
    run(
        app().class(counter()),
        r#"
import inspect, pydoc
same((app.Counter.__name__, app.Counter.__qualname__, app.Counter.__module__, app.Counter.__doc__), ('Counter', 'Counter', 'app', 'Counts.'))
same(str(inspect.signature(app.Counter)), '(start=0)')
same(str(inspect.signature(app.Counter.inc)), '(self, /, by=1)')
same(str(inspect.signature(app.Counter().inc)), '(by=1)')
same((app.Counter.inc.__name__, app.Counter.inc.__qualname__, app.Counter.inc.__doc__), ('inc', 'Counter.inc', 'Count on.'))
same(app.Counter().inc.__doc__, 'Count on.')
same(app.Counter.double.__doc__, 'Twice the value.')
same(repr(app.Counter.inc), "<method 'inc' of 'Counter' objects>")
text = pydoc.render_doc(app.Counter, renderer=pydoc.plaintext)
for part in ['class Counter', 'Counts.', 'inc(self, /, by=1)', 'Count on.', 'Twice the value.', 'of(arg1, /)']:
    assert part in text, (part, text)
"#,
    );
}

#[test]
fn scripts_derive_from_a_class() {
    run(
        app().class(counter()),
        r#"
class Loud(app.Counter):
    def __init__(self, name, start):
        super().__init__(start)
        self.name = name
    def inc(self, by=1):
        return f'{self.name}: {super().inc(by)}'
loud = Loud('it', 5)
same(loud.inc(), 'it: 6')
same((loud.get(), loud.value, loud.name, repr(loud)), (6, 6, 'it', 'Counter(6)'))
assert isinstance(loud, app.Counter) and issubclass(Loud, app.Counter)
class Forgets(app.Counter):
    def __init__(self): pass
same(error(Forgets().get), 'RuntimeError: Forgets.__init__() was not called')
class Made(app.Counter):
    def __new__(cls, *args):
        self = super().__new__(cls)
        self.made = True
        return self
same((Made(4).value, Made(4).made), (4, True))
class Both(dict): pass
class Mixed(Loud):
    __slots__ = ('extra',)
m = Mixed('m', 1); m.extra = 5
same((m.extra, m.inc()), (5, 'm: 2'))
same(error(app.Counter.__new__, int).split(':')[0], 'TypeError')
same(error(lambda: type('Bad', (app.Counter, int), {})).split(':')[0], 'TypeError')
"#,
    );
}

#[test]
fn instances_cross_the_border() {
    let add = Function::builder("add").arg("a").arg("b").build(
        |(a, b): (Instance<Counter>, Instance<Counter>)| {
            New(Counter { value: a.borrow().value + b.borrow().value })
        },
    );
    let bump = Function::new("bump", |(c,): (Instance<Counter>,)| {
        c.borrow_mut().value += 1;
        c
    });
    let made = Function::builder("made").build_with_py(|py: Python<'_>, (): ()| {
        let c = Instance::new(py, Counter { value: 7 })?;
        c.borrow_mut().value += 1;
        Ok::<_, togil::ConversionError>(c)
    });
    struct Unknown;
    let unknown = Function::new("unknown", |(): ()| New(Unknown));
    run(
        app().class(counter()).function(add).function(bump).function(made).function(unknown),
        r#"
a, b = app.Counter(40), app.Counter(2)
c = app.add(a, b)
same((type(c), c.value), (app.Counter, 42))
assert app.bump(c) is c and c.value == 43
same(app.made().value, 8)
class Sub(app.Counter): pass
same(app.add(Sub(1), b=Sub(2)).value, 3)
same(error(app.add, a, 5), "TypeError: add() argument 'b': expected an object of the class Counter, found int")
assert 'import the module that defines it' in error(app.unknown)
"#,
    );
}

#[test]
fn a_borrow_in_use_is_an_error_and_no_wait() {
    run(
        app().class(counter()),
        r#"
c = app.Counter(1)
same(error(c.inc_by, lambda: c.inc()), 'RuntimeError: Already borrowed')
same(error(c.inc_by, lambda: c.get()), 'RuntimeError: Already mutably borrowed')
same(c.inc_by(lambda: 1), 2)
"#,
    );
}

/// A method that is in the middle of it, on another thread, while this one asks.
#[test]
fn a_concurrent_borrow_is_an_error_too() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let left = shared(left);
    let class = Class::<Counter>::builder("Counter")
        .init("__init__", |(): ()| Counter { value: 0 })
        .method_mut_with_py("stay", move |py: Python<'_>, _: &mut Counter, (): ()| {
            enter.send(()).expect("a listener");
            py.detach(|| left.lock().expect("no panic").recv_timeout(Duration::from_secs(30)))
                .is_ok()
        })
        .method("get", |this, (): ()| this.value)
        .build();
    let entered = shared(entered);
    let wait = Function::builder("wait").build_with_py(move |py: Python<'_>, (): ()| {
        py.detach(|| entered.lock().expect("no panic").recv_timeout(Duration::from_secs(30)))
            .is_ok()
    });
    let leave = shared(leave);
    let release = Function::new("release", move |(): ()| {
        leave.lock().expect("no panic").send(()).expect("a listener");
    });
    run(
        app().class(class).function(wait).function(release),
        r#"
import threading
c = app.Counter()
stayed = []
thread = threading.Thread(target=lambda: stayed.append(c.stay()))
thread.start()
assert app.wait()
same(error(c.get), 'RuntimeError: Already mutably borrowed')
same(error(c.stay), 'RuntimeError: Already borrowed')
app.release()
thread.join()
same((c.get(), stayed), (0, [True]))
"#,
    );
}

/// Channels are not `Sync`; closures must be.
fn shared<T>(value: T) -> std::sync::Mutex<T> {
    std::sync::Mutex::new(value)
}

struct Words(Vec<String>);

#[test]
fn objects_are_containers_iterators_callables_and_context_managers() {
    let words = Class::<Words>::builder("Words")
        .init(Function::builder("__init__").var_args("words"), |(words,): (Vec<String>,)| {
            Words(words)
        })
        .len(|this| this.0.len())
        .getitem(|this, index: usize| {
            let word = this.0.get(index).cloned();
            word.ok_or_else(|| Raise::new(ExceptionClass::IndexError, "no such word"))
        })
        .iter(|this| this.0.clone().into_iter())
        .call(Function::builder("__call__").arg("sep"), |this, (sep,): (String,)| this.0.join(&sep))
        .build();
    struct Countdown(i64);
    let countdown = Class::<Countdown>::builder("Countdown")
        .init("__init__", |(n,): (i64,)| Countdown(n))
        .next(|this| {
            this.0 -= 1;
            (this.0 >= 0).then_some(this.0)
        })
        .build();
    struct Scope(AtomicI64);
    let scope = Class::<Scope>::builder("Scope")
        .init("__init__", |(): ()| Scope(AtomicI64::new(0)))
        .context_manager(
            |this| {
                this.0.fetch_add(1, Ordering::SeqCst);
            },
            |this, error| {
                this.0.fetch_add(10, Ordering::SeqCst);
                error.is_some_and(|error| error.type_name() == "KeyError")
            },
        )
        .property("count", |this| this.0.load(Ordering::SeqCst))
        .build();
    run(
        app().class(words).class(countdown).class(scope),
        r#"
import collections.abc
w = app.Words('a', 'b', 'c')
same((len(w), w[1], list(w), w('-'), w(sep='')), (3, 'b', ['a', 'b', 'c'], 'a-b-c', 'abc'))
same(error(lambda: w[3]), 'IndexError: no such word')
same(error(lambda: w[-1]).split(':')[0], 'TypeError')
same(['b' in w, 'x' in w, [*w], dict(enumerate(w))[2]], [True, False, ['a', 'b', 'c'], 'c'])
it = iter(w)
same((next(it), next(it), next(it), next(it, 'end'), next(it, 'end')), ('a', 'b', 'c', 'end', 'end'))
assert isinstance(it, collections.abc.Iterator) and isinstance(w, collections.abc.Iterable)
assert bool(w) and not app.Words()
same(list(app.Countdown(3)), [2, 1, 0])
same(error(next, app.Countdown(0)), 'StopIteration: ')
s = app.Scope()
with s as inner:
    assert inner is s
    same(s.count, 1)
same(s.count, 11)
with s: raise KeyError('swallowed')
same(s.count, 22)
def fail():
    with s: raise ValueError('through')
same(error(fail), 'ValueError: through')
same(s.count, 33)
"#,
    );
}

#[test]
fn a_class_without_init_is_made_by_the_host_only() {
    struct Token(i64);
    let class = Class::<Token>::builder("Token").property("id", |this| this.0).build();
    let issue = Function::new("issue", |(id,): (i64,)| New(Token(id)));
    run(
        app().class(class).function(issue),
        r#"
same(app.issue(5).id, 5)
same(error(app.Token), "TypeError: cannot create 'app.Token' instances")
assert isinstance(app.issue(1), app.Token)
"#,
    );
}

#[test]
fn values_are_dropped_with_their_objects() {
    struct Guard(Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let (made, seen) = (dropped.clone(), dropped.clone());
    let class =
        Class::<Guard>::builder("Guard").init("__init__", move |(): ()| Guard(made.clone()));
    let seen = Function::new("seen", move |(): ()| seen.load(Ordering::SeqCst));
    run(
        app().class(class.build()).function(seen),
        "
g = app.Guard()
same(app.seen(), 0)
del g
same(app.seen(), 1)
[app.Guard() for _ in range(10)]
same(app.seen(), 11)
",
    );
    assert_eq!(dropped.load(Ordering::SeqCst), 11);
}

/// Methods that take `&self` run at once where Python does.
#[test]
fn threads_share_an_object() {
    struct Total(AtomicI64);
    let class = Class::<Total>::builder("Total")
        .init("__init__", |(): ()| Total(AtomicI64::new(0)))
        .method("add", |this, (n,): (i64,)| {
            this.0.fetch_add(n, Ordering::Relaxed);
        })
        .property("value", |this| this.0.load(Ordering::Relaxed))
        .build();
    run(
        app().class(class).value("GIL", GIL),
        "
import sys, threading
same(sys._is_gil_enabled(), app.GIL)
total = app.Total()
def work():
    for _ in range(2000): total.add(2)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
same(total.value, 16000)
",
    );
}

#[test]
fn a_class_that_does_not_fit_is_refused() {
    let text =
        |class: Class<Counter>| app().class(class).build().expect_err("an error").to_string();
    assert!(text(Class::builder("no name").build()).contains("`no name` is no name for a class"));
    let class =
        Class::<Counter>::builder("C").method("m", |_, (): ()| 0).method("m", |_, (): ()| 1);
    assert!(text(class.build()).contains("C.m is there twice"));
    let class =
        Class::<Counter>::builder("C").method(Function::builder("m").arg("a"), |_, (): ()| 0);
    assert!(text(class.build()).contains("C.m(): 1 parameters are declared"));
}
