//! A Rust closure with what Python wants to know about it, and its call.

use std::sync::Arc;

use togil_interp::Python;
use togil_interp::vm::builtins::PyBaseExceptionRef;
use togil_interp::vm::function::FuncArgs;
use togil_interp::vm::{PyObject, PyObjectRef, PyResult};

use super::arguments::Arguments;
use super::bind::bind;
use super::effect::Effect;
use super::panics;
use super::raise::Raises;
use super::result::Failure;
use super::signature::Signature;
use super::support::payload;
use crate::value::ConversionError;

/// The closure. Gets the object that a method belongs to, and the arguments in the order of the
/// parameters.
type Invoke = Box<
    dyn Fn(Python<'_>, Option<&PyObject>, Vec<PyObjectRef>) -> Result<PyObjectRef, Failure>
        + Send
        + Sync,
>;

pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) signature: Signature,
    pub(crate) raises: Raises,
    pub(crate) effect: Effect,
    pub(crate) invoke: Invoke,
}

/// What a Python function object consists of: a definition, for one interpreter.
pub(crate) struct Callable {
    definition: Arc<Definition>,
    defaults: Vec<Option<PyObjectRef>>,
}

impl std::fmt::Debug for Callable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Callable({})", self.definition.signature.qualname)
    }
}

payload!(Callable);

impl Callable {
    pub(crate) fn new(py: Python<'_>, definition: Arc<Definition>) -> PyResult<Self> {
        let parameters = &definition.signature.parameters;
        let make = |parameter: &super::signature::Parameter| {
            let Some(make) = &parameter.default else { return Ok(None) };
            make(py).map(Some).map_err(|error| {
                py.new_type_error(format!(
                    "the default of {}()'s parameter '{}': {error}",
                    definition.signature.qualname, parameter.name
                ))
            })
        };
        let defaults = parameters.iter().map(make).collect::<PyResult<_>>()?;
        Ok(Self { definition, defaults })
    }

    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    /// `name($first, a, b=1)\n--\n\ndoc`: CPython's form for a builtin function, of which the VM
    /// makes `__text_signature__` and `__doc__`.
    pub(crate) fn internal_doc(&self, py: Python<'_>, first: &str) -> PyResult<String> {
        let text = self.signature_text(py, first)?;
        Ok(format!("{}{text}\n--\n\n{}", self.definition.name, self.definition.doc))
    }

    /// `($first, a, b=1)`.
    pub(crate) fn signature_text(&self, py: Python<'_>, first: &str) -> PyResult<String> {
        let repr = |default: &Option<PyObjectRef>| {
            let Some(default) = default else { return Ok(None) };
            Ok(Some(default.repr(py.vm())?.as_wtf8().to_string()))
        };
        let reprs: Vec<_> = self.defaults.iter().map(repr).collect::<PyResult<_>>()?;
        Ok(self.definition.signature.text(first, &reprs))
    }

    pub(crate) fn call(
        &self,
        py: Python<'_>,
        receiver: Option<&PyObject>,
        args: FuncArgs,
    ) -> PyResult {
        let Definition { signature, raises, effect, invoke, .. } = &*self.definition;
        let values = bind(py, signature, &self.defaults, args)?;
        effect.announce(py, receiver, &values)?;
        panics::catch(py, || {
            invoke(py, receiver, values).map_err(|failure| {
                let parameter = |index: usize| signature.parameters[index].name.as_str();
                exception(py, &signature.qualname, parameter, raises, failure)
            })
        })
    }
}

/// The exception that a failure becomes.
pub(crate) fn exception<'a>(
    py: Python<'_>,
    qualname: &str,
    parameter: impl Fn(usize) -> &'a str,
    raises: &Raises,
    failure: Failure,
) -> PyBaseExceptionRef {
    match failure {
        Failure::Argument(index, error) => {
            py.new_type_error(format!("{qualname}() argument '{}': {error}", parameter(index)))
        }
        Failure::Result(error) => {
            py.new_type_error(format!("{qualname}() returned what cannot be converted: {error}"))
        }
        Failure::Raise(raise) => raises.exception(py, raise),
    }
}

/// The arguments of a closure.
pub(crate) fn convert<A: Arguments>(py: Python<'_>, values: &[PyObjectRef]) -> Result<A, Failure> {
    let failed = |(index, error): (usize, ConversionError)| Failure::Argument(index, error);
    A::from_objects(py, values).map_err(failed)
}
