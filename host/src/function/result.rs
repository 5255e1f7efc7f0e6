//! From what a closure returns to a Python object.

use serde::Serialize;
use togil_interp::Python;
use togil_interp::vm::PyObjectRef;
use togil_interp::vm::builtins::PyBaseExceptionRef;

use super::raise::Raise;
use crate::class::{Instance, New};
use crate::value::{ConversionError, to_python};

/// What a closure may return: any type that `serde` can serialize,
/// [`PyHandle`](crate::PyHandle) and [`Instance`] among them, and [`New`] for a new object of a class
/// of the host's.
///
/// The parameter `Via` is for the compiler to tell them apart; it is always inferred.
pub trait IntoPython<Via>: Sized {
    /// Makes the object.
    ///
    /// # Errors
    /// [`ConversionError`] if the value has no counterpart in Python.
    fn into_python(self, py: Python<'_>) -> Result<PyObjectRef, ConversionError>;
}

/// By way of `serde`.
pub enum ViaSerde {}
/// As the object itself.
pub enum ViaObject {}

impl<T: Serialize> IntoPython<ViaSerde> for T {
    fn into_python(self, py: Python<'_>) -> Result<PyObjectRef, ConversionError> {
        to_python(py, &self)
    }
}

impl IntoPython<ViaObject> for PyObjectRef {
    fn into_python(self, _py: Python<'_>) -> Result<PyObjectRef, ConversionError> {
        Ok(self)
    }
}

impl<T: Send + Sync + 'static> IntoPython<ViaObject> for New<T> {
    fn into_python(self, py: Python<'_>) -> Result<PyObjectRef, ConversionError> {
        Ok(Instance::new(py, self.0)?.object().bind(py).to_owned())
    }
}

/// Why a call has no result.
pub enum Failure {
    /// The argument at this position does not fit.
    Argument(usize, ConversionError),
    /// The result has no counterpart in Python.
    Result(ConversionError),
    /// The closure failed.
    Raise(Raise),
}

/// A value that is [`IntoPython`], or a `Result` of one.
///
/// The error may be any [`std::error::Error`], [`Raise`], or a Python exception. It may not be a
/// `String`, which could be meant as a value: use `.map_err(|text| Raise::new(class, text))`.
pub trait Return<Via>: Sized {
    #[doc(hidden)]
    fn into_result(self, py: Python<'_>) -> Result<PyObjectRef, Failure>;
}

/// A plain value.
pub struct Plain<Via>(Via);
/// A result whose error can be raised.
pub struct Fallible<Via>(Via);
/// A result whose error is an exception.
pub struct Raised<Via>(Via);
/// A result whose error is a text. Makes such a result ambiguous, and so an error to the compiler:
/// otherwise it would be returned to Python as a value, for it can be serialized.
pub struct Ambiguous<Via>(Via);

impl<T: IntoPython<Via>, Via> Return<Plain<Via>> for T {
    fn into_result(self, py: Python<'_>) -> Result<PyObjectRef, Failure> {
        self.into_python(py).map_err(Failure::Result)
    }
}

impl<T: IntoPython<Via>, Via, E: Into<Raise>> Return<Fallible<Via>> for Result<T, E> {
    fn into_result(self, py: Python<'_>) -> Result<PyObjectRef, Failure> {
        self.map_err(|error| Failure::Raise(error.into()))?.into_result(py)
    }
}

impl<T: IntoPython<Via>, Via> Return<Raised<Via>> for Result<T, PyBaseExceptionRef> {
    fn into_result(self, py: Python<'_>) -> Result<PyObjectRef, Failure> {
        self.map_err(|error| Failure::Raise(Raise::exception(error)))?.into_result(py)
    }
}

impl<T: IntoPython<Via>, Via> Return<Ambiguous<Via>> for Result<T, String> {
    fn into_result(self, py: Python<'_>) -> Result<PyObjectRef, Failure> {
        self.map_err(|text| Failure::Raise(Raise::message(text)))?.into_result(py)
    }
}
