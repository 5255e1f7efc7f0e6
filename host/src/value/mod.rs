//! Values on their way in and out: any `serde` type, and [`PyHandle`] for objects that stay
//! in Python.

mod error;
mod handle;

use serde::Serialize;
use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::{PyObject, PyObjectRef};

pub use error::ConversionError;
pub use handle::PyHandle;
pub(crate) use handle::release_dropped;

/// Makes a Python object of a Rust value.
///
/// # Errors
/// [`ConversionError`] if a value has no counterpart, or its `Serialize` fails.
pub fn to_python<T: Serialize + ?Sized>(
    py: Python<'_>,
    value: &T,
) -> Result<PyObjectRef, ConversionError> {
    let _ = (py, value);
    Err(ConversionError::new("not written yet"))
}

/// Makes a Rust value of a Python object.
///
/// # Errors
/// [`ConversionError`], which names the path to the value that does not fit.
pub fn from_python<T: DeserializeOwned>(
    py: Python<'_>,
    object: &PyObject,
) -> Result<T, ConversionError> {
    let _ = (py, object);
    Err(ConversionError::new("not written yet"))
}
