//! Lists, tuples and dicts, element by element.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use togil_interp::vm::builtins::PyDictRef;
use togil_interp::vm::{AsObject, PyObjectRef};

use super::{Converted, ToPython};
use crate::value::ConversionError;
use crate::value::describe::describe;
use crate::value::step::Step;

/// Room that is reserved on the word of a `Serialize`; more comes as elements come.
const MOST_RESERVED: usize = 1 << 16;

/// A list or tuple on its way.
pub(in crate::value) struct Items<'py> {
    outer: ToPython<'py>,
    inner: ToPython<'py>,
    items: Vec<PyObjectRef>,
    variant: Option<&'static str>,
}

impl<'py> Items<'py> {
    pub(super) fn new(
        outer: ToPython<'py>,
        length: Option<usize>,
    ) -> Result<Self, ConversionError> {
        let items = Vec::with_capacity(length.unwrap_or(0).min(MOST_RESERVED));
        Ok(Self { outer, inner: outer.deeper()?, items, variant: None })
    }

    pub(super) fn of_variant(self, variant: &'static str) -> Self {
        Self { variant: Some(variant), ..self }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ConversionError> {
        let object = value.serialize(self.inner).map_err(|error| {
            let error = error.within(Step::Index(self.items.len()));
            within_variant(error, self.variant)
        })?;
        self.items.push(object);
        Ok(())
    }

    fn into_tuple(self) -> Converted {
        let tuple = self.outer.py.vm().ctx.new_tuple(self.items).into();
        finish(self.outer, self.variant, tuple)
    }
}

/// A dict on its way.
pub(in crate::value) struct Entries<'py> {
    outer: ToPython<'py>,
    inner: ToPython<'py>,
    dict: PyDictRef,
    /// The key whose value comes next.
    key: Option<PyObjectRef>,
    variant: Option<&'static str>,
}

impl<'py> Entries<'py> {
    pub(super) fn new(outer: ToPython<'py>) -> Result<Self, ConversionError> {
        let dict = outer.py.vm().ctx.new_dict();
        Ok(Self { outer, inner: outer.deeper()?, dict, key: None, variant: None })
    }

    pub(super) fn of_variant(self, variant: &'static str) -> Self {
        Self { variant: Some(variant), ..self }
    }

    fn insert_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ConversionError> {
        let object = value.serialize(self.inner).map_err(|error| {
            let error = error.within(Step::Field(name.to_owned()));
            within_variant(error, self.variant)
        })?;
        let vm = self.outer.py.vm();
        self.dict
            .inner_setitem(vm.ctx.intern_str(name), object, vm)
            .map_err(|exception| ConversionError::raised(self.outer.py, exception))
    }

    fn insert(&mut self, key: PyObjectRef, value: PyObjectRef) -> Result<(), ConversionError> {
        let py = self.outer.py;
        let vm = py.vm();
        // Asked for first, so that the exception is not one of `__eq__`.
        let hashed = key.hash(vm).map_err(|exception| {
            if exception.class().is(vm.ctx.exceptions.type_error) {
                let found = describe(vm, &key);
                return ConversionError::new(format!("expected a hashable key, found {found}"));
            }
            ConversionError::raised(py, exception)
        });
        let inserted = hashed.and_then(|_| {
            self.dict
                .inner_setitem(&*key, value, vm)
                .map_err(|exception| ConversionError::raised(py, exception))
        });
        inserted.map_err(|error| error.within(Step::through(vm, &key)))
    }

    fn into_dict(self) -> Converted {
        finish(self.outer, self.variant, self.dict.into())
    }
}

fn within_variant(error: ConversionError, variant: Option<&'static str>) -> ConversionError {
    match variant {
        Some(variant) => error.within(Step::Field(variant.to_owned())),
        None => error,
    }
}

fn finish(outer: ToPython<'_>, variant: Option<&'static str>, object: PyObjectRef) -> Converted {
    match variant {
        Some(variant) => outer.tagged(variant, object),
        None => Ok(object),
    }
}

impl SerializeSeq for Items<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.push(value)
    }

    fn end(self) -> Converted {
        Ok(self.outer.py.vm().ctx.new_list(self.items).into())
    }
}

impl SerializeTuple for Items<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.push(value)
    }

    fn end(self) -> Converted {
        self.into_tuple()
    }
}

impl SerializeTupleStruct for Items<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.push(value)
    }

    fn end(self) -> Converted {
        self.into_tuple()
    }
}

impl SerializeTupleVariant for Items<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.push(value)
    }

    fn end(self) -> Converted {
        self.into_tuple()
    }
}

impl SerializeMap for Entries<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Self::Error> {
        self.key = Some(key.serialize(self.inner)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        let key = self.key.take();
        let key = key.ok_or_else(|| ConversionError::new("expected a key, found only a value"))?;
        let vm = self.outer.py.vm();
        let value =
            value.serialize(self.inner).map_err(|error| error.within(Step::through(vm, &key)))?;
        self.insert(key, value)
    }

    fn end(self) -> Converted {
        self.into_dict()
    }
}

impl SerializeStruct for Entries<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Self::Error> {
        self.insert_field(name, value)
    }

    fn end(self) -> Converted {
        self.into_dict()
    }
}

impl SerializeStructVariant for Entries<'_> {
    type Ok = PyObjectRef;
    type Error = ConversionError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Self::Error> {
        self.insert_field(name, value)
    }

    fn end(self) -> Converted {
        self.into_dict()
    }
}
