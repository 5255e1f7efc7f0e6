//! Globals that outlive a job.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use togil_interp::Python;
use togil_interp::vm::builtins::{PyDict, PyDictRef};

use crate::value::PyHandle;

/// Globals that several jobs share, one after the other or at once.
///
/// In a host with isolated workers all jobs of a session run on one worker, because objects cannot
/// leave their interpreter. Jobs that run at once see each other's changes, as
/// Python threads do.
///
/// ```
/// use togil::{Host, Job, Session};
///
/// let host = Host::builder().workers(1).build()?;
/// let session = Session::new();
/// host.run(Job::exec("n = 20").session(&session))?;
/// let n: i64 = host.run(Job::eval("n + 1").session(&session))?;
/// assert_eq!(n, 21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Session(Arc<Inner>);

#[derive(Default)]
struct Inner {
    globals: Mutex<Option<PyHandle>>,
    /// Of an isolated host.
    worker: Mutex<Option<usize>>,
}

impl Session {
    /// Empty globals. They come to life with the first job.
    pub fn new() -> Self {
        Self::default()
    }

    /// The worker that the session's jobs run on, chosen by the first of them.
    pub(crate) fn worker(&self, choose: impl FnOnce() -> usize) -> usize {
        *self.0.worker.lock().get_or_insert_with(choose)
    }

    pub(crate) fn globals(&self, py: Python<'_>) -> PyDictRef {
        let mut globals = self.0.globals.lock();
        let here = globals.as_ref().filter(|handle| handle.is_of(py));
        if let Some(handle) = here
            && let Ok(dict) = handle.bind(py).to_owned().downcast::<PyDict>()
        {
            return dict;
        }
        // The first job, or the first after its worker was replaced by one with an interpreter
        // of its own.
        let dict = new_globals(py);
        *globals = Some(PyHandle::new(py, dict.clone().into()));
        dict
    }
}

/// The globals of a job of its own: those of a `__main__`.
pub(crate) fn new_globals(py: Python<'_>) -> PyDictRef {
    let vm = py.vm();
    let globals = vm.ctx.new_dict();
    // Fails never: a new dict and a plain key.
    let _ = globals.set_item("__name__", vm.ctx.new_str("__main__").into(), vm);
    let _ = globals.set_item("__builtins__", vm.builtins.clone().into(), vm);
    globals
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("started", &self.0.globals.lock().is_some()).finish()
    }
}
