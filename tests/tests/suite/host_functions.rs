//! Rust closures as Python functions, in this process.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use togil::{ExceptionClass, Function, Interpreter, PyHandle, Python, PythonError, Raise};

use crate::harness::Alive;
use crate::harness::in_process::{app, attempt, run};

fn resize() -> Function {
    Function::builder("resize")
        .doc("Scale an image.\n\nKeeps the ratio.")
        .arg("width")
        .arg_default("height", 100)
        .kwonly_default("mode", "fast")
        .build(|(width, height, mode): (i64, i64, String)| format!("{width}x{height} {mode}"))
}

#[test]
fn arguments_are_bound_as_python_binds_them() {
    let everything = Function::builder("everything")
        .positional_only("a")
        .positional_only_default("b", 2)
        .arg_default("c", 3)
        .var_args("rest")
        .kwonly("d")
        .var_kwargs("named")
        .build(
            |(a, b, c, rest, d, named): (i64, i64, i64, Vec<i64>, i64, BTreeMap<String, i64>)| {
                format!("{a} {b} {c} {rest:?} {d} {named:?}")
            },
        );
    let add = Function::new("add", |(a, b): (i64, i64)| a + b);
    let nothing = Function::new("nothing", |(): ()| ());
    run(
        app().function(resize()).function(everything).function(add).function(nothing),
        "
same(app.resize(1), '1x100 fast')
same(app.resize(1, 2), '1x2 fast')
same(app.resize(1, 2, mode='slow'), '1x2 slow')
same(app.resize(mode='slow', height=5, width=4), '4x5 slow')
same(app.resize(*[7], **{'height': 8}), '7x8 fast')
same(app.everything(1, d=4), '1 2 3 [] 4 {}')
same(app.everything(1, 5, 6, 7, 8, d=9, e=10, a=11), '1 5 6 [7, 8] 9 {\"a\": 11, \"e\": 10}')
same(app.everything(1, c=5, d=9), '1 2 5 [] 9 {}')
same(app.add(40, 2), 42)
same(app.nothing(), None)
same(list(map(app.add, [1, 2], [3, 4])), [4, 6])
",
    );
}

#[test]
fn wrong_calls_get_the_words_of_cpython() {
    let three = Function::builder("three")
        .arg("a")
        .arg("b")
        .arg("c")
        .build(|(a, b, c): (i64, i64, i64)| a + b + c);
    let one = Function::builder("one").arg("a").build(|(a,): (i64,)| a);
    let only = Function::builder("only")
        .positional_only("a")
        .positional_only("b")
        .kwonly("x")
        .kwonly("y")
        .build(|(a, b, x, y): (i64, i64, i64, i64)| a + b + x + y);
    run(
        app().function(resize()).function(three).function(one).function(only),
        r#"
same(error(app.resize), "TypeError: resize() missing 1 required positional argument: 'width'")
same(error(app.resize, 1, x=2), "TypeError: resize() got an unexpected keyword argument 'x'")
same(error(app.resize, 1, width=2), "TypeError: resize() got multiple values for argument 'width'")
same(error(app.resize, 1, 2, 3), "TypeError: resize() takes from 1 to 2 positional arguments but 3 were given")
same(error(app.resize, 1, 2, 3, mode='slow'), "TypeError: resize() takes from 1 to 2 positional arguments but 3 positional arguments (and 1 keyword-only argument) were given")
same(error(app.three), "TypeError: three() missing 3 required positional arguments: 'a', 'b', and 'c'")
same(error(app.three, b=1), "TypeError: three() missing 2 required positional arguments: 'a' and 'c'")
same(error(app.one, 1, 2), "TypeError: one() takes 1 positional argument but 2 were given")
same(error(app.only, 1, 2), "TypeError: only() missing 2 required keyword-only arguments: 'x' and 'y'")
same(error(app.only, 1, 2, x=1), "TypeError: only() missing 1 required keyword-only argument: 'y'")
same(error(app.only, a=1, b=2, x=1, y=2), "TypeError: only() got some positional-only arguments passed as keyword arguments: 'a, b'")

# The same functions in Python say the same.
def resize(width, height=100, *, mode='fast'): pass
def three(a, b, c): pass
def one(a): pass
def only(a, b, /, *, x, y): pass
calls = [('resize', (), {}), ('resize', (1, 2, 3), {}), ('resize', (1, 2, 3), {'mode': 1}), ('resize', (1,), {'width': 2}),
         ('three', (), {}), ('three', (1,), {}), ('three', (1, 2, 3, 4), {}), ('one', (1, 2), {}), ('one', (), {}),
         ('only', (1, 2), {}), ('only', (1, 2), {'x': 1}), ('only', (), {'a': 1, 'b': 2, 'x': 1, 'y': 2}), ('only', (1,), {'x': 1, 'y': 2})]
for name, args, kwargs in calls:
    same(error(getattr(app, name), *args, **kwargs), error(globals()[name], *args, **kwargs))
"#,
    );
}

#[test]
fn conversion_errors_name_the_argument_and_the_path() {
    let sum = Function::builder("sum").arg("numbers").build(
        |(numbers,): (BTreeMap<String, Vec<i64>>,)| numbers.into_values().flatten().sum::<i64>(),
    );
    run(
        app().function(sum),
        "
same(app.sum({'a': [1, 2], 'b': [3]}), 6)
text = error(app.sum, {'a': [1, 'x']})
assert text.startswith('TypeError: sum() argument \\'numbers\\': '), text
assert '[1]' in text and 'a' in text, text
text = error(app.sum, numbers=5)
assert text.startswith('TypeError: sum() argument \\'numbers\\': '), text
",
    );
}

type Everything = (i64, (String, f64, Option<i64>), Vec<i64>, i64, BTreeMap<String, i64>);

#[test]
fn help_and_inspect_see_name_doc_and_signature() {
    let all = Function::builder("all_kinds")
        .positional_only("a")
        .arg_default("b", ("x", 1.5, None::<i64>))
        .var_args("rest")
        .kwonly("c")
        .var_kwargs("named")
        .build(|_: Everything| 0);
    let bare = Function::new("bare", |(_, _): (i64, i64)| 0);
    run(
        app().doc("What the app lends.").function(resize()).function(all).function(bare),
        r#"
import inspect, pickle, pydoc, types
same(app.resize.__name__, 'resize')
same(app.resize.__qualname__, 'resize')
same(app.resize.__module__, 'app')
same(app.resize.__doc__, 'Scale an image.\n\nKeeps the ratio.')
same(app.resize.__text_signature__, "($module, width, height=100, *, mode='fast')")
same(str(inspect.signature(app.resize)), "(width, height=100, *, mode='fast')")
same(inspect.signature(app.resize).parameters['mode'].default, 'fast')
same(app.all_kinds.__doc__, None)
same(str(inspect.signature(app.bare)), '(arg1, arg2, /)')
same(list(inspect.signature(app.all_kinds).parameters), ['a', 'b', 'rest', 'c', 'named'])
same(repr(app.resize), '<built-in function resize>')
assert isinstance(app.resize, types.BuiltinFunctionType) and inspect.isroutine(app.resize)
assert pickle.loads(pickle.dumps(app.resize)) is app.resize
text = pydoc.render_doc(app.resize, renderer=pydoc.plaintext)
assert "resize(width, height=100, *, mode='fast')\n    Scale an image." in text, text
text = pydoc.render_doc(app, renderer=pydoc.plaintext)
assert 'What the app lends.' in text and "resize(width, height=100, *, mode='fast')" in text, text
"#,
    );
}

#[derive(Debug)]
enum ResizeError {
    TooBig(i64),
    Storage(std::io::Error),
}

impl fmt::Display for ResizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooBig(size) => write!(f, "{size} is too big"),
            Self::Storage(_) => f.write_str("cannot store it"),
        }
    }
}

impl std::error::Error for ResizeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooBig(_) => None,
            Self::Storage(error) => Some(error),
        }
    }
}

fn fail(what: i64) -> Result<i64, ResizeError> {
    match what {
        0 => Ok(0),
        1 => Err(ResizeError::Storage(std::io::Error::other("the disk is full"))),
        size => Err(ResizeError::TooBig(size)),
    }
}

#[test]
fn rust_errors_become_exceptions_of_the_chosen_class() {
    let plain = Function::new("plain", |(what,): (i64,)| fail(what));
    let value = Function::builder("value")
        .arg("what")
        .raises(ExceptionClass::ValueError)
        .build(|(what,): (i64,)| fail(what));
    let own = Function::builder("own")
        .arg("what")
        .raises(ExceptionClass::defined("app", "ResizeError"))
        .build(|(what,): (i64,)| fail(what));
    let chosen = Function::builder("chosen")
        .arg("what")
        .raises_by(|error: &ResizeError| match error {
            ResizeError::TooBig(_) => ExceptionClass::OverflowError,
            ResizeError::Storage(_) => ExceptionClass::OSError,
        })
        .build(|(what,): (i64,)| fail(what));
    let raise = Function::new("raise_", |(what,): (i64,)| -> Result<i64, Raise> {
        if what == 7 {
            return Err(Raise::new(ExceptionClass::KeyError, "seven"));
        }
        Ok(fail(what)?)
    });
    let missing = Function::new("missing", |(): ()| std::fs::read_to_string("/no/such/file"));
    let module = app()
        .exception("ResizeError", ExceptionClass::ValueError)
        .exception("Worse", ExceptionClass::defined("app", "ResizeError"))
        .function(plain)
        .function(value)
        .function(own)
        .function(chosen)
        .function(raise)
        .function(missing);
    run(
        module,
        r#"
same(app.plain(0), 0)
same(error(app.plain, 9), 'RuntimeError: 9 is too big')
same(error(app.value, 9), 'ValueError: 9 is too big')
same(error(app.own, 9), 'ResizeError: 9 is too big')
same(error(app.chosen, 9), 'OverflowError: 9 is too big')
same(error(app.chosen, 1), 'OSError: cannot store it')
same(error(app.raise_, 7), "KeyError: 'seven'")
same(error(app.raise_, 9), 'RuntimeError: 9 is too big')
same(app.raise_(0), 0)
assert issubclass(app.Worse, app.ResizeError) and issubclass(app.ResizeError, ValueError)
same(app.ResizeError.__module__, 'app')
try:
    app.own(1)
except app.ResizeError as e:
    same(str(e), 'cannot store it')
    same((type(e.__cause__), str(e.__cause__)), (RuntimeError, 'the disk is full'))
try:
    app.missing()
except FileNotFoundError as e:
    same(e.errno, 2)
"#,
    );
}

#[test]
fn the_rust_error_comes_back_to_rust() {
    let f = Function::new("f", |(what,): (i64,)| fail(what));
    let module = app().function(f).build().expect("a module");
    let interpreter = Interpreter::builder().module(module).build().expect("an interpreter");
    interpreter.attach(|py| {
        let error = attempt(py, "import app; app.f(5)").expect_err("an error");
        assert!(matches!(error.downcast_ref(), Some(ResizeError::TooBig(5))), "{error:?}");
        assert!(error.downcast_ref::<fmt::Error>().is_none());
        assert!(error.source().is_none());
        let error = attempt(py, "import app; app.f(1)").expect_err("an error");
        assert!(matches!(error.downcast_ref(), Some(ResizeError::Storage(_))), "{error:?}");
        assert_eq!(error.source().expect("a cause").to_string(), "RuntimeError: the disk is full");
        // Wrapped by the script, it is a cause.
        let source = "
import app
try: app.f(5)
except RuntimeError as e: raise ValueError('wrapped') from e";
        let error = attempt(py, source).expect_err("an error");
        assert!(error.downcast_ref::<ResizeError>().is_none());
        let cause = error.source().and_then(|cause| cause.downcast_ref::<PythonError>());
        assert!(cause.and_then(|cause| cause.downcast_ref::<ResizeError>()).is_some());
        let error = attempt(py, "1 / 0").expect_err("an error");
        assert!(error.downcast_ref::<ResizeError>().is_none());
    });
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn functions_call_back_into_python() {
    let twice = Function::builder("twice").arg("f").build_with_py(
        |py: Python<'_>, (f,): (PyHandle,)| -> Result<i64, PythonError> {
            let call = || {
                let value = f.bind(py).call((), py.vm())?;
                value.try_into_value::<i64>(py.vm())
            };
            let first = call().map_err(|error| PythonError::new(py, error))?;
            let second = py.detach(|| 1);
            Ok(first + second)
        },
    );
    run(
        app().function(twice),
        "
same(app.twice(lambda: 41), 42)
class Mine(Exception): pass
mine = Mine('over there')
def fail(): raise mine
try: app.twice(fail)
except Mine as e: assert e is mine
else: assert False
",
    );
}

#[test]
fn a_panic_becomes_an_exception() {
    let boom = Function::new("boom", |(text,): (String,)| -> i64 { panic!("the text: {text}") });
    let quiet = Function::new("quiet", |(): ()| -> i64 { std::panic::panic_any(5) });
    let detached = Function::builder("detached")
        .build_with_py(|py: Python<'_>, (): ()| -> i64 { py.detach(|| panic!("outside")) });
    run(
        app().function(boom).function(quiet).function(detached),
        "
for _ in range(3):
    same(error(app.boom, 'x'), 'PanicException: the text: x')
same(error(app.quiet), 'PanicException: a panic whose payload is no text')
same(error(app.detached), 'PanicException: outside')
try: app.boom('x')
except Exception: assert False, 'a panic is no Exception'
except BaseException as e:
    same(type(e).__module__, 'togil')
import threading
seen = []
def work(): seen.append(error(app.boom, 'thread'))
thread = threading.Thread(target=work); thread.start(); thread.join()
same(seen, ['PanicException: the text: thread'])
",
    );
}

#[test]
fn a_function_goes_to_python_without_a_module() {
    let add = Function::new("add", |(a, b): (i64, i64)| a + b);
    let interpreter = Interpreter::builder().build().expect("an interpreter");
    interpreter.attach(|py| {
        let add = add.to_python(py).expect("an object");
        let sum = add.bind(py).call((40, 2), py.vm()).expect("a sum");
        assert_eq!(sum.try_into_value::<i64>(py.vm()).ok(), Some(42));
    });
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn closures_die_with_their_interpreter() {
    let alive = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let guard = Alive::new(&alive);
        let f = Function::new("f", move |(): ()| guard.count());
        run(app().function(f), "same(app.f(), 1)\nassert app.f is app.f");
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn threads_call_one_function_at_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let f = Function::new("f", move |(n,): (usize,)| {
        counter.fetch_add(1, Ordering::Relaxed);
        n + 1
    });
    run(
        app().function(f),
        "
import threading
def work():
    n = 0
    for _ in range(2000): n = app.f(n)
    same(n, 2000)
    done.append(n)
done = []
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
same(len(done), 4)
",
    );
    assert_eq!(calls.load(Ordering::Relaxed), 8000);
}
