//! Python objects of Rust values: a serde [`Serializer`].

mod compound;

use serde::{Serialize, Serializer};
use togil_interp::Python;
use togil_interp::vm::PyObjectRef;
use togil_interp::vm::builtins::{PyBytes, PyStr};

use super::bigint::{BIG_INT, BigInt};
use super::depth::Depth;
use super::passing::{self, HANDLE};
use super::step::Step;
use super::{ConversionError, PyHandle};
use compound::{Entries, Items};

/// Makes one object.
#[derive(Clone, Copy)]
pub(super) struct ToPython<'py> {
    py: Python<'py>,
    depth: Depth,
}

type Converted = Result<PyObjectRef, ConversionError>;

impl<'py> ToPython<'py> {
    pub(super) fn new(py: Python<'py>) -> Self {
        Self { py, depth: Depth::OUTERMOST }
    }

    /// For what is inside of the value.
    fn deeper(self) -> Result<Self, ConversionError> {
        Ok(Self { py: self.py, depth: self.depth.deeper(self.py)? })
    }

    /// `{variant: value}`, serde's externally tagged form.
    fn tagged(self, variant: &'static str, value: PyObjectRef) -> Converted {
        let vm = self.py.vm();
        let dict = vm.ctx.new_dict();
        let name = vm.ctx.intern_str(variant);
        match dict.inner_setitem(name, value, vm) {
            Ok(()) => Ok(dict.into()),
            Err(exception) => Err(ConversionError::raised(self.py, exception)),
        }
    }

    /// The object that a [`PyHandle`] passed.
    fn handle(self, token: &PyObjectRef) -> Converted {
        let token = token.downcast_ref::<PyBytes>();
        let handle: Option<PyHandle> = token.and_then(|token| passing::take(token.as_bytes()));
        let handle = handle.ok_or_else(|| {
            ConversionError::new("expected a PyHandle, found a newtype struct that has its name")
        })?;
        handle.object_in(self.py).ok_or_else(|| {
            ConversionError::new(
                "expected a PyHandle of this interpreter, found one of another interpreter: \
                 their objects must not mix",
            )
        })
    }
}

macro_rules! ints {
    ($($method:ident($int:ty)),*) => {$(
        fn $method(self, value: $int) -> Converted {
            Ok(self.py.vm().ctx.new_int(value).into())
        }
    )*};
}

impl<'py> Serializer for ToPython<'py> {
    type Ok = PyObjectRef;
    type Error = ConversionError;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Items<'py>;
    type SerializeTupleStruct = Items<'py>;
    type SerializeTupleVariant = Items<'py>;
    type SerializeMap = Entries<'py>;
    type SerializeStruct = Entries<'py>;
    type SerializeStructVariant = Entries<'py>;

    fn serialize_bool(self, value: bool) -> Converted {
        Ok(self.py.vm().ctx.new_bool(value).into())
    }

    ints! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_i128(i128), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64), serialize_u128(u128)
    }

    fn serialize_f32(self, value: f32) -> Converted {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Converted {
        Ok(self.py.vm().ctx.new_float(value).into())
    }

    fn serialize_char(self, value: char) -> Converted {
        Ok(self.py.vm().ctx.new_str(value).into())
    }

    fn serialize_str(self, value: &str) -> Converted {
        Ok(self.py.vm().ctx.new_str(value).into())
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Converted {
        Ok(self.py.vm().ctx.new_str(value.to_string()).into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Converted {
        Ok(self.py.vm().ctx.new_bytes(value.to_vec()).into())
    }

    fn serialize_none(self) -> Converted {
        Ok(self.py.vm().ctx.none())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Converted {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Converted {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Converted {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Converted {
        Ok(self.py.vm().ctx.intern_str(variant).to_owned().into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Converted {
        let object = value.serialize(self.deeper()?)?;
        match name {
            HANDLE => self.handle(&object),
            BIG_INT => {
                let digits = object.downcast_ref::<PyStr>().and_then(|text| text.to_str());
                let Some(Ok(int)) = digits.map(str::parse::<BigInt>) else { return Ok(object) };
                Ok(self.py.vm().ctx.new_bigint(int.as_py_int().as_bigint()).into())
            }
            _ => Ok(object),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Converted {
        let value = value
            .serialize(self.deeper()?)
            .map_err(|error| error.within(Step::Field(variant.to_owned())))?;
        self.tagged(variant, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'py>, ConversionError> {
        Items::new(self, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'py>, ConversionError> {
        Items::new(self, Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Items<'py>, ConversionError> {
        Items::new(self, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'py>, ConversionError> {
        Ok(Items::new(self, Some(length))?.of_variant(variant))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries<'py>, ConversionError> {
        Entries::new(self)
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Entries<'py>, ConversionError> {
        Entries::new(self)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Entries<'py>, ConversionError> {
        Ok(Entries::new(self)?.of_variant(variant))
    }
}
