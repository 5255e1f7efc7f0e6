//! What a job finds when it runs.

use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::builtins::{PyBaseExceptionRef, PyCode, PyDictRef};
use togil_interp::vm::compiler::Mode;
use togil_interp::vm::scope::Scope;
use togil_interp::vm::{PyObjectRef, PyRef, PyResult};

use crate::error::{Error, PythonError};
use crate::limits;
use crate::value::{ConversionError, from_python};

/// Why a job has no value, before anybody has looked at the exception: to look runs Python.
pub(crate) enum Failure {
    Exception(PyBaseExceptionRef),
    Error(Error),
}

impl From<PyBaseExceptionRef> for Failure {
    fn from(exception: PyBaseExceptionRef) -> Self {
        Self::Exception(exception)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    pub(crate) fn into_error(self, py: Python<'_>) -> Error {
        match self {
            Self::Exception(exception) => PythonError::new(py, exception).into(),
            Self::Error(error) => error,
        }
    }
}

/// A running job's interpreter and globals.
pub(crate) struct Context<'py> {
    pub(crate) py: Python<'py>,
    pub(crate) globals: PyDictRef,
    pub(crate) result_size: Option<usize>,
}

impl Context<'_> {
    /// Compiles the job's own source.
    pub(crate) fn compile(&self, source: &str, mode: Mode, name: &str) -> PyResult<PyRef<PyCode>> {
        let vm = self.py.vm();
        vm.compile(source, mode, name).map_err(|error| error.into_pyexception(vm, Some(source)))
    }

    /// Runs code in the job's globals.
    pub(crate) fn run(&self, code: PyRef<PyCode>) -> PyResult {
        let vm = self.py.vm();
        vm.run_code_obj(code, Scope::with_builtins(None, self.globals.clone(), vm))
    }

    /// The job's value from what the script gave.
    pub(crate) fn result<T: DeserializeOwned>(&self, object: PyResult) -> Result<T, Failure> {
        let object: PyObjectRef = object?;
        if let Some(limit) = self.result_size
            && limits::exceeds(&object, limit)
        {
            return Err(Error::ResultTooLarge { limit }.into());
        }
        from_python(self.py, &object).map_err(|error| conversion("the result", error).into())
    }
}

pub(crate) fn conversion(what: impl Into<String>, error: ConversionError) -> Error {
    Error::Conversion { what: what.into(), error }
}
