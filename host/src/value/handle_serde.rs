//! A [`PyHandle`] in a type that is converted.

use std::fmt;

use serde::de::Visitor;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PyHandle;
use super::passing::{self, HANDLE};

const ONLY_HERE: &str = "a PyHandle exists only inside this process: \
    togil::to_python and togil::from_python can convert it, no other serializer can";

/// Only for [`to_python`](crate::to_python), which puts the object itself in; with any other
/// serializer it is an error.
impl Serialize for PyHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let token = passing::offer(self.clone()).ok_or_else(|| S::Error::custom(ONLY_HERE))?;
        serializer.serialize_newtype_struct(HANDLE, &Token(&token))
    }
}

struct Token<'a>(&'a [u8]);

impl Serialize for Token<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Only for [`from_python`](crate::from_python), which gives the object itself, whatever it is;
/// with any other deserializer it is an error.
///
/// Behind `#[serde(flatten)]` and in an untagged or internally tagged enum, serde reads the
/// value before it asks for a handle, so there only objects that no other Rust type can
/// hold (functions, classes, iterators, ...) can be had as one.
impl<'de> Deserialize<'de> for PyHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(HANDLE, HandleVisitor)
    }
}

struct HandleVisitor;

impl<'de> Visitor<'de> for HandleVisitor {
    type Value = PyHandle;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Python object")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, token: D) -> Result<PyHandle, D::Error> {
        token.deserialize_bytes(TokenVisitor)
    }
}

struct TokenVisitor;

impl Visitor<'_> for TokenVisitor {
    type Value = PyHandle;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a Python object ({ONLY_HERE})")
    }

    fn visit_bytes<E: serde::de::Error>(self, token: &[u8]) -> Result<PyHandle, E> {
        passing::take(token).ok_or_else(|| E::custom(ONLY_HERE))
    }
}

/// What to say if another serializer got hold of the token.
pub(super) fn taken_elsewhere() -> super::ConversionError {
    super::ConversionError::new(ONLY_HERE)
}
