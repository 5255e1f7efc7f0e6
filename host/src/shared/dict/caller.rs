//! A Python thread as the table sees it: how it compares keys and how it waits.

use togil_interp::blocking::wait_interruptibly;
use togil_interp::race::{Touch, call_outside, wait_outside};
use togil_interp::vm::builtins::{PyBaseExceptionRef, PyInt, PyStr};
use togil_interp::vm::stdlib::_thread::get_ident;
use togil_interp::vm::types::PyComparisonOp;
use togil_interp::vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use crate::shared::core::Event;
use crate::shared::core::table::{Caller, Failure, Hashed};

/// The calling thread.
pub(super) struct Thread<'a> {
    pub(super) vm: &'a VirtualMachine,
    /// `None` while it is made.
    pub(super) dict: Option<&'a PyObject>,
}

impl<'a> Thread<'a> {
    /// One that works on this dict.
    pub(super) fn on(dict: &'a PyObject, vm: &'a VirtualMachine) -> Self {
        Self { vm, dict: Some(dict) }
    }

    /// An operation that reads the dict begins: that is a step for a thread that is explored.
    pub(super) fn reads(&self) -> PyResult<()> {
        self.touches(Touch::reads)
    }

    /// The same for one that may change it.
    pub(super) fn changes(&self) -> PyResult<()> {
        self.touches(Touch::changes)
    }

    fn touches(&self, how: fn(&'a PyObject) -> Touch<'a>) -> PyResult<()> {
        self.dict.map_or(Ok(()), |dict| call_outside(self.vm, &[how(dict)]))
    }

    /// Runs `__hash__` where an operation begins that reads the dict.
    pub(super) fn looks_up(&self, key: &PyObject) -> PyResult<Hashed<PyObjectRef>> {
        let hash = key.hash(self.vm)?;
        self.reads()?;
        Ok(Hashed { hash, key: key.to_owned() })
    }

    /// The same for one that may change it.
    pub(super) fn stores(&self, key: &PyObject) -> PyResult<Hashed<PyObjectRef>> {
        let hash = key.hash(self.vm)?;
        self.changes()?;
        Ok(Hashed { hash, key: key.to_owned() })
    }

    fn exact<'o, T: PyPayload>(&self, object: &'o PyObject) -> Option<&'o Py<T>> {
        object.downcast_ref_if_exact(self.vm)
    }
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
        if let (Some(a), Some(b)) = (self.exact::<PyStr>(a), self.exact::<PyStr>(b)) {
            return Some(a.as_wtf8() == b.as_wtf8());
        }
        if let (Some(a), Some(b)) = (self.exact::<PyInt>(a), self.exact::<PyInt>(b)) {
            return Some(a.as_bigint() == b.as_bigint());
        }
        None
    }

    fn same(&self, a: &PyObjectRef, b: &PyObjectRef) -> PyResult<bool> {
        a.rich_compare_bool(b, PyComparisonOp::Eq, self.vm)
    }

    fn wait(&self, event: &Event) -> PyResult<()> {
        if let Some(dict) = self.dict
            && let Some(woken) = wait_outside(self.vm, None, &[dict])
        {
            return woken.map(drop);
        }
        wait_interruptibly(self.vm, None, |slice| Ok(event.wait(Some(slice)).then_some(())))
            .map(|_| ())
    }
}
