//! From Python's arguments to the closure's.

use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::{PyObject, PyObjectRef};

use crate::class::Instance;
use crate::value::{ConversionError, PyHandle, from_python};

/// What a closure may take as an argument: any type that `serde` can deserialize,
/// [`PyHandle`] for an object as it is, and [`Instance`] for an object of a class of the host's.
///
/// The parameter `Via` is for the compiler to tell them apart; it is always inferred.
pub trait FromPython<Via>: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// [`ConversionError`] if the object does not fit.
    fn from_python(py: Python<'_>, object: &PyObject) -> Result<Self, ConversionError>;
}

/// By way of `serde`.
pub enum ViaSerde {}
/// As the object itself.
pub enum ViaObject {}

impl<T: DeserializeOwned> FromPython<ViaSerde> for T {
    fn from_python(py: Python<'_>, object: &PyObject) -> Result<Self, ConversionError> {
        from_python(py, object)
    }
}

impl FromPython<ViaObject> for PyHandle {
    fn from_python(py: Python<'_>, object: &PyObject) -> Result<Self, ConversionError> {
        Ok(Self::new(py, object.to_owned()))
    }
}

impl<T: Send + Sync + 'static> FromPython<ViaObject> for Instance<T> {
    fn from_python(py: Python<'_>, object: &PyObject) -> Result<Self, ConversionError> {
        Self::of(py, object)
    }
}

/// All arguments of a closure: a tuple of up to twelve values, each of which is
/// [`FromPython`].
pub trait Arguments<Via>: Sized {
    /// How many there are.
    const COUNT: usize;

    /// Makes the values of as many objects. On failure it says which one failed.
    ///
    /// # Errors
    /// The position of the first object that does not fit, and why.
    fn from_objects(
        py: Python<'_>,
        objects: &[PyObjectRef],
    ) -> Result<Self, (usize, ConversionError)>;
}

macro_rules! tuples {
    ($(($($index:tt $type:ident $via:ident),*))*) => {$(
        impl<$($type, $via),*> Arguments<($($via,)*)> for ($($type,)*)
        where
            $($type: FromPython<$via>,)*
        {
            const COUNT: usize = {
                let all: &[usize] = &[$($index),*];
                all.len()
            };

            fn from_objects(
                py: Python<'_>,
                objects: &[PyObjectRef],
            ) -> Result<Self, (usize, ConversionError)> {
                let _ = (py, objects);
                Ok(($(
                    $type::from_python(py, &objects[$index]).map_err(|error| ($index, error))?,
                )*))
            }
        }
    )*};
}

tuples! {
    ()
    (0 A VA)
    (0 A VA, 1 B VB)
    (0 A VA, 1 B VB, 2 C VC)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG, 7 H VH)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG, 7 H VH, 8 I VI)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG, 7 H VH, 8 I VI, 9 J VJ)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG, 7 H VH, 8 I VI, 9 J VJ, 10 K VK)
    (0 A VA, 1 B VB, 2 C VC, 3 D VD, 4 E VE, 5 F VF, 6 G VG, 7 H VH, 8 I VI, 9 J VJ, 10 K VK, 11 L VL)
}
