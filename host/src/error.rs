//! What can go wrong with a job.

mod chain;
mod traceback;

use std::fmt;
use std::sync::Arc;

use togil_interp::Python;
use togil_interp::vm::AsObject;
use togil_interp::vm::builtins::PyBaseExceptionRef;

use togil_interp::BuildError;

use crate::limits::StopReport;
use crate::value::{ConversionError, PyHandle};

/// Why a job has no value to give.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The script raised an exception and nothing caught it.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// A value could not be converted on its way in or out.
    #[error("cannot convert {what}: {error}")]
    Conversion {
        /// Which value: `the result`, `argument 2`, ...
        what: String,
        /// Where in it, and why. No `source` of this error, whose text has it already.
        error: ConversionError,
    },
    /// Rust code of the job panicked. The worker lives on.
    #[error("the job panicked: {0}")]
    Panicked(String),
    /// A script does not compile.
    #[error(transparent)]
    Syntax(SyntaxError),
    /// The job was cancelled, or exceeded a limit.
    #[error("the job was stopped: {0}")]
    Stopped(StopReport),
    /// The result is larger than [`Limits::result_size`](crate::Limits::result_size) allows.
    #[error(
        "the result is larger than the limit of {limit} bytes; return less, or raise the limit"
    )]
    ResultTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The host was shut down before the job ran.
    #[error("the host was shut down before the job ran")]
    Closed,
}

/// Source that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}: {}", text.trim())]
#[non_exhaustive]
pub struct SyntaxError {
    /// The name that the script was given.
    pub file: String,
    /// From 1; 0 if the compiler does not say.
    pub line: usize,
    /// From 1, in characters; 0 if the compiler does not say.
    pub column: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why a host could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The interpreter does not start.
    #[error(transparent)]
    Interpreter(#[from] BuildError),
    /// No workers were asked for.
    #[error("a host needs at least one worker, and 0 were asked for")]
    NoWorkers,
    /// A queue without room was asked for.
    #[error("the queue of a host needs room for at least one job, and 0 was asked for")]
    NoQueue,
    /// The system gave no thread.
    #[error("cannot start a thread of the host: {0}; are too many running?")]
    Thread(#[source] std::io::Error),
    /// A prelude module raised an exception.
    #[error("the prelude module '{name}' failed: {error}")]
    Prelude {
        /// Of the module.
        name: String,
        /// What it raised.
        error: PythonError,
    },
    /// What togil gives every interpreter failed.
    #[error("cannot set up an interpreter of the host: {0}")]
    Setup(PythonError),
    /// The thread that builds interpreters is gone.
    #[error(
        "the thread that builds the interpreters of the host panicked; its message is on stderr"
    )]
    Panicked,
}

impl Error {
    /// The exception, if that is what it was.
    pub fn as_python(&self) -> Option<&PythonError> {
        match self {
            Self::Python(error) => Some(error),
            _ => None,
        }
    }
}

/// A Python exception: its type, message and traceback as text, and the object itself.
#[derive(Clone)]
pub struct PythonError(Arc<Exception>);

struct Exception {
    type_name: String,
    message: String,
    traceback: String,
    cause: Option<PythonError>,
    rust: Option<Arc<dyn std::error::Error + Send + Sync>>,
    object: PyHandle,
}

impl PythonError {
    /// Keeps an exception that was caught in Rust, with its causes.
    pub fn new(py: Python<'_>, exception: PyBaseExceptionRef) -> Self {
        let (shown, earlier) = chain::of(py.vm(), exception);
        // From the first cause on, so that neither this nor the text recurses.
        let first = earlier.into_iter().rev().fold(None, |cause, (exception, link)| {
            Some((Self::with_cause(py, exception, cause), link))
        });
        Self::with_cause(py, shown, first)
    }

    fn with_cause(
        py: Python<'_>,
        exception: PyBaseExceptionRef,
        cause: Option<(Self, chain::Link)>,
    ) -> Self {
        let vm = py.vm();
        let type_name = exception.class().fully_qualified_name(vm);
        let type_name = type_name.unwrap_or_else(|_| exception.class().name().to_string());
        let message = match exception.as_object().str(vm) {
            Ok(text) => text.to_string_lossy().into_owned(),
            Err(_) => "<exception str() failed>".to_owned(),
        };
        let mut traceback = String::new();
        if let Some((cause, link)) = &cause {
            traceback.push_str(cause.traceback());
            traceback.push_str(link.text());
        }
        traceback.push_str(&traceback::text(vm, &exception, &type_name, &message));
        Self(Arc::new(Exception {
            type_name,
            message,
            traceback,
            cause: cause.map(|(cause, _)| cause),
            rust: crate::function::original(py, exception.as_object()),
            object: PyHandle::new(py, exception.into()),
        }))
    }

    /// The exception's class, with its module unless that is `builtins` or `__main__`.
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// `str(exception)`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What Python would print: the traceback, causes and notes included; ends with a newline.
    pub fn traceback(&self) -> &str {
        &self.0.traceback
    }

    /// The Rust error that a host function returned, if that is what was raised. Those that it
    /// stands behind as a cause are found on the way along
    /// [`source`](std::error::Error::source).
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.rust.as_ref()?.downcast_ref()
    }

    /// The exception object.
    pub fn object(&self) -> &PyHandle {
        &self.0.object
    }
}

impl fmt::Display for PythonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => f.write_str(self.type_name()),
            message => write!(f, "{}: {message}", self.type_name()),
        }
    }
}

impl fmt::Debug for PythonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonError")
            .field("type_name", &self.type_name())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for PythonError {
    /// `__cause__`, or `__context__` where Python would show it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
