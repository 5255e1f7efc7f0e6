//! What the instrumenter needs to know of a code object's constants.

use rustpython_vm::builtins::{PyCode, PyComplex, PyFloat, PyInt, PyStr, PyTuple};
use rustpython_vm::{Py, PyObjectRef};

/// A constant, which nobody can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constant {
    Number,
    Text,
    /// Of so many items.
    Tuple(u32),
    /// Of a `def`, a class or a generator expression.
    Code,
    Lambda,
    Other,
}

impl Constant {
    /// The constants of a code object, by their numbers.
    pub(super) fn all(code: &Py<PyCode>) -> Vec<Self> {
        code.constants.iter().map(|constant| Self::of(&constant.clone().into())).collect()
    }

    fn of(object: &PyObjectRef) -> Self {
        if let Some(code) = object.downcast_ref::<PyCode>() {
            let lambda = code.obj_name.as_str() == "<lambda>";
            return if lambda { Self::Lambda } else { Self::Code };
        }
        if let Some(tuple) = object.downcast_ref::<PyTuple>() {
            return u32::try_from(tuple.as_slice().len()).map_or(Self::Other, Self::Tuple);
        }
        let number = object.downcast_ref::<PyInt>().is_some()
            || object.downcast_ref::<PyFloat>().is_some()
            || object.downcast_ref::<PyComplex>().is_some();
        match object.downcast_ref::<PyStr>() {
            _ if number => Self::Number,
            Some(_) => Self::Text,
            None => Self::Other,
        }
    }
}
