//! Integers of any size.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use togil_interp::vm::builtins::PyInt;

/// The name of the newtype struct that stands for an integer of any size.
pub(super) const BIG_INT: &str = "$togil::BigInt";

/// An integer of any size, as Python has it: an `int` that does not fit `i128` goes into Rust and
/// comes back exactly. To compute with it, parse its decimal text with a crate of your choice.
///
/// With other serializers than togil's it is a number if it fits `i64` or `u64`, and otherwise a
/// string of decimal digits; it reads both.
// The VM's own representation. Its type comes from a crate that this one does not name.
pub struct BigInt(PyInt);

impl BigInt {
    /// Keeps the value of an `int`.
    pub(super) fn of(int: &PyInt) -> Self {
        Self(PyInt::from(int.as_bigint().clone()))
    }

    /// The VM's representation.
    pub(super) fn as_py_int(&self) -> &PyInt {
        &self.0
    }
}

/// A text that is no decimal integer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected decimal digits with an optional sign, found {0:?}")]
pub struct ParseBigIntError(String);

impl FromStr for BigInt {
    type Err = ParseBigIntError;

    fn from_str(text: &str) -> Result<Self, ParseBigIntError> {
        let error = || ParseBigIntError(text.chars().take(60).collect());
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(error());
        }
        let magnitude = parse_like(PyInt::from(0).as_bigint(), digits).ok_or_else(error)?;
        Ok(Self(PyInt::from(if text.starts_with('-') { -magnitude } else { magnitude })))
    }
}

/// Parses to the type of the example, which has no name here.
fn parse_like<T: FromStr>(_example: &T, text: &str) -> Option<T> {
    text.parse().ok()
}

macro_rules! from_and_into {
    ($($int:ty),*) => {$(
        impl From<$int> for BigInt {
            fn from(value: $int) -> Self {
                Self(PyInt::from(value))
            }
        }

        impl TryFrom<&BigInt> for $int {
            type Error = OutOfRange;

            fn try_from(value: &BigInt) -> Result<Self, OutOfRange> {
                <$int>::try_from(value.0.as_bigint()).map_err(|_| OutOfRange)
            }
        }
    )*};
}

from_and_into!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

/// A [`BigInt`] does not fit the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the integer does not fit the type")]
pub struct OutOfRange;

impl Clone for BigInt {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl PartialEq for BigInt {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bigint() == other.0.as_bigint()
    }
}

impl Eq for BigInt {}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BigInt {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_bigint().cmp(other.0.as_bigint())
    }
}

impl std::hash::Hash for BigInt {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_bigint().hash(state);
    }
}

/// In decimal.
impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_bigint(), f)
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BigInt({self})")
    }
}

impl Serialize for BigInt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(BIG_INT, &Digits(self))
    }
}

struct Digits<'a>(&'a BigInt);

impl Serialize for Digits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(value) = i64::try_from(self.0) {
            serializer.serialize_i64(value)
        } else if let Ok(value) = u64::try_from(self.0) {
            serializer.serialize_u64(value)
        } else {
            serializer.serialize_str(&self.0.to_string())
        }
    }
}

impl<'de> Deserialize<'de> for BigInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(BIG_INT, BigIntVisitor)
    }
}

struct BigIntVisitor;

impl<'de> Visitor<'de> for BigIntVisitor {
    type Value = BigInt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E>(self, value: i64) -> Result<BigInt, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<BigInt, E> {
        Ok(value.into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<BigInt, E> {
        Ok(value.into())
    }

    fn visit_u128<E>(self, value: u128) -> Result<BigInt, E> {
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<BigInt, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<BigInt, D::Error> {
        inner.deserialize_any(self)
    }
}
