//! A Python thread as the table sees it: how it compares keys and how it waits.

use togil_interp::blocking::wait_interruptibly;
use togil_interp::vm::builtins::{PyBaseExceptionRef, PyInt, PyStr};
use togil_interp::vm::stdlib::_thread::get_ident;
use togil_interp::vm::types::PyComparisonOp;
use togil_interp::vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::shared::core::Event;
use crate::shared::core::table::{Caller, Failure, Hashed};

/// The calling thread.
pub(super) struct Thread<'a> {
    pub(super) vm: &'a VirtualMachine,
}

/// Runs `__hash__`.
pub(super) fn hashed(key: &PyObject, vm: &VirtualMachine) -> PyResult<Hashed<PyObjectRef>> {
    Ok(Hashed { hash: key.hash(vm)?, key: key.to_owned() })
}

pub(super) fn failed(
    failure: Failure<PyBaseExceptionRef>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    match failure {
        Failure::Caller(error) => error,
        Failure::Recursive => vm.new_runtime_error(
            "SharedDict: code that runs inside update_with(), increment() or compare_and_swap() \
             must not write to the same dict",
        ),
    }
}

impl Caller<PyObjectRef> for Thread<'_> {
    type Error = PyBaseExceptionRef;

    fn id(&self) -> u64 {
        get_ident()
    }

    fn same_at_once(&self, a: &PyObjectRef, b: &PyObjectRef) -> Option<bool> {
        if a.is(b) {
            return Some(true);
        }
        // Not of a subclass, which may have an `__eq__` of its own.
        let strings = (a.downcast_ref_if_exact::<PyStr>(self.vm), b.downcast_ref_if_exact(self.vm));
        if let (Some(a), Some(b)) = strings {
            let b: &PyStr = b;
            return Some(a.as_wtf8() == b.as_wtf8());
        }
        let numbers = (a.downcast_ref_if_exact::<PyInt>(self.vm), b.downcast_ref_if_exact(self.vm));
        if let (Some(a), Some(b)) = numbers {
            let b: &PyInt = b;
            return Some(a.as_bigint() == b.as_bigint());
        }
        None
    }

    fn same(&self, a: &PyObjectRef, b: &PyObjectRef) -> PyResult<bool> {
        a.rich_compare_bool(b, PyComparisonOp::Eq, self.vm)
    }

    fn wait(&self, event: &Event) -> PyResult<()> {
        wait_interruptibly(self.vm, None, |slice| Ok(event.wait(Some(slice)).then_some(())))
            .map(|_| ())
    }
}
