//! From Python's arguments to the closure's.

use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::vm::PyObjectRef;

use crate::value::{ConversionError, from_python};

/// All arguments of a closure: a tuple of up to twelve values of any types that `serde` can
/// deserialize, [`PyHandle`](crate::PyHandle) for an object as it is and
/// [`Instance`](crate::Instance) for an object of a class of the host's among them.
pub trait Arguments: Sized {
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
    ($(($($index:tt $type:ident),*))*) => {$(
        impl<$($type: DeserializeOwned),*> Arguments for ($($type,)*) {
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
                    from_python::<$type>(py, &objects[$index]).map_err(|error| ($index, error))?,
                )*))
            }
        }
    )*};
}

tuples! {
    ()
    (0 A)
    (0 A, 1 B)
    (0 A, 1 B, 2 C)
    (0 A, 1 B, 2 C, 3 D)
    (0 A, 1 B, 2 C, 3 D, 4 E)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J, 10 K)
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J, 10 K, 11 L)
}
