//! How a Python thread waits: without the GIL, detached, interruptibly.

use std::time::{Duration, Instant};

use togil_interp::blocking::wait_interruptibly;
use togil_interp::race::{Touch, call_outside, is_exploring, wait_outside};
use togil_interp::vm::builtins::PyBaseExceptionRef;
use togil_interp::vm::{PyObject, PyResult, VirtualMachine};

use super::core::Event;

/// The `wait` of the cores: until the event is set or `timeout`, counted from now, is over.
///
/// Called where an operation on these objects begins: that is a step for a thread that is explored.
pub(super) fn within<'a>(
    timeout: Option<Duration>,
    objects: &'a [&'a PyObject],
    vm: &'a VirtualMachine,
) -> PyResult<impl FnMut(&Event) -> PyResult<bool> + 'a> {
    if is_exploring() {
        let touched: Vec<_> = objects.iter().map(|object| Touch::changes(object)).collect();
        call_outside(vm, &touched)?;
    }
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    Ok(move |event: &Event| {
        // Not worth giving the GIL up: the core has looked and will look again.
        if timeout == Some(Duration::ZERO) {
            return Ok(false);
        }
        if let Some(woken) = wait_outside(vm, timeout, objects) {
            return woken;
        }
        let set = |slice| Ok(event.wait(Some(slice)).then_some(()));
        Ok(wait_interruptibly(vm, deadline, set)?.is_some())
    })
}

/// The exception when a time-out is over.
pub(super) fn timed_out(what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = vm.ctx.exceptions.timeout_error.to_owned();
    vm.new_exception_msg(class, format!("{what} timed out").into())
}
