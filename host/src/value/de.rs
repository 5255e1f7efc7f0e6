//! Rust values of Python objects: a serde [`Deserializer`].

mod any;
mod buffer;
mod elements;
mod pairs;
mod variant;

use serde::Deserializer;
use serde::de::value::{BytesDeserializer, StringDeserializer};
use serde::de::{Expected, Visitor};
use togil_interp::Python;
use togil_interp::vm::builtins::{PyBytes, PyFloat, PyInt, PyStr};
use togil_interp::vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use super::bigint::BIG_INT;
use super::depth::Depth;
use super::passing::{self, HANDLE};
use super::{ConversionError, PyHandle};

/// Reads one object. `'a` is how long the object is there, `'de` how long borrowed data must be.
#[derive(Clone, Copy)]
pub(super) struct FromPython<'a, 'de> {
    py: Python<'a>,
    object: &'a PyObject,
    /// The same object, if it outlives the deserialized value. Then what never changes in it can
    /// be borrowed.
    lasting: Option<&'de PyObject>,
    depth: Depth,
}

type Deserialized<T> = Result<T, ConversionError>;

impl<'a, 'de> FromPython<'a, 'de> {
    pub(super) fn new(py: Python<'a>, object: &'de PyObject) -> Self
    where
        'de: 'a,
    {
        Self { py, object, lasting: Some(object), depth: Depth::OUTERMOST }
    }

    fn vm(self) -> &'a VirtualMachine {
        self.py.vm()
    }

    /// Another object, which is there only for now.
    fn passing<'b>(self, object: &'b PyObject) -> FromPython<'b, 'de>
    where
        'a: 'b,
    {
        FromPython { py: self.py, object, lasting: None, depth: self.depth }
    }

    fn deeper(self) -> Deserialized<Self> {
        Ok(Self { depth: self.depth.deeper(self.py)?, ..self })
    }

    fn mismatch(self, expected: &dyn Expected) -> ConversionError {
        ConversionError::mismatch(self.py, expected, self.object)
    }

    /// Adds to an error of a visitor what the visitor was shown.
    fn found<T>(self, result: Deserialized<T>) -> Deserialized<T> {
        result.map_err(|error| error.found(self.py, self.object))
    }

    fn raised<T>(self, result: PyResult<T>) -> Deserialized<T> {
        result.map_err(|exception| ConversionError::raised(self.py, exception))
    }

    fn bool(self) -> Option<bool> {
        let ctx = &self.vm().ctx;
        let is_bool = self.object.class().is(ctx.types.bool_type);
        is_bool.then(|| self.object.is(&ctx.true_value))
    }

    /// An int, or an instance of a subclass. A bool is no int here.
    fn int(self) -> Option<&'a Py<PyInt>> {
        let is_bool = self.object.class().is(self.vm().ctx.types.bool_type);
        self.object.downcast_ref::<PyInt>().filter(|_| !is_bool)
    }

    fn float(self) -> Option<f64> {
        if let Some(float) = self.object.downcast_ref::<PyFloat>() {
            return Some(float.to_f64());
        }
        // Fails if it is larger than any float.
        let float = self.int()?.as_object().try_float(self.vm()).ok()?;
        Some(float.to_f64())
    }

    /// A string without lone surrogates.
    fn text(self) -> Option<&'a str> {
        self.object.downcast_ref::<PyStr>()?.to_str()
    }

    fn visit_int<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        let Some(int) = self.int() else { return Err(self.mismatch(&visitor)) };
        let int = int.as_bigint();
        self.found(if let Ok(value) = i64::try_from(int) {
            visitor.visit_i64(value)
        } else if let Ok(value) = u64::try_from(int) {
            visitor.visit_u64(value)
        } else if let Ok(value) = i128::try_from(int) {
            visitor.visit_i128(value)
        } else if let Ok(value) = u128::try_from(int) {
            visitor.visit_u128(value)
        } else {
            Err(self.mismatch(&visitor))
        })
    }

    /// An int that serde's own types have no room for, as its digits.
    fn visit_big_int<V: Visitor<'de>>(self, int: &PyInt, visitor: V) -> Deserialized<V::Value> {
        let digits = int.as_bigint().to_string();
        self.found(visitor.visit_newtype_struct(StringDeserializer::new(digits)))
    }

    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        let lasting = self.lasting.and_then(|object| object.downcast_ref::<PyStr>()?.to_str());
        if let Some(text) = lasting {
            return self.found(visitor.visit_borrowed_str(text));
        }
        let Some(text) = self.text() else { return Err(self.mismatch(&visitor)) };
        self.found(visitor.visit_str(text))
    }

    fn visit_bytes<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        if let Some(bytes) = self.lasting.and_then(|object| object.downcast_ref::<PyBytes>()) {
            return self.found(visitor.visit_borrowed_bytes(bytes.as_bytes()));
        }
        if let Some(bytes) = self.object.downcast_ref::<PyBytes>() {
            return self.found(visitor.visit_bytes(bytes.as_bytes()));
        }
        match buffer::copy(self)? {
            Some(bytes) => self.found(visitor.visit_byte_buf(bytes)),
            None => Err(self.mismatch(&visitor)),
        }
    }

    /// Passes the object itself.
    fn visit_object<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        let handle = PyHandle::new(self.py, self.object.to_owned());
        let token = passing::offer(handle).expect("a conversion runs");
        self.found(visitor.visit_newtype_struct(BytesDeserializer::new(&token)))
    }
}

macro_rules! ints {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
            self.visit_int(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for FromPython<'_, 'de> {
    type Error = ConversionError;

    ints! {
        deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64, deserialize_i128,
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_u128
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        any::visit(self, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        match self.bool() {
            Some(value) => self.found(visitor.visit_bool(value)),
            None => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        match self.float() {
            Some(value) => self.found(visitor.visit_f64(value)),
            None => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_text(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        self.visit_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        if self.vm().is_none(self.object) {
            return self.found(visitor.visit_none());
        }
        // Deeper: a type may be nothing but an option of itself.
        let inner = self.deeper()?;
        self.found(visitor.visit_some(inner))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        if self.vm().is_none(self.object) {
            return self.found(visitor.visit_unit());
        }
        Err(self.mismatch(&visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Deserialized<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Deserialized<V::Value> {
        match name {
            HANDLE => self.visit_object(visitor),
            BIG_INT => match self.int() {
                Some(int) if i128::try_from(int.as_bigint()).is_err() => {
                    self.visit_big_int(int, visitor)
                }
                _ => self.visit_int(visitor),
            },
            _ => {
                let inner = self.deeper()?;
                self.found(visitor.visit_newtype_struct(inner))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        elements::visit(self, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Deserialized<V::Value> {
        elements::visit(self, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Deserialized<V::Value> {
        elements::visit(self, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        pairs::visit(self, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Deserialized<V::Value> {
        pairs::visit(self, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Deserialized<V::Value> {
        variant::visit(self, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Deserialized<V::Value> {
        visitor.visit_unit()
    }
}
