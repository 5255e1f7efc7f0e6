//! What would never end, and with a time limit only by that.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::{PyResult, VirtualMachine};

use super::turn;

/// Name of the exception class in `_thread`.
pub(super) const CLASS: &str = "OneThreadError";

/// Makes the exception class. As it is no `Exception`, scripts that expect failures of their own
/// do not take it for one.
pub(super) fn class(vm: &VirtualMachine) -> PyTypeRef {
    let base = vm.ctx.exceptions.base_exception_type.to_owned();
    vm.ctx.new_exception_type("_thread", CLASS, Some(vec![base]))
}

/// What one thread cannot do. The thread that started this one raises it, too: otherwise
/// `threading` would print it, and the program go on without what the thread was to do.
pub(super) fn error(what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let text = format!(
        "one thread only: {what}. Here each thread runs to its end within start(); \
         use the modes with threads for this script"
    );
    let error = vm.new_exception_msg(vm.class("_thread", CLASS), text.into());
    turn::set_stuck(&error);
    error
}

/// Waits for what cannot come before the time is over.
///
/// # Errors
/// At once if there is no time limit; what a signal handler raises.
pub(super) fn wait(what: &str, seconds: Option<f64>, vm: &VirtualMachine) -> PyResult<()> {
    let Some(seconds) = seconds else { return Err(error(what, vm)) };
    // Python's: it lets signal handlers run.
    vm.import("time", 0)?.get_attr("sleep", vm)?.call((seconds,), vm).map(drop)
}
