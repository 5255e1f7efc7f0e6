//! The Python object around a Rust value.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

use parking_lot::RwLock;
use togil_interp::Python;
use togil_interp::vm::builtins::PyTypeRef;
use togil_interp::vm::types::PyTypeFlags;
use togil_interp::vm::{PyObject, PyObjectRef, PyRef};

use crate::function::payload;

/// What an object of a host class consists of. Empty until `__init__` ran.
pub(crate) struct HostObject(OnceLock<Box<dyn Any + Send + Sync>>);

payload!(HostObject);

impl fmt::Debug for HostObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostObject")
    }
}

impl HostObject {
    /// Makes an object without a value.
    pub(crate) fn empty(py: Python<'_>, class: PyTypeRef) -> PyObjectRef {
        let has_dict = class.slots().flags.has_feature(PyTypeFlags::HAS_DICT);
        let dict = has_dict.then(|| py.ctx.new_dict());
        PyRef::new_ref(Self(OnceLock::new()), class, dict).into()
    }

    /// Makes an object with its value.
    pub(crate) fn with<T: Send + Sync + 'static>(
        py: Python<'_>,
        class: PyTypeRef,
        value: T,
    ) -> PyObjectRef {
        let object = Self::empty(py, class);
        if let Some(host) = object.downcast_ref::<Self>() {
            host.fill(value);
        }
        object
    }

    /// Gives the object its value. Returns whether it had none.
    pub(crate) fn fill<T: Send + Sync + 'static>(&self, value: T) -> bool {
        self.0.set(Box::new(RwLock::new(value))).is_ok()
    }
}

/// Why a value cannot be reached. The first two have PyO3's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BorrowError {
    /// A method that changes the object runs, in this thread or another.
    #[error("Already mutably borrowed")]
    MutablyBorrowed,
    /// A method of the object runs, in this thread or another, and it would be changed meanwhile.
    #[error("Already borrowed")]
    Borrowed,
    /// A subclass did not call `super().__init__()`.
    #[error("{0}.__init__() was not called")]
    Empty(String),
    /// The object is of another class.
    #[error("expected an object of the class {expected}, found {found}")]
    OtherClass {
        /// The Rust type that was asked for.
        expected: &'static str,
        /// The object's class.
        found: String,
    },
}

/// The value of an object, behind its lock. The lock is only ever tried: a thread that waited for it
/// while it is attached would hold up everybody.
pub(crate) fn cell<T: Send + Sync + 'static>(object: &PyObject) -> Result<&RwLock<T>, BorrowError> {
    let other = || BorrowError::OtherClass {
        expected: short_name::<T>(),
        found: object.class().name().to_string(),
    };
    let host = object.downcast_ref::<HostObject>().ok_or_else(other)?;
    let value =
        host.0.get().ok_or_else(|| BorrowError::Empty(object.class().name().to_string()))?;
    value.downcast_ref().ok_or_else(other)
}

/// A type's name without its path.
fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let path = name.split('<').next().unwrap_or(name);
    path.rfind("::").map_or(name, |at| &name[at + 2..])
}
