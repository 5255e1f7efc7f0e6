//! Why a value did not fit.

use std::fmt;

use serde::de::{Expected, Unexpected};
use togil_interp::Python;
use togil_interp::vm::PyObject;
use togil_interp::vm::builtins::PyBaseExceptionRef;

use super::describe::describe;
use super::step::Step;
use crate::PythonError;

/// A path with more steps is shown without its middle.
const LONGEST_PATH: usize = 16;

/// A value could not be converted. Says which one, what was expected and what was found:
/// `at .users[3].name: expected a string, found int 7`.
///
/// Two are equal if they say the same.
// Boxed, so that the `Result` of a conversion that goes well is small.
#[derive(Debug, Clone)]
pub struct ConversionError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    /// The innermost step first.
    path: Vec<Step>,
    what: String,
    /// What serde reported without knowing the Python object that it was about.
    pending: Option<Pending>,
    raised: Option<PythonError>,
}

#[derive(Debug, Clone)]
enum Pending {
    /// `expected {0}, found ...`
    Expected(String),
    /// `missing field ... in ...`
    Field(&'static str),
}

impl ConversionError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(Box::new(Inner { path: Vec::new(), what: what.into(), pending: None, raised: None }))
    }

    /// The object is not what was expected.
    pub(super) fn mismatch(py: Python<'_>, expected: &dyn Expected, object: &PyObject) -> Self {
        Self::new(format!("expected {expected}, found {}", describe(py.vm(), object)))
    }

    /// Python code that the conversion called (`__iter__`, `__hash__`, ...) raised an exception.
    pub(super) fn raised(py: Python<'_>, exception: PyBaseExceptionRef) -> Self {
        let raised = PythonError::new(py, exception);
        let mut error = Self::new(format!("Python raised {raised}"));
        error.0.raised = Some(raised);
        error
    }

    fn pending(what: String, pending: Pending) -> Self {
        let mut error = Self::new(what);
        error.0.pending = Some(pending);
        error
    }

    /// The same error, with what was found in place of what serde thought it saw.
    pub(super) fn found(mut self, py: Python<'_>, object: &PyObject) -> Self {
        let what = match self.0.pending.take() {
            None => return self,
            Some(Pending::Expected(expected)) => {
                format!("expected {expected}, found {}", describe(py.vm(), object))
            }
            Some(Pending::Field(name)) => {
                format!("missing field `{name}` in {}", describe(py.vm(), object))
            }
        };
        self.0.what = what;
        self
    }

    /// The same error, seen from one level further out.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.pending = None;
        self.0.path.push(step);
        self
    }

    /// Where the value is that failed, as `.users[3].name`; empty for the value itself. A path of
    /// more than 16 steps is shown without its middle.
    pub fn path(&self) -> String {
        let steps = &self.0.path;
        let show = |steps: &[Step]| -> String { steps.iter().rev().map(Step::to_string).collect() };
        let Some(hidden) = steps.len().checked_sub(LONGEST_PATH).filter(|hidden| *hidden > 0)
        else {
            return show(steps);
        };
        let (inner, outer) = (&steps[..LONGEST_PATH / 2], &steps[LONGEST_PATH / 2 + hidden..]);
        format!("{} ({hidden} more) {}", show(outer), show(inner))
    }

    /// What went wrong there.
    pub fn message(&self) -> &str {
        &self.0.what
    }

    /// The exception, if Python code that the conversion called raised one.
    pub fn exception(&self) -> Option<&PythonError> {
        self.0.raised.as_ref()
    }
}

impl PartialEq for ConversionError {
    fn eq(&self, other: &Self) -> bool {
        self.0.path == other.0.path && self.0.what == other.0.what
    }
}

impl Eq for ConversionError {}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.path.is_empty() {
            return f.write_str(&self.0.what);
        }
        write!(f, "at {}: {}", self.path(), self.0.what)
    }
}

// No `source`: the message already says what the exception says.
impl std::error::Error for ConversionError {}

impl serde::ser::Error for ConversionError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

impl serde::de::Error for ConversionError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let what = format!("expected {expected}, found {found}");
        Self::pending(what, Pending::Expected(expected.to_string()))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let what = format!("expected {expected}, found {length} items");
        Self::pending(what, Pending::Expected(expected.to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::pending(format!("missing field `{field}`"), Pending::Field(field))
    }
}
