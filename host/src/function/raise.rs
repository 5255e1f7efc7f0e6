//! Rust errors as Python exceptions.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use togil_interp::Python;
use togil_interp::vm::builtins::{PyBaseException, PyBaseExceptionRef, PyType, PyTypeRef};
use togil_interp::vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyRef, PyResult};

use super::support::payload;
use crate::error::{Error, PythonError};

macro_rules! exception_classes {
    ($($variant:ident $field:ident),* $(,)?) => {
        /// The class of an exception that a Rust error becomes.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ExceptionClass {
            $(#[doc = concat!("Python's `", stringify!($variant), "`.")] $variant,)*
            /// A class of a module, as [`ModuleBuilder::exception`](crate::ModuleBuilder::exception)
            /// makes them.
            Defined {
                /// The module, which scripts must have imported.
                module: String,
                /// The name in it.
                name: String,
            },
        }

        impl ExceptionClass {
            pub(crate) fn resolve(&self, py: Python<'_>) -> PyResult<PyTypeRef> {
                match self {
                    $(Self::$variant => Ok(py.ctx.exceptions.$field.to_owned()),)*
                    Self::Defined { module, name } => defined(py, module, name),
                }
            }
        }
    };
}

exception_classes! {
    BaseException base_exception_type,
    Exception exception_type,
    ArithmeticError arithmetic_error,
    AssertionError assertion_error,
    AttributeError attribute_error,
    BrokenPipeError broken_pipe_error,
    BufferError buffer_error,
    ConnectionError connection_error,
    ConnectionRefusedError connection_refused_error,
    ConnectionResetError connection_reset_error,
    EOFError eof_error,
    FileExistsError file_exists_error,
    FileNotFoundError file_not_found_error,
    ImportError import_error,
    IndexError index_error,
    InterruptedError interrupted_error,
    KeyError key_error,
    KeyboardInterrupt keyboard_interrupt,
    LookupError lookup_error,
    MemoryError memory_error,
    NameError name_error,
    NotImplementedError not_implemented_error,
    OSError os_error,
    OverflowError overflow_error,
    PermissionError permission_error,
    RuntimeError runtime_error,
    StopIteration stop_iteration,
    SystemExit system_exit,
    TimeoutError timeout_error,
    TypeError type_error,
    UnicodeError unicode_error,
    ValueError value_error,
    ZeroDivisionError zero_division_error,
}

impl ExceptionClass {
    /// A class that a module of the host's defines.
    pub fn defined(module: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Defined { module: module.into(), name: name.into() }
    }
}

fn defined(py: Python<'_>, module: &str, name: &str) -> PyResult<PyTypeRef> {
    let found = py.sys_module.get_attr("modules", py.vm())?.get_item(module, py.vm())?;
    found.get_attr(&*py.ctx.new_str(name), py.vm())?.downcast::<PyType>().map_err(|_| {
        py.new_type_error(format!("{module}.{name}, which a host function raises, is no class"))
    })
}

/// An error on its way to Python: which class of exception, and what the error was.
///
/// Any [`std::error::Error`] turns into one by `?`; its class is then what the function
/// [raises](crate::FunctionBuilder::raises). A [`PythonError`] is raised as the exception that it
/// was.
///
/// ```
/// use togil::{ExceptionClass, Raise};
///
/// fn half(n: i64) -> Result<i64, Raise> {
///     if n % 2 != 0 {
///         return Err(Raise::new(ExceptionClass::ValueError, "an even number, please"));
///     }
///     Ok(n / 2)
/// }
/// # assert!(half(4).is_ok() && half(3).is_err());
/// ```
pub struct Raise {
    class: Option<ExceptionClass>,
    what: What,
}

enum What {
    Rust(Arc<dyn StdError + Send + Sync>),
    Python(PythonError),
    Exception(PyBaseExceptionRef),
}

impl Raise {
    /// An exception of this class, whose text is the error's and whose `__cause__` chain is the
    /// error's [`source`](StdError::source) chain.
    pub fn new(class: ExceptionClass, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { class: Some(class), what: What::Rust(Arc::from(error.into())) }
    }

    /// This very exception.
    pub(crate) fn exception(exception: PyBaseExceptionRef) -> Self {
        Self { class: None, what: What::Exception(exception) }
    }

    /// The text of an exception of the class that the function raises.
    pub(crate) fn message(text: String) -> Self {
        Self { class: None, what: What::Rust(Arc::from(Box::from(text))) }
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Raise {
    fn from(error: E) -> Self {
        let error: Box<dyn StdError + Send + Sync> = Box::new(error);
        let what = match error.downcast::<PythonError>() {
            Ok(error) => What::Python(*error),
            Err(error) => match error.downcast_ref::<Error>() {
                Some(Error::Python(error)) => What::Python(error.clone()),
                _ => What::Rust(Arc::from(error)),
            },
        };
        Self { class: None, what }
    }
}

impl fmt::Debug for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Raise");
        debug.field("class", &self.class);
        match &self.what {
            What::Rust(error) => debug.field("error", error),
            What::Python(error) => debug.field("error", error),
            What::Exception(error) => debug.field("error", &error.class().name().to_string()),
        };
        debug.finish()
    }
}

/// Looks at an error and says which class it becomes, if it knows.
type Choose = Arc<dyn Fn(&(dyn StdError + 'static)) -> Option<ExceptionClass> + Send + Sync>;

/// Which classes a function raises.
#[derive(Clone, Default)]
pub(crate) struct Raises {
    pub(crate) default: Option<ExceptionClass>,
    pub(crate) choices: Vec<Choose>,
}

impl Raises {
    fn choose(&self, error: &(dyn StdError + 'static)) -> Option<ExceptionClass> {
        self.choices.iter().find_map(|choose| choose(error))
    }

    /// What the error becomes. An error in making it is what is raised instead.
    pub(crate) fn exception(&self, py: Python<'_>, raise: Raise) -> PyBaseExceptionRef {
        let error = match raise.what {
            What::Exception(exception) => return exception,
            What::Python(error) => return again(py, &error),
            What::Rust(error) => error,
        };
        let class = raise.class.or_else(|| self.choose(&*error)).or_else(|| self.default.clone());
        let made = match class {
            Some(class) => make(py, &class, &error.to_string()),
            None => match error.downcast_ref::<std::io::Error>() {
                Some(error) => make_os_error(py, error),
                None => make(py, &ExceptionClass::RuntimeError, &error.to_string()),
            },
        };
        let exception = match made {
            Ok(exception) => exception,
            Err(exception) => return exception,
        };
        if let Some(cause) = error.source() {
            exception.set_cause(Some(self.cause(py, cause)));
        }
        let original = PyRef::new_ref(Original(error), Original::class(&py.ctx).to_owned(), None);
        // An exception of a class that refuses attributes is raised without it.
        let _ = exception.as_object().set_attr(ORIGINAL, original, py.vm());
        exception
    }

    /// The exception for an error's source, and for its sources.
    fn cause(&self, py: Python<'_>, error: &(dyn StdError + 'static)) -> PyBaseExceptionRef {
        if let Some(error) = error.downcast_ref::<PythonError>() {
            return again(py, error);
        }
        let class = self.choose(error).unwrap_or(ExceptionClass::RuntimeError);
        let exception = make(py, &class, &error.to_string()).unwrap_or_else(|error| error);
        if let Some(source) = error.source() {
            exception.set_cause(Some(self.cause(py, source)));
        }
        exception
    }
}

fn make(py: Python<'_>, class: &ExceptionClass, text: &str) -> PyResult<PyBaseExceptionRef> {
    let class = class.resolve(py)?;
    py.invoke_exception(&class, vec![py.ctx.new_str(text).into()])
}

/// `OSError(errno, text)` is the subclass that belongs to the number.
fn make_os_error(py: Python<'_>, error: &std::io::Error) -> PyResult<PyBaseExceptionRef> {
    let text = py.ctx.new_str(error.to_string()).into();
    let args = match error.raw_os_error() {
        Some(number) => vec![py.ctx.new_int(number).into(), text],
        None => vec![text],
    };
    py.invoke_exception(py.ctx.exceptions.os_error, args)
}

/// The same exception object, or one that looks like it where the object is another
/// interpreter's.
fn again(py: Python<'_>, error: &PythonError) -> PyBaseExceptionRef {
    if error.object().is_of(py)
        && let Ok(exception) = error.object().bind(py).to_owned().downcast::<PyBaseException>()
    {
        return exception;
    }
    py.new_runtime_error(error.to_string())
}

/// The name of the attribute that keeps the error.
const ORIGINAL: &str = "__rust_error__";

/// The error that an exception was made of, kept in the exception.
#[derive(Debug)]
struct Original(Arc<dyn StdError + Send + Sync>);

payload!(Original);

/// The Rust error that an exception was made of.
pub(crate) fn original(
    py: Python<'_>,
    exception: &PyObject,
) -> Option<Arc<dyn StdError + Send + Sync>> {
    let kept: PyObjectRef = exception.get_attr(ORIGINAL, py.vm()).ok()?;
    kept.downcast_ref::<Original>().map(|original| original.0.clone())
}
