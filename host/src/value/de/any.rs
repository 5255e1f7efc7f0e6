//! What an object is when the Rust type leaves it open.

use serde::de::Visitor;
use togil_interp::vm::builtins::{
    PyBaseException, PyByteArray, PyBytes, PyFloat, PyMemoryView, PyModule, PyStr, PyType,
};

use super::{Deserialized, FromPython, elements, pairs, variant};

/// Shows the visitor the object in its natural form: `None`, bools, ints, floats, strings and bytes
/// as such, enum members by name, mappings and objects with fields as maps, other containers as
/// sequences. What has no such form (functions, classes, iterators, ...) is passed itself, as
/// a newtype struct that a [`PyHandle`](crate::PyHandle) knows.
pub(super) fn visit<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    visitor: V,
) -> Deserialized<V::Value> {
    let object = from.object;
    if from.vm().is_none(object) {
        return from.found(visitor.visit_unit());
    }
    if let Some(value) = from.bool() {
        return from.found(visitor.visit_bool(value));
    }
    if let Some(int) = from.int() {
        let value = int.as_bigint();
        let small = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
        // Serde's buffer (`untagged`, `flatten`) has no room for 128 bits.
        return if small { from.visit_int(visitor) } else { from.visit_big_int(int, visitor) };
    }
    if object.downcast_ref::<PyFloat>().is_some() {
        return from.found(visitor.visit_f64(from.float().unwrap_or(f64::NAN)));
    }
    if object.downcast_ref::<PyStr>().is_some() {
        return from.visit_text(visitor);
    }
    let is_bytes = object.downcast_ref::<PyBytes>().is_some()
        || object.downcast_ref::<PyByteArray>().is_some()
        || object.downcast_ref::<PyMemoryView>().is_some();
    if is_bytes {
        return from.visit_bytes(visitor);
    }
    if let Some(name) = variant::member_name(from)? {
        return from.found(from.passing(&name).visit_text(visitor));
    }
    if pairs::is_mapping(from) || pairs::is_dataclass(from) {
        return pairs::visit(from, visitor);
    }
    if elements::is_sized(from) {
        return elements::visit(from, visitor);
    }
    if has_only_fields(from) {
        return pairs::visit(from, visitor);
    }
    from.visit_object(visitor)
}

/// Whether the object is no more than its attributes: not a function, class, module, exception
/// or iterator.
fn has_only_fields(from: FromPython<'_, '_>) -> bool {
    let object = from.object;
    let is_more = object.downcast_ref::<PyType>().is_some()
        || object.downcast_ref::<PyModule>().is_some()
        || object.downcast_ref::<PyBaseException>().is_some()
        || object.is_callable()
        || object.class().slots().iter.load().is_some();
    !is_more && pairs::has_dict(from)
}
