//! The class of what an async host function returns.

use std::time::Duration;

use togil_interp::Python;
use togil_interp::vm::PyObjectRef;

use super::builder::{Class, ClassBuilder};
use super::definition::{AnyClass, make_once};
use super::object::HostObject;
use crate::function::{ExceptionClass, Failure, Function, Pending, Raise, support, wait_function};

fn class() -> AnyClass {
    let raise = |error| Failure::Raise(Raise::exception(error));
    let class: ClassBuilder<Pending> = Class::<Pending>::builder("Awaitable").doc(
        "What an async function of the host returns: to be awaited, or asked for its result().",
    );
    let class = class.add(Function::builder("__await__"), 0, move |py, receiver, _| {
        let pending = receiver.map_or_else(|| py.ctx.none(), ToOwned::to_owned);
        wait_function(py).and_then(|wait| wait.call((pending,), py.vm())).map_err(raise)
    });
    let result = Function::builder("result")
        .doc("Wait for the result, in code that is not async. Other threads run meanwhile.")
        .arg_default("timeout", None::<f64>);
    class
        .method_with_py("_start", |py, this: &Pending, (): ()| this.start(py))
        .method_with_py("_take", |py, this: &Pending, (): ()| this.take(py))
        .method_with_py("_cancel", |py, this: &Pending, (): ()| this.cancel(py))
        .method_with_py(result, |py, this: &Pending, (timeout,): (Option<f64>,)| {
            let timeout = match timeout.map(Duration::try_from_secs_f64) {
                Some(Ok(timeout)) => Some(timeout),
                None => None,
                Some(Err(error)) => {
                    let raise = ExceptionClass::ValueError.resolve(py)?;
                    return Err(py.new_exception_msg(raise, error.to_string().into()));
                }
            };
            this.result(py, timeout)
        })
        .build()
        .into()
}

/// The object for a future.
pub(crate) fn make_awaitable(py: Python<'_>, pending: Pending) -> Result<PyObjectRef, Failure> {
    let raise = |error| Failure::Raise(Raise::exception(error));
    let support = support(py).map_err(raise)?;
    let class = make_once(py, &support.awaitable, class).map_err(raise)?;
    Ok(HostObject::with(py, class, pending))
}
