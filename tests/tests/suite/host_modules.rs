//! Modules of the host's, imported by scripts.

use togil::{ExceptionClass, Function, Host, Interpreter, Module};

use crate::harness::in_process::execute;

fn version(text: &'static str) -> Module {
    Module::builder("app")
        .doc("Lent.")
        .value("VERSION", text)
        .value("LIMITS", vec![1, 2, 3])
        .function(Function::new("version", move |(): ()| text))
        .build()
        .expect("a module")
}

#[test]
fn a_module_is_imported_like_any_other() {
    let interpreter = Interpreter::builder().module(version("1")).build().expect("a start");
    interpreter.attach(|py| {
        execute(
            py,
            "
import app, importlib, sys
from app import version, VERSION
assert VERSION == version() == '1' and app.LIMITS == [1, 2, 3]
assert app.__doc__ == 'Lent.' and app.__name__ == 'app' and app.__spec__.origin == 'built-in'
assert repr(app) == \"<module 'app' (built-in)>\", repr(app)
assert sys.modules['app'] is app and 'app' in sys.builtin_module_names
assert importlib.import_module('app') is app
del sys.modules['app']
import app as again
assert again is not app and again.version() == '1'
try: import nothing_like_it
except ModuleNotFoundError: pass
",
        );
    });
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn each_interpreter_has_its_own_modules() {
    let work = |text: &'static str| {
        move || {
            let interpreter =
                Interpreter::builder().module(version(text)).build().expect("a start");
            interpreter.attach(|py| {
                execute(
                    py,
                    &format!("import app; assert app.version() == app.VERSION == '{text}'"),
                );
                // What one changes, the others do not see.
                execute(py, "import app; app.LIMITS.append(4); assert app.LIMITS == [1, 2, 3, 4]");
            });
            assert_eq!(interpreter.finalize(None), 0);
        }
    };
    let threads: Vec<_> =
        ["a", "b", "c", "d"].map(|text| std::thread::spawn(work(text))).into_iter().collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let without = Interpreter::builder().build().expect("a start");
    without.attach(|py| {
        execute(
            py,
            "
try: import app
except ModuleNotFoundError: pass
else: assert False",
        );
    });
    assert_eq!(without.finalize(None), 0);
}

#[test]
fn one_module_serves_several_interpreters() {
    let module = version("shared");
    for _ in 0..3 {
        let interpreter = Interpreter::builder().module(&module).build().expect("a start");
        interpreter.attach(|py| execute(py, "import app; assert app.version() == 'shared'"));
        assert_eq!(interpreter.finalize(None), 0);
    }
}

#[test]
fn sub_interpreters_find_the_modules_too() {
    let interpreter = Interpreter::builder().module(version("sub")).build().expect("a start");
    interpreter.attach(|py| {
        execute(
            py,
            "
from concurrent import interpreters
sub = interpreters.create()
sub.exec('import app; assert app.version() == \"sub\"; app.LIMITS.append(9)')
import app
assert app.LIMITS == [1, 2, 3]
sub.close()
",
        );
    });
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn what_cannot_be_lent_is_refused() {
    let f = || Function::new("f", |(): ()| 0);
    let text = |module: togil::ModuleBuilder| module.build().expect_err("an error").to_string();
    assert_eq!(
        text(Module::builder("a.b")),
        "cannot build the module `a.b`: this is no name for a module (packages cannot be lent)"
    );
    assert_eq!(
        text(Module::builder("app").function(f()).value("f", 1)),
        "cannot build the module `app`: it has two things called `f`"
    );
    assert_eq!(
        text(Module::builder("app").function(Function::builder("g").arg("a").build(|(): ()| 0))),
        "cannot build the module `app`: g(): 1 parameters are declared, but the closure takes 0 \
         arguments"
    );
    let late = Function::builder("g").arg_default("a", 1).arg("b");
    let late = late.build(|_: (i64, i64)| 0);
    assert_eq!(
        text(Module::builder("app").function(late)),
        "cannot build the module `app`: g(): `b` has no default, but one before it has"
    );
    let order = Function::builder("g").kwonly("a").arg("b").build(|_: (i64, i64)| 0);
    assert!(text(Module::builder("app").function(order)).contains("`b` comes too late"));
    let twice = Function::builder("g").arg("a").arg("a").build(|_: (i64, i64)| 0);
    assert!(text(Module::builder("app").function(twice)).contains("two parameters are called `a`"));
}

#[test]
fn an_import_that_fails_can_be_tried_again() {
    let module = Module::builder("app")
        .exception("Mine", ExceptionClass::defined("elsewhere", "Base"))
        .build()
        .expect("a module");
    let interpreter = Interpreter::builder().module(module).build().expect("a start");
    interpreter.attach(|py| {
        execute(
            py,
            "
import sys, types
for _ in range(2):
    try: import app
    except KeyError as e: assert str(e) == \"'elsewhere'\"
    else: assert False
    assert 'app' not in sys.modules
sys.modules['elsewhere'] = types.ModuleType('elsewhere')
class Base(ValueError): pass
sys.modules['elsewhere'].Base = Base
import app
assert issubclass(app.Mine, Base)
",
        );
    });
    assert_eq!(interpreter.finalize(None), 0);
}

#[test]
fn the_workers_of_a_host_have_the_modules() {
    for isolated in [false, true] {
        let builder = Host::builder().workers(2).isolated(isolated).module(version("host"));
        let host = builder.build().expect("a host");
        for _ in 0..4 {
            assert_eq!(host.call::<String>("app:version", ()).expect("a value"), "host");
        }
    }
}

#[test]
fn a_job_that_fails_in_a_host_function_keeps_the_rust_error() {
    let fail = Function::new("fail", |(text,): (String,)| text.parse::<i64>());
    let boom = Function::new("boom", |(): ()| -> i64 { panic!("on purpose") });
    let module = Module::builder("app").function(fail).function(boom).build().expect("a module");
    let host = Host::builder().workers(1).module(module).build().expect("a host");
    assert_eq!(host.call::<i64>("app:fail", ("5",)).expect("a value"), 5);
    let error = host.call::<i64>("app:fail", ("x",)).expect_err("an error");
    let error = error.as_python().expect("an exception");
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some(), "{error:?}");
    // The worker lives on after a panic.
    let error = host.call::<i64>("app:boom", ()).expect_err("an error");
    assert_eq!(error.to_string(), "togil.PanicException: on purpose");
    assert_eq!(host.call::<i64>("app:fail", ("6",)).expect("a value"), 6);
}
