//! How a Python thread waits: without the GIL, detached, interruptibly.

use std::time::{Duration, Instant};

use togil_interp::blocking::wait_interruptibly;
use togil_interp::vm::builtins::PyBaseExceptionRef;
use togil_interp::vm::{PyResult, VirtualMachine};

use super::core::Event;

/// The `wait` of the cores: until the event is set or `timeout`, counted from now, is over.
pub(super) fn within(
    timeout: Option<Duration>,
    vm: &VirtualMachine,
) -> impl FnMut(&Event) -> PyResult<bool> {
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    move |event| {
        // Not worth giving the GIL up: the core has looked and will look again.
        if timeout == Some(Duration::ZERO) {
            return Ok(false);
        }
        let set = |slice| Ok(event.wait(Some(slice)).then_some(()));
        Ok(wait_interruptibly(vm, deadline, set)?.is_some())
    }
}

/// The exception when a time-out is over.
pub(super) fn timed_out(what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = vm.ctx.exceptions.timeout_error.to_owned();
    vm.new_exception_msg(class, format!("{what} timed out").into())
}
