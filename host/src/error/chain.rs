//! What an exception was raised from.

use std::collections::HashSet;

use togil_interp::vm::builtins::PyBaseExceptionRef;
use togil_interp::vm::{AsObject, VirtualMachine};

/// Causes that are kept. A script can make a chain as long as it likes.
const LONGEST: usize = 64;

/// How an exception led to the one after it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// `raise ... from cause`
    Cause,
    /// Raised while the other was handled.
    Context,
}

impl Link {
    /// What Python prints between the two.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Cause => {
                "\nThe above exception was the direct cause of the following exception:\n\n"
            }
            Self::Context => {
                "\nDuring handling of the above exception, another exception occurred:\n\n"
            }
        }
    }
}

/// The exception itself, and what Python would show before it: the latest first, each with its link to
/// the one that it led to. Ends where the chain comes back to itself.
pub(super) fn of(
    vm: &VirtualMachine,
    exception: PyBaseExceptionRef,
) -> (PyBaseExceptionRef, Vec<(PyBaseExceptionRef, Link)>) {
    let mut seen = HashSet::from([exception.get_id()]);
    let mut earlier: Vec<(PyBaseExceptionRef, Link)> = Vec::new();
    while earlier.len() < LONGEST {
        let last = earlier.last().map_or(&exception, |(last, _)| last);
        let Some((next, link)) = before(vm, last) else { break };
        if !seen.insert(next.get_id()) {
            break;
        }
        earlier.push((next, link));
    }
    (exception, earlier)
}

/// `__cause__`, or `__context__` where Python would show it.
fn before(
    vm: &VirtualMachine,
    exception: &PyBaseExceptionRef,
) -> Option<(PyBaseExceptionRef, Link)> {
    if let Some(cause) = exception.__cause__() {
        return Some((cause, Link::Cause));
    }
    let suppressed = exception.as_object().get_attr("__suppress_context__", vm);
    if suppressed.is_ok_and(|flag| flag.is(&vm.ctx.true_value)) {
        return None;
    }
    Some((exception.__context__()?, Link::Context))
}
