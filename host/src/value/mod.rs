//! Values on their way in and out: any `serde` type, and [`PyHandle`] for objects that stay
//! in Python.
//!
//! | Rust | to Python | from Python |
//! |---|---|---|
//! | `bool` | `bool` | `bool` only |
//! | integers | `int` | `int` and its subclasses, but not `bool`; must fit |
//! | [`BigInt`] | `int` | the same, of any size |
//! | `f32`, `f64` | `float` | `float`, `int` |
//! | `char`, strings | `str` | `str` without lone surrogates |
//! | [`Bytes`] (and `serde_bytes`) | `bytes` | `bytes`, `bytearray`, contiguous `memoryview` |
//! | `()`, unit struct, `None` | `None` | `None` |
//! | `Some(x)`, newtype struct | what is inside | what is inside |
//! | `Vec`, sets, slices | `list` | any iterable except `str` and mappings |
//! | tuples, arrays, tuple structs | `tuple` | the same, with that many elements |
//! | maps | `dict` | `dict`, other mappings, objects with fields |
//! | structs | `dict` | the same |
//! | enum variants without a value | `str` | `str`; a member of an `enum.Enum`, by name |
//! | other enum variants | `{variant: value}` | mappings with one key |
//! | [`PyHandle`] | the object itself | any object |
//!
//! *Objects with fields* are dataclass instances, namedtuples, and what has a `__dict__`
//! (`SimpleNamespace`, instances of plain classes).
//!
//! Nothing is coerced but `int` to `float`. Values may be nested 256 deep. A list, set, dict or dict
//! view is read as it is at one moment, whatever other threads do to it meanwhile; a subclass and
//! any other object is iterated over by its own methods, and what those raise
//! (`RuntimeError: dictionary changed size during iteration`) is the error.

mod bigint;
mod bytes;
mod de;
mod depth;
mod describe;
mod error;
mod handle;
mod handle_serde;
mod passing;
mod ser;
mod step;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use togil_interp::Python;
use togil_interp::vm::{PyObject, PyObjectRef};

pub use bigint::{BigInt, OutOfRange, ParseBigIntError};
pub use bytes::Bytes;
pub use error::ConversionError;
pub use handle::PyHandle;
pub(crate) use handle::release_dropped;

/// Makes a Python object of a Rust value; [`value`](self) has the table.
///
/// ```
/// use std::collections::BTreeMap;
/// use serde::Serialize;
/// use togil::{Interpreter, to_python};
///
/// #[derive(Serialize)]
/// struct User {
///     name: String,
///     scores: BTreeMap<(u8, u8), f64>,
/// }
///
/// let interpreter = Interpreter::builder().build()?;
/// let text = interpreter.attach(|py| {
///     let user = User { name: "Ada".into(), scores: BTreeMap::from([((1, 2), 0.5)]) };
///     let object = to_python(py, &user)?;
///     Ok::<_, togil::ConversionError>(object.repr(py.vm()).expect("a repr").to_string())
/// })?;
/// assert_eq!(text, "{'name': 'Ada', 'scores': {(1, 2): 0.5}}");
/// # interpreter.finalize(None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ConversionError`] if a key of a map is not hashable, a [`PyHandle`] is of another interpreter, the
/// value is nested too deep, or its `Serialize` fails.
pub fn to_python<T: Serialize + ?Sized>(
    py: Python<'_>,
    value: &T,
) -> Result<PyObjectRef, ConversionError> {
    let conversion = passing::Conversion::enter();
    let object = value.serialize(ser::ToPython::new(py))?;
    if !conversion.is_complete() {
        return Err(handle_serde::taken_elsewhere());
    }
    Ok(object)
}

/// Makes a Rust value of a Python object; [`value`](self) has the table.
///
/// ```
/// use serde::Deserialize;
/// use togil::{Interpreter, Python, from_python};
///
/// #[derive(Deserialize, Debug)]
/// struct User {
///     name: String,
///     age: Option<u8>,
/// }
///
/// let interpreter = Interpreter::builder().build()?;
/// interpreter.attach(|py| {
///     let eval = |source| {
///         let scope = py.new_scope_with_builtins();
///         py.run_block_expr(scope, source).expect("valid Python")
///     };
///     let users: Vec<User> = from_python(py, &eval("[{'name': 'Ada', 'age': 36}]"))?;
///     assert_eq!(users[0].name, "Ada");
///     assert_eq!(users[0].age, Some(36));
///
///     let error = from_python::<Vec<User>>(py, &eval("[{'name': 7}]")).unwrap_err();
///     assert_eq!(error.to_string(), "at [0].name: expected a string, found int 7");
///     Ok::<_, togil::ConversionError>(())
/// })?;
/// # interpreter.finalize(None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ConversionError`], which names the path to the value that does not fit, what was expected there
/// and what was found.
pub fn from_python<T: DeserializeOwned>(
    py: Python<'_>,
    object: &PyObject,
) -> Result<T, ConversionError> {
    from_python_borrowed(py, object)
}

/// Like [`from_python`], for a value that may borrow from the object, without a copy: `&str` from
/// a `str` and `&[u8]` from `bytes`, if that is the object itself or inside of it in nothing
/// but tuples. Everything else in Python can change while it is borrowed, so there `&str` is an error;
/// `Cow<str>` with `#[serde(borrow)]` takes either.
///
/// ```
/// use togil::{Interpreter, from_python_borrowed};
///
/// let interpreter = Interpreter::builder().build()?;
/// interpreter.attach(|py| {
///     let object = py.run_block_expr(py.new_scope_with_builtins(), "('name', b'data')");
///     let object = object.expect("valid Python");
///     let (name, data): (&str, &[u8]) = from_python_borrowed(py, &object)?;
///     assert_eq!((name, data), ("name", &b"data"[..]));
///     Ok::<_, togil::ConversionError>(())
/// })?;
/// # interpreter.finalize(None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`from_python`].
pub fn from_python_borrowed<'de, T: Deserialize<'de>>(
    py: Python<'_>,
    object: &'de PyObject,
) -> Result<T, ConversionError> {
    let _conversion = passing::Conversion::enter();
    T::deserialize(de::FromPython::new(py, object))
}
