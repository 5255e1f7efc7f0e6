//! The watch of a process.

use rustpython_vm::{PyObjectRef, PyResult};

use super::Findings;
use super::detector::detector;
use super::{kernel, me};
use crate::python::Python;
use crate::race::MODELS;

/// The primitives, for watched threads.
const SHIM: &str = include_str!("shim.py");
const SHIM_PATH: &str = "<togil.watch>";

/// Watches the threads of the script that it runs. Once in a process, whose interpreter then does
/// nothing else.
pub struct Watch {
    shim: PyObjectRef,
}

impl Watch {
    /// Puts watched primitives in the place of those of `threading` and `queue`.
    ///
    /// # Errors
    /// What the standard library raises while it is set up.
    pub fn new(py: Python<'_>) -> PyResult<Self> {
        let vm = py.vm();
        let detector = detector();
        let main = detector.slots.lock().first();
        detector.set_name(main.number, "MainThread".to_owned());
        detector.waiting.lock().begin(main.number, false);
        me::enter(main);
        let scope = vm.new_scope_with_builtins();
        for (name, function) in kernel::functions(vm) {
            scope.globals.set_item(name, function, vm)?;
        }
        vm.run_string(scope.clone(), SHIM, SHIM_PATH)?;
        vm.run_string(scope.clone(), MODELS.0, MODELS.1)?;
        Ok(Self { shim: scope.globals.into() })
    }

    /// A function of the shim.
    ///
    /// # Errors
    /// `KeyError` if there is none of that name.
    pub fn get(&self, py: Python<'_>, name: &str) -> PyResult {
        self.shim.get_item(name, py.vm())
    }

    /// Whether operations that are atomic by contract race with each other, too.
    pub fn set_strict(&self, strict: bool) {
        detector().set_strict(strict);
    }

    /// What was found since the last call. Works after the interpreter's end, too.
    pub fn take_findings() -> Findings {
        detector().take()
    }
}
