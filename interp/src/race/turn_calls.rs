//! Calls in loops that wait: `while not ready(): time.sleep(0.01)`.
//!
//! A turn of a loop that only looks may call what keeps nothing, or announces what it keeps: code of ours (the
//! clocks excepted, which are no code of Python's), and functions that are instrumented, whose variables end with the
//! call. Whether a function is, is seen when it is entered.

use rustpython_vm::builtins::{PyBoundMethod, PyCode, PyFunction};
use rustpython_vm::{AsObject, PyObject, VirtualMachine};

use super::accesses;
use super::lab::SHIM_PATH;

/// What the calls in a turn have shown so far.
#[derive(Debug, Default)]
pub(crate) struct TurnCalls {
    /// Something was called that may keep something.
    keeps: bool,
    /// The code of a function that was called, and must be entered next. Zero if there is none.
    expected: usize,
}

impl TurnCalls {
    /// Something is called.
    pub(crate) fn call(&mut self, callable: &PyObject, vm: &VirtualMachine) {
        self.keeps |= self.expected != 0;
        self.expected = 0;
        match code_of(callable, vm) {
            Some((_, true)) => {}
            Some((code, false)) => self.expected = code,
            None => self.keeps |= !reads(callable, vm),
        }
    }

    /// A function that is instrumented is entered.
    pub(crate) fn enter(&mut self, code: &PyObject) {
        if self.expected == code.get_id() {
            self.expected = 0;
        }
    }

    /// Whether a turn with these calls keeps nothing that was not announced.
    pub(crate) fn keep_nothing(&self) -> bool {
        !self.keeps && self.expected == 0
    }
}

/// The code of a function or of a method's, and whether it is ours.
fn code_of(callable: &PyObject, vm: &VirtualMachine) -> Option<(usize, bool)> {
    let is_function = callable.downcast_ref::<PyFunction>().is_some();
    if !is_function && callable.downcast_ref::<PyBoundMethod>().is_none() {
        return None;
    }
    let code = callable.get_attr("__code__", vm).ok().or_else(|| {
        let function = callable.get_attr("__func__", vm).ok()?;
        function.downcast_ref::<PyFunction>()?;
        function.get_attr("__code__", vm).ok()
    })?;
    let is_ours = code.downcast_ref::<PyCode>()?.source_path().as_str() == SHIM_PATH;
    Some((code.get_id(), is_ours))
}

/// Whether a native function only looks at what it is given.
fn reads(callable: &PyObject, vm: &VirtualMachine) -> bool {
    if !callable.class().is(vm.ctx.types.builtin_function_or_method_type)
        || accesses::bound_to(callable, vm).is_some()
    {
        return false;
    }
    let name = callable.get_attr("__name__", vm).ok().and_then(|name| name.str(vm).ok());
    name.is_some_and(|name| {
        matches!(name.to_str(), Some("len" | "isinstance" | "all" | "any" | "abs" | "min" | "max"))
    })
}
