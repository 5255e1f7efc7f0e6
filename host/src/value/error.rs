//! Why a value did not fit.

use std::fmt;

/// A value could not be converted. Says which one: `at .users[3].name: expected a string, found int`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionError {
    /// The innermost step first.
    path: Vec<Step>,
    what: String,
}

/// One step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A field of a struct, or a string key of a map.
    Field(String),
    /// A position in a sequence.
    Index(usize),
    /// A key of a map that is not a string, as Python prints it.
    Key(String),
}

impl ConversionError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { path: Vec::new(), what: what.into() }
    }

    /// The same error, seen from one level further out.
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// Where the value is that failed, as `.users[3].name`; empty for the value itself.
    pub fn path(&self) -> String {
        self.path.iter().rev().map(ToString::to_string).collect()
    }

    /// What went wrong there.
    pub fn message(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[{key}]"),
        }
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.what);
        }
        write!(f, "at {}: {}", self.path(), self.what)
    }
}

impl std::error::Error for ConversionError {}
