//! Maps and structs: dicts, other mappings, and objects with fields.

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use togil_interp::vm::builtins::{PyDict, PyFunction, PyTuple};
use togil_interp::vm::{AsObject, PyObjectRef};

use super::{Deserialized, FromPython};
use crate::value::ConversionError;
use crate::value::describe::describe;
use crate::value::step::Step;

type Pairs = Vec<(PyObjectRef, PyObjectRef)>;

/// Shows the visitor keys and values, or names and values.
pub(super) fn visit<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    visitor: V,
) -> Deserialized<V::Value> {
    let inner = from.deeper()?;
    let Some(pairs) = pairs_of(from)? else { return Err(from.mismatch(&visitor)) };
    let access = Access { from: inner, pairs: &pairs, next: 0 };
    from.found(visitor.visit_map(access))
}

/// The pairs as they are at one moment: other threads may change the object meanwhile.
/// `None` if it has none.
pub(super) fn pairs_of(from: FromPython<'_, '_>) -> Deserialized<Option<Pairs>> {
    if let Some(dict) = from.object.downcast_ref_if_exact::<PyDict>(from.vm()) {
        return Ok(Some(dict.items_vec()));
    }
    if is_mapping(from) {
        return mapping_items(from).map(Some);
    }
    if let Some(names) = named_fields(from) {
        let Some(names) = names.downcast_ref::<PyTuple>() else { return Ok(None) };
        return attributes(from, names.as_slice()).map(Some);
    }
    if let Some(fields) = dataclass_fields(from) {
        let Some(fields) = fields.downcast_ref::<PyDict>() else { return Ok(None) };
        return attributes(from, &fields.keys_vec()).map(Some);
    }
    instance_dict(from)
}

/// A dict, or what has `keys` and can be indexed, as `dict()` asks for it.
pub(super) fn is_mapping(from: FromPython<'_, '_>) -> bool {
    if from.object.downcast_ref::<PyDict>().is_some() {
        return true;
    }
    let subscript = from.object.class().slots().as_mapping.has_subscript();
    subscript && class_attribute(from, "keys").is_some()
}

/// An instance of a dataclass (and not the class itself).
pub(super) fn is_dataclass(from: FromPython<'_, '_>) -> bool {
    dataclass_fields(from).is_some()
}

/// Whether the instance has a `__dict__`.
pub(super) fn has_dict(from: FromPython<'_, '_>) -> bool {
    matches!(instance_dict(from), Ok(Some(_)))
}

fn dataclass_fields(from: FromPython<'_, '_>) -> Option<PyObjectRef> {
    class_attribute(from, "__dataclass_fields__")
}

fn mapping_items(from: FromPython<'_, '_>) -> Deserialized<Pairs> {
    let vm = from.vm();
    let has_items = class_attribute(from, "items").is_some();
    let method = if has_items { "items" } else { "keys" };
    let listed = from.raised(vm.call_method(from.object, method, ()))?;
    let listed: Vec<PyObjectRef> = from.raised(vm.extract_elements_with(&listed, Ok))?;
    let pair = |object: PyObjectRef| -> Deserialized<(PyObjectRef, PyObjectRef)> {
        if !has_items {
            let value = from.raised(from.object.get_item(&*object, vm));
            let value = value.map_err(|error| error.within(Step::through(vm, &object)))?;
            return Ok((object, value));
        }
        let pair = object.downcast_ref::<PyTuple>().map(|pair| pair.as_slice());
        let Some([key, value]) = pair else {
            let found = describe(vm, &object);
            let what = format!("expected items() to give pairs, found {found}");
            return Err(ConversionError::new(what));
        };
        Ok((key.clone(), value.clone()))
    };
    listed.into_iter().map(pair).collect()
}

/// The attributes of these names.
fn attributes(from: FromPython<'_, '_>, names: &[PyObjectRef]) -> Deserialized<Pairs> {
    let vm = from.vm();
    let attribute = |name: &PyObjectRef| {
        let value = vm.call_method(from.object, "__getattribute__", (name.clone(),));
        let value = from.raised(value).map_err(|error| error.within(Step::through(vm, name)))?;
        Ok((name.clone(), value))
    };
    names.iter().map(attribute).collect()
}

/// What is in `__dict__`. A function has one, too, but it is not what the function is.
fn instance_dict(from: FromPython<'_, '_>) -> Deserialized<Option<Pairs>> {
    if from.object.downcast_ref::<PyFunction>().is_some() {
        return Ok(None);
    }
    let dict = from.raised(from.vm().get_attribute_opt(from.object, "__dict__"))?;
    let pairs =
        dict.as_ref().and_then(|dict| dict.downcast_ref::<PyDict>()).map(|dict| dict.items_vec());
    Ok(pairs)
}

/// An attribute that the class of an object (or a base of it) has.
pub(super) fn class_attribute(from: FromPython<'_, '_>, name: &'static str) -> Option<PyObjectRef> {
    let name = from.vm().ctx.intern_str(name);
    from.object.class().get_attr(name)
}

/// The field names of a namedtuple; `None` for any other object.
fn named_fields(from: FromPython<'_, '_>) -> Option<PyObjectRef> {
    let is_tuple = from.object.downcast_ref::<PyTuple>().is_some();
    let is_plain = from.object.class().is(from.vm().ctx.types.tuple_type);
    if is_tuple && !is_plain { class_attribute(from, "_fields") } else { None }
}

struct Access<'a, 'de> {
    /// The mapping, one level deeper: what keys and values inherit.
    from: FromPython<'a, 'de>,
    pairs: &'a [(PyObjectRef, PyObjectRef)],
    next: usize,
}

impl<'de> MapAccess<'de> for Access<'_, 'de> {
    type Error = ConversionError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Deserialized<Option<K::Value>> {
        let Some((key, _)) = self.pairs.get(self.next) else { return Ok(None) };
        let from = self.from.passing(key);
        let value = from.found(seed.deserialize(from)).map(Some);
        value.map_err(|error| error.within(Step::through(from.vm(), key)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Deserialized<V::Value> {
        let (key, value) = &self.pairs[self.next];
        self.next += 1;
        let from = self.from.passing(value);
        let value = from.found(seed.deserialize(from));
        value.map_err(|error| error.within(Step::through(from.vm(), key)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.len() - self.next)
    }
}
