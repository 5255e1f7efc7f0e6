//! Calling a Python function with Rust values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::builtins::{PyDict, PyStr, PyTuple};
use togil_interp::vm::function::FuncArgs;
use togil_interp::vm::{AsObject, PyObjectRef};

use super::context::{Failure, conversion};
use crate::error::Error;
use crate::value::{ConversionError, PyHandle, from_python, to_python};

impl PyHandle {
    /// Calls the object. `args` is a tuple, or an array, of its positional arguments.
    ///
    /// ```
    /// use togil::{Interpreter, PyHandle};
    ///
    /// let interpreter = Interpreter::builder().build()?;
    /// interpreter.attach(|py| {
    ///     let pow = PyHandle::new(py, py.builtins.get_attr("pow", py.vm()).expect("a builtin"));
    ///     let rest: i64 = pow.call(py, (7, 13, 10))?;
    ///     assert_eq!(rest, 7);
    ///     Ok::<(), togil::Error>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Python`] if the call raises, [`Error::Conversion`] if an argument or the result
    /// cannot be converted.
    ///
    /// # Panics
    /// As [`bind`](Self::bind) does.
    pub fn call<T>(&self, py: Python<'_>, args: impl Serialize) -> Result<T, Error>
    where
        T: DeserializeOwned,
    {
        self.call_with(py, args, ())
    }

    /// Calls the object with keyword arguments, too: a struct or a map with string keys.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    ///
    /// # Panics
    /// As [`bind`](Self::bind) does.
    pub fn call_with<T>(
        &self,
        py: Python<'_>,
        args: impl Serialize,
        kwargs: impl Serialize,
    ) -> Result<T, Error>
    where
        T: DeserializeOwned,
    {
        let call = || {
            let args = arguments(py, to_python(py, &args), to_python(py, &kwargs))?;
            let result = self.bind(py).call(args, py.vm())?;
            let value = from_python(py, &result);
            Ok(value.map_err(|error| conversion("the result", error))?)
        };
        call().map_err(|failure: Failure| failure.into_error(py))
    }
}

/// The arguments of a call. Says which of the two could not be converted.
pub(super) fn arguments(
    py: Python<'_>,
    positional: Result<PyObjectRef, ConversionError>,
    named: Result<PyObjectRef, ConversionError>,
) -> Result<FuncArgs, Failure> {
    let vm = py.vm();
    let positional = positional.map_err(|error| conversion("the arguments", error))?;
    let named = named.map_err(|error| conversion("the keyword arguments", error))?;
    let positional: Vec<PyObjectRef> = match positional.downcast_ref::<PyTuple>() {
        Some(tuple) => tuple.as_slice().to_vec(),
        None if vm.is_none(&positional) => Vec::new(),
        None => positional.try_to_value(vm).map_err(|_| {
            let error = ConversionError::new(format!(
                "expected a tuple or an array of arguments, found {}; write `(x,)` for one argument",
                positional.class().name()
            ));
            conversion("the arguments", error)
        })?,
    };
    let mut args = FuncArgs::from(positional);
    let wrong = |found: &PyObjectRef, what: &str| {
        let found = found.class().name().to_string();
        conversion(
            "the keyword arguments",
            ConversionError::new(format!("expected {what}, found {found}")),
        )
    };
    match named.downcast_ref::<PyDict>() {
        Some(named) => {
            for (key, value) in named.items_vec() {
                let Some(key) = key.downcast_ref::<PyStr>() else {
                    return Err(wrong(&key, "names (`str`) as keys").into());
                };
                args.kwargs.insert(key.as_wtf8().to_owned(), value);
            }
        }
        None if vm.is_none(&named) => {}
        None => return Err(wrong(&named, "a struct or a map").into()),
    }
    Ok(args)
}
