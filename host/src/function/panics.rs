//! Panics as Python exceptions.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use togil_interp::Python;
use togil_interp::vm::PyResult;

use super::support::support;

/// Runs the host's code. A panic must not unwind through the VM: it becomes an exception.
pub(crate) fn catch<R>(py: Python<'_>, f: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    // What a panic leaves behind is the host's business, as with a thread of its own; Python
    // objects are whole at any time, because other threads may look at any time.
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result,
        Err(panic) => {
            let class = support(py)?.panic_exception.clone();
            Err(py.new_exception_msg(class, message(&*panic).into()))
        }
    }
}

/// What the panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is no text".to_owned()
    }
}
