//! Python code, run many times inside Python.

use std::time::Duration;

use togil::vm::PyObjectRef;
use togil::{Python, from_python};

use crate::Operation;

/// The global `name` that `source` defines.
///
/// # Panics
/// If `source` raises or defines no such name.
pub fn function(py: Python<'_>, source: &str, name: &str) -> PyObjectRef {
    let scope = py.new_scope_with_builtins();
    if let Err(error) = py.run_string(scope.clone(), source, "<bench>") {
        py.print_exception(&error);
        panic!("this is not valid:\n{source}");
    }
    scope.globals.get_item(name, py.vm()).expect("defined")
}

/// A loop around an [`Operation`].
pub struct PythonLoop {
    run: PyObjectRef,
}

impl PythonLoop {
    /// Compiles it, and runs the set-up.
    ///
    /// # Panics
    /// If the set-up raises, or something is no Python.
    pub fn new(py: Python<'_>, operation: &Operation) -> Self {
        let Operation { setup, statement, .. } = operation;
        let source = format!(
            "from time import perf_counter\n{setup}\ndef run(times):\n  start = perf_counter()\n  \
             for n in range(times):\n    {statement}\n  return perf_counter() - start"
        );
        Self { run: function(py, &source, "run") }
    }

    /// Runs the operation so many times. How long that took, the loop included.
    ///
    /// # Panics
    /// If the operation raises.
    pub fn run(&self, py: Python<'_>, times: u64) -> Duration {
        let time = self.run.call((times,), py.vm()).unwrap_or_else(|error| {
            py.print_exception(&error);
            panic!("the operation raised");
        });
        Duration::from_secs_f64(from_python(py, &time).expect("a float"))
    }
}
