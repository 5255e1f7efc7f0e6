//! Bytes that become `bytes`.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use togil_interp::Python;
use togil_interp::vm::PyObjectRef;

/// Bytes that are a `bytes` object in Python. (Serde makes a list of ints of a plain `Vec<u8>`.)
///
/// When the bytes are copied:
///
/// | way | copies |
/// |---|---|
/// | [`into_python`](Self::into_python) | none: the object takes over the allocation |
/// | [`to_python`](crate::to_python) of a value that contains `Bytes` | one, because serde only lends the value |
/// | [`from_python`](crate::from_python) of `bytes`, `bytearray`, `memoryview` | one: Python keeps its own |
/// | [`from_python_borrowed`](crate::from_python_borrowed) to `&[u8]`, from `bytes` | none |
///
/// In an untagged enum, put it after `Vec` and before `String`: there serde makes bytes of any list of
/// small ints, and a string of bytes that are UTF-8.
///
/// With other serializers than togil's it is whatever they make of bytes; JSON has an array.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// Makes the `bytes` object, without a copy.
    pub fn into_python(self, py: Python<'_>) -> PyObjectRef {
        py.vm().ctx.new_bytes(self.0).into()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl Deref for Bytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor).map(Self)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    /// How formats without bytes write them.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}
