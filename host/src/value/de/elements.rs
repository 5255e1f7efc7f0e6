//! Sequences: lists, tuples, sets, and whatever can be iterated over.

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use togil_interp::vm::builtins::{PyFrozenSet, PyList, PySet, PyStr, PyTuple};
use togil_interp::vm::protocol::{PyIter, PyIterReturn};
use togil_interp::vm::{AsObject, PyObjectRef};

use super::{Deserialized, FromPython, pairs};
use crate::value::ConversionError;
use crate::value::describe::describe;
use crate::value::step::Step;

/// After so many elements an iteration looks whether the thread was asked for something (to stop,
/// say): an iterator that is not written in Python would never do.
const PATIENCE: usize = 1024;

/// Shows the visitor the elements. Neither a string nor a mapping is a sequence here.
pub(super) fn visit<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    visitor: V,
) -> Deserialized<V::Value> {
    let inner = from.deeper()?;
    let object = from.object;
    if let Some(tuple) = object.downcast_ref::<PyTuple>() {
        let lasting = from.lasting.and_then(|object| object.downcast_ref::<PyTuple>());
        let lasting = lasting.map(|tuple| tuple.as_slice());
        return visit_slice(inner, tuple.as_slice(), lasting, visitor);
    }
    // Snapshots: other threads may change the object meanwhile. A subclass may iterate its own way.
    if let Some(list) = object.downcast_ref_if_exact::<PyList>(from.vm()) {
        let snapshot = list.borrow_vec().to_vec();
        return visit_slice(inner, &snapshot, None, visitor);
    }
    if let Some(set) = object.downcast_ref_if_exact::<PySet>(from.vm()) {
        return visit_slice(inner, &set.elements(), None, visitor);
    }
    if let Some(set) = object.downcast_ref_if_exact::<PyFrozenSet>(from.vm()) {
        return visit_slice(inner, &set.elements(), None, visitor);
    }
    if !is_iterable(from) || pairs::is_mapping(from) {
        return Err(from.mismatch(&visitor));
    }
    if is_view(from) {
        // Atomic, as the VM does it for `list(d.items())`.
        let snapshot = from.vm().extract_elements_with(object, Ok);
        return visit_slice(inner, &from.raised(snapshot)?, None, visitor);
    }
    let iter = from.raised(object.to_owned().get_iter(from.vm()))?;
    visit_iter(inner, iter, visitor)
}

/// Whether it is a container that knows its length. One that does not may be used up by
/// iterating over it.
pub(super) fn is_sized(from: FromPython<'_, '_>) -> bool {
    let slots = from.object.class().slots();
    let sized =
        slots.as_sequence.length.load().is_some() || slots.as_mapping.length.load().is_some();
    sized && is_iterable(from)
}

fn is_iterable(from: FromPython<'_, '_>) -> bool {
    let slots = from.object.class().slots();
    let iterable = slots.iter.load().is_some() || slots.as_sequence.item.load().is_some();
    iterable && from.object.downcast_ref::<PyStr>().is_none()
}

fn is_view(from: FromPython<'_, '_>) -> bool {
    let types = &from.vm().ctx.types;
    let class = from.object.class();
    class.is(types.dict_keys_type)
        || class.is(types.dict_values_type)
        || class.is(types.dict_items_type)
}

fn visit_slice<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    items: &[PyObjectRef],
    lasting: Option<&'de [PyObjectRef]>,
    visitor: V,
) -> Deserialized<V::Value> {
    let mut slice = Slice { from, items, lasting, next: 0 };
    let value = from.found(visitor.visit_seq(&mut slice))?;
    if slice.next < items.len() {
        return Err(too_many(from, slice.next));
    }
    Ok(value)
}

fn visit_iter<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    iter: PyIter,
    visitor: V,
) -> Deserialized<V::Value> {
    let mut iterated = Iterated { from, iter, next: 0, ended: false };
    let value = from.found(visitor.visit_seq(&mut iterated))?;
    if iterated.advance()?.is_some() {
        return Err(too_many(from, iterated.next - 1));
    }
    Ok(value)
}

fn too_many(from: FromPython<'_, '_>, taken: usize) -> ConversionError {
    let found = describe(from.vm(), from.object);
    ConversionError::new(format!("expected {taken} items, found more in {found}"))
}

/// Elements that are there.
struct Slice<'a, 'de> {
    /// The container, one level deeper: what elements inherit.
    from: FromPython<'a, 'de>,
    items: &'a [PyObjectRef],
    /// The same elements, if they outlive the value: those of a tuple that does.
    lasting: Option<&'de [PyObjectRef]>,
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Slice<'_, 'de> {
    type Error = ConversionError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Deserialized<Option<T::Value>> {
        let index = self.next;
        let Some(item) = self.items.get(index) else { return Ok(None) };
        self.next += 1;
        let lasting = self.lasting.and_then(|items| items.get(index)).map(|item| item.as_object());
        let element = FromPython { lasting, ..self.from.passing(item) };
        let value = element.found(seed.deserialize(element));
        value.map(Some).map_err(|error| error.within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// Elements that an iterator makes one by one.
struct Iterated<'a, 'de> {
    from: FromPython<'a, 'de>,
    iter: PyIter,
    next: usize,
    ended: bool,
}

impl Iterated<'_, '_> {
    fn advance(&mut self) -> Deserialized<Option<PyObjectRef>> {
        if self.ended {
            return Ok(None);
        }
        let vm = self.from.vm();
        if self.next % PATIENCE == PATIENCE - 1 {
            self.from.raised(vm.check_signals())?;
        }
        let item = self.from.raised(self.iter.next(vm));
        self.ended = !matches!(item, Ok(PyIterReturn::Return(_)));
        let item = item.map_err(|error| error.within(Step::Index(self.next)))?;
        let PyIterReturn::Return(item) = item else { return Ok(None) };
        self.next += 1;
        Ok(Some(item))
    }
}

impl<'de> SeqAccess<'de> for &mut Iterated<'_, 'de> {
    type Error = ConversionError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Deserialized<Option<T::Value>> {
        let index = self.next;
        let Some(item) = self.advance()? else { return Ok(None) };
        let element = self.from.passing(&item);
        let value = element.found(seed.deserialize(element));
        value.map(Some).map_err(|error| error.within(Step::Index(index)))
    }
}
