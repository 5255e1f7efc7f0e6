//! The `togil` module.

use std::sync::OnceLock;

use togil_interp::vm::builtins::{PyModule, PyModuleDef, PyModuleSlots};
use togil_interp::vm::class::PyClassImpl;
use togil_interp::vm::function::PyMethodDef;
use togil_interp::vm::{Context, Py, PyResult, VirtualMachine};
use togil_interp::{InterpreterBuilder, Python};

use crate::function::support;
use crate::limits::exceptions;

use super::atomic_int::PyAtomicInt;
use super::channel::{PyChannel, closed_error};
use super::class::function;
use super::dict::PySharedDict;
use super::rw_lock::{PyReadWriteLock, PyReadWriteLockHold};
use super::select::{SELECT_DOC, select};

const DOC: &str = "\
State that threads share, the same with the GIL and without.

SharedDict      a dict whose compound operations are atomic
AtomicInt       a 64-bit counter
Channel         a bounded queue that can be closed, and waited on with select()
ReadWriteLock   a lock for many readers or one writer

Each object guards itself with one lock (AtomicInt with none), which is never held while
Python code runs: not for __hash__, __eq__ and __del__, and not for functions that are passed in.
A thread that waits gives the GIL up. In the main thread Ctrl-C ends every wait.

Stopped         why a job of a host ends before its time; Cancelled, TimedOut and
                LimitExceeded are its kinds. A BaseException: catch it only to clean up.

PanicException  a panic of Rust code that the host lent; a BaseException, too

Objects that are stored are visible to the garbage collector. The child of a fork has copies of
all this as it was at that moment: what a thread held that did not survive the fork (a
ReadWriteLock, a key in the middle of update_with()) stays held.";

const FUNCTIONS: &[PyMethodDef] = &[function("select", select, SELECT_DOC)];

/// Makes the `togil` module importable in the interpreter that is to be built.
///
/// ```
/// let builder = togil::shared::add_to(togil::Interpreter::builder());
/// let interpreter = builder.build()?;
/// interpreter.attach(|py| {
///     let scope = py.new_scope_with_builtins();
///     let script = "import togil\nassert togil.AtomicInt(6).add(36) == 42";
///     py.run_string(scope, script, "<example>").expect("the script runs");
/// });
/// assert_eq!(interpreter.finalize(None), 0);
/// # Ok::<(), togil::BuildError>(())
/// ```
pub fn add_to(builder: InterpreterBuilder) -> InterpreterBuilder {
    builder.native_module(definition())
}

/// The module's definition, one for the process.
pub(crate) fn definition() -> &'static PyModuleDef {
    static DEFINITION: OnceLock<PyModuleDef> = OnceLock::new();
    DEFINITION.get_or_init(|| {
        let ctx = Context::genesis();
        PyModuleDef {
            name: ctx.intern_str("togil"),
            doc: Some(ctx.intern_str(DOC)),
            methods: FUNCTIONS,
            slots: PyModuleSlots { create: None, exec: Some(exec) },
        }
    })
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    // Not for scripts to find, but for read() and write() to make.
    let _ = PyReadWriteLockHold::make_static_type();
    module.set_attr("AtomicInt", PyAtomicInt::make_static_type(), vm)?;
    module.set_attr("Channel", PyChannel::make_static_type(), vm)?;
    module.set_attr("ChannelClosed", closed_error(), vm)?;
    module.set_attr("ReadWriteLock", PyReadWriteLock::make_static_type(), vm)?;
    module.set_attr("SharedDict", PySharedDict::make_static_type(), vm)?;
    let py = Python::assume_attached(vm);
    module.set_attr("PanicException", support(py)?.panic_exception.clone(), vm)?;
    let stops = exceptions::classes(vm);
    module.set_attr("Stopped", stops.stopped.clone(), vm)?;
    module.set_attr("Cancelled", stops.cancelled.clone(), vm)?;
    module.set_attr("TimedOut", stops.timed_out.clone(), vm)?;
    module.set_attr("LimitExceeded", stops.limit_exceeded.clone(), vm)
}
