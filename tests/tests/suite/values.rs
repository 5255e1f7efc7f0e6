//! Values on their way between Rust and Python, and the errors that keep an exception.

mod borrowed;
mod errors;
mod handles;
mod into_python;
mod natural;
mod out_of_python;
mod properties;
mod python_errors;
mod round_trips;
mod threads;

use serde::Serialize;
use serde::de::DeserializeOwned;
use togil::vm::PyObjectRef;
use togil::{ConversionError, Interpreter, Python, from_python, to_python};

/// Runs the body attached to an interpreter of its own.
fn with_python(body: impl FnOnce(Python<'_>)) {
    let interpreter = Interpreter::builder().build().expect("the interpreter starts");
    interpreter.attach(body);
    assert_eq!(interpreter.finalize(None), 0);
}

/// Runs statements and gives the value of the last one, an expression.
#[track_caller]
fn eval(py: Python<'_>, source: &str) -> PyObjectRef {
    match py.run_block_expr(py.new_scope_with_builtins(), source) {
        Ok(object) => object,
        Err(error) => {
            py.print_exception(&error);
            panic!("{source} raised");
        }
    }
}

#[track_caller]
fn repr(py: Python<'_>, object: &PyObjectRef) -> String {
    object.repr(py.vm()).expect("a repr").to_string()
}

/// Converts the value of an expression.
#[track_caller]
fn read<T: DeserializeOwned>(py: Python<'_>, source: &str) -> Result<T, ConversionError> {
    from_python(py, &eval(py, source))
}

/// Converts the value of an expression that fits.
#[track_caller]
fn get<T: DeserializeOwned>(py: Python<'_>, source: &str) -> T {
    read(py, source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// The error of a value that does not fit.
#[track_caller]
fn error<T: DeserializeOwned + std::fmt::Debug>(py: Python<'_>, source: &str) -> String {
    read::<T>(py, source).expect_err(source).to_string()
}

/// What a value becomes, as Python prints it.
#[track_caller]
fn shown<T: Serialize + ?Sized>(py: Python<'_>, value: &T) -> String {
    repr(py, &to_python(py, value).expect("a value that Python has"))
}
