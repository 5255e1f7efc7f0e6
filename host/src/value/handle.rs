//! Objects that stay in Python.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use togil_interp::Python;
use togil_interp::vm::{AsObject, PyObject, PyObjectRef};

/// A Python object held from Rust, on any thread. Opaque: to look into it, attach.
///
/// A clone is another reference to the same object. Dropping the last reference may run Python
/// code (`__del__`), so a handle that is dropped on a thread that is not attached leaves its
/// object to the next thread that is.
pub struct PyHandle {
    /// `None` only while it is dropped.
    object: Option<PyObjectRef>,
    interpreter: i64,
}

impl PyHandle {
    /// Keeps an object.
    pub fn new(py: Python<'_>, object: PyObjectRef) -> Self {
        Self { object: Some(object), interpreter: py.vm().state.interpreter_id }
    }

    /// The object, for a thread that is attached.
    ///
    /// # Panics
    /// If `py` belongs to another interpreter than the object: their objects must not mix.
    pub fn bind<'a>(&'a self, py: Python<'_>) -> &'a PyObject {
        assert_eq!(
            self.interpreter,
            py.vm().state.interpreter_id,
            "a PyHandle was used in another interpreter than the one that its object lives in"
        );
        self.object()
    }

    /// Whether the object lives in the interpreter of `py`.
    pub(crate) fn is_of(&self, py: Python<'_>) -> bool {
        self.interpreter == py.vm().state.interpreter_id
    }

    /// Another reference to the object, if `py` belongs to its interpreter.
    pub(crate) fn object_in(&self, py: Python<'_>) -> Option<PyObjectRef> {
        if self.interpreter != py.vm().state.interpreter_id {
            return None;
        }
        self.object.clone()
    }

    pub(crate) fn object(&self) -> &PyObject {
        self.object.as_ref().expect("present until the drop").as_object()
    }
}

impl Clone for PyHandle {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), interpreter: self.interpreter }
    }
}

impl fmt::Debug for PyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PyHandle(<{} object>)", self.object().class().name())
    }
}

/// What was dropped by threads that are not attached, by interpreter.
static DROPPED: LazyLock<Mutex<HashMap<i64, Vec<PyObjectRef>>>> = LazyLock::new(Mutex::default);
/// Whether there is any, so that looking costs nothing.
static ANY_DROPPED: AtomicBool = AtomicBool::new(false);

impl Drop for PyHandle {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if Python::attached_interpreter() == Some(self.interpreter) {
            return drop(object);
        }
        DROPPED.lock().entry(self.interpreter).or_default().push(object);
        ANY_DROPPED.store(true, Ordering::Release);
    }
}

/// Drops what was left to this interpreter's threads.
pub(crate) fn release_dropped(py: Python<'_>) {
    if !ANY_DROPPED.swap(false, Ordering::Acquire) {
        return;
    }
    let (mine, others) = {
        let mut dropped = DROPPED.lock();
        let mine = dropped.remove(&py.vm().state.interpreter_id);
        (mine, !dropped.is_empty())
    };
    if others {
        ANY_DROPPED.store(true, Ordering::Release);
    }
    // After the lock: this may run Python code, which may drop handles.
    drop(mine);
}
