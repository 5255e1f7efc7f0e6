//! Scripts that are compiled once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use togil_interp::vm::builtins::PyCode;
use togil_interp::vm::bytecode::CodeObject;
use togil_interp::vm::compiler::{self, CompileError, CompileOpts, Mode};
use togil_interp::vm::{Py, PyRef};
use togil_interp::{Python, stop};

use crate::error::{Error, SyntaxError};
use crate::value::PyHandle;

/// Python source that was compiled once and may run many times, on any worker, at once.
///
/// ```
/// use togil::{Host, Job, Script};
///
/// let host = Host::builder().workers(1).build()?;
/// let script = Script::compile("price.py", "base = 40\nbase + 2")?;
/// let price: i64 = host.run(Job::run(&script))?;
/// assert_eq!(price, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Script(Arc<Inner>);

struct Inner {
    name: String,
    source: String,
    code: CodeObject,
    /// The code as an object, for each interpreter that has run it.
    objects: Mutex<HashMap<i64, PyHandle>>,
}

impl Script {
    /// Compiles a script. `name` stands for the file name in tracebacks. Needs no interpreter.
    ///
    /// The value of a script is that of its last statement, if that is an expression, and `None`
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::Syntax`]
    pub fn compile(name: impl Into<String>, source: impl Into<String>) -> Result<Self, Error> {
        let (name, source) = (name.into(), source.into());
        let code = compiler::compile(&source, Mode::BlockExpr, &name, CompileOpts::default())
            .map_err(|error| syntax_error(&name, &source, &error))?;
        Ok(Self(Arc::new(Inner { name, source, code, objects: Mutex::default() })))
    }

    /// What stands for the file name in tracebacks.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn code(&self, py: Python<'_>) -> PyRef<PyCode> {
        let vm = py.vm();
        let id = vm.state.interpreter_id;
        if let Some(handle) = self.0.objects.lock().get(&id)
            && let Ok(code) = handle.bind(py).to_owned().downcast::<PyCode>()
        {
            return code;
        }
        // Not under the lock: it allocates, so it may collect garbage. Two threads may both do it.
        let code = PyCode::new_ref_from_bytecode(vm, self.0.code.clone());
        show_source(py, &code, &self.0.source);
        let handle = PyHandle::new(py, code.clone().into());
        let old = self.0.objects.lock().insert(id, handle);
        drop(old);
        code
    }
}

/// Lets tracebacks show the lines of a source that is no file; without it they are still right.
pub(crate) fn show_source(py: Python<'_>, code: &Py<PyCode>, source: &str) {
    // An error is swallowed, and a stop must not be.
    let _ = stop::shielded(|| py.vm().register_code_in_linecache(code, source));
}

fn syntax_error(name: &str, source: &str, error: &CompileError) -> Error {
    let (line, column) = error.python_location();
    let text = source.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
    Error::Syntax(SyntaxError {
        file: name.to_owned(),
        line,
        column,
        text,
        message: error.to_string(),
    })
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("name", &self.0.name).finish_non_exhaustive()
    }
}
