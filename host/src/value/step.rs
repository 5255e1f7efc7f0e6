//! One step of a path into a value.

use std::fmt;

use togil_interp::vm::builtins::PyStr;
use togil_interp::vm::{PyObject, VirtualMachine};

use super::describe::short_repr;

/// One step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A field of a struct, or a string key of a map.
    Field(String),
    /// A position in a sequence.
    Index(usize),
    /// A key of a map that is not a string, as Python prints it.
    Key(String),
}

impl Step {
    /// The step through a key of a dict.
    pub(super) fn through(vm: &VirtualMachine, key: &PyObject) -> Self {
        match key.downcast_ref::<PyStr>().and_then(|text| text.to_str()) {
            Some(name) => Self::Field(name.to_owned()),
            None => Self::Key(short_repr(vm, key)),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) if is_name(name) => write!(f, ".{name}"),
            Self::Field(name) => write!(f, "[{name:?}]"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// Whether it can stand behind a dot and be read back.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
