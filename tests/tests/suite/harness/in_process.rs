//! Scripts in an interpreter of this process, which has a module of Rust's as `app`.

use togil::{Interpreter, Module, ModuleBuilder, Python, PythonError};

/// What the scripts of [`run`] compare with.
const HELPERS: &str = "
def error(f, *args, **kwargs):
    try:
        value = f(*args, **kwargs)
    except BaseException as e:
        return f'{type(e).__name__}: {e}'
    raise AssertionError(f'no error, but {value!r}')
def same(a, b):
    assert a == b, f'\\n  {a!r}\\n  {b!r}'
";

/// A module to run a script with.
pub(crate) fn app() -> ModuleBuilder {
    Module::builder("app")
}

/// Runs a script that has the module as `app`, and `same` and `error`, in an interpreter of its own.
#[track_caller]
pub(crate) fn run(module: ModuleBuilder, source: &str) {
    let module = module.build().expect("a module");
    let interpreter = Interpreter::builder().module(module).build().expect("an interpreter");
    interpreter.attach(|py| execute(py, &format!("import app\n{HELPERS}\n{source}")));
    assert_eq!(interpreter.finalize(None), 0);
}

/// Runs a script that must end well.
#[track_caller]
pub(crate) fn execute(py: Python<'_>, source: &str) {
    if let Err(error) = attempt(py, source) {
        panic!("{}", error.traceback());
    }
}

/// Runs a script, and gives back what it raises.
pub(crate) fn attempt(py: Python<'_>, source: &str) -> Result<(), PythonError> {
    let scope = py.new_scope_with_builtins();
    let done = py.run_string(scope, source, "<test>");
    done.map(drop).map_err(|error| PythonError::new(py, error))
}
