//! Enums, in serde's externally tagged form.

use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};
use togil_interp::vm::PyObjectRef;
use togil_interp::vm::builtins::PyStr;

use super::{Deserialized, FromPython, class_attribute, pairs};
use crate::value::ConversionError;
use crate::value::step::Step;

/// Shows the visitor a variant: a string or a member of an `enum.Enum` (its name) for one without
/// a value, and a mapping `{variant: value}` for any.
pub(super) fn visit<'de, V: Visitor<'de>>(
    from: FromPython<'_, 'de>,
    variants: &'static [&'static str],
    visitor: V,
) -> Deserialized<V::Value> {
    let inner = from.deeper()?;
    let is_text = from.object.downcast_ref::<PyStr>().is_some();
    if let Some(name) = member_name(from)? {
        let known = inner.passing(&name).text().is_some_and(|name| variants.contains(&name));
        // The value of a member of a `StrEnum` will do, too.
        let name = if known || !is_text { inner.passing(&name) } else { inner };
        return from.found(visitor.visit_enum(Variant { from, name, value: None }));
    }
    if is_text {
        return from.found(visitor.visit_enum(Variant { from, name: inner, value: None }));
    }
    if !pairs::is_mapping(from) {
        return Err(from.mismatch(&visitor));
    }
    match pairs::pairs_of(from)?.as_deref() {
        Some([(name, value)]) => {
            let (name, value) = (inner.passing(name), Some(inner.passing(value)));
            from.found(visitor.visit_enum(Variant { from, name, value }))
        }
        _ => Err(from.mismatch(&"a dict with one key, the name of a variant")),
    }
}

/// The name of a member of an `enum.Enum`; `None` for any other object.
pub(super) fn member_name(from: FromPython<'_, '_>) -> Deserialized<Option<PyObjectRef>> {
    if class_attribute(from, "_member_map_").is_none() {
        return Ok(None);
    }
    from.raised(from.vm().get_attribute_opt(from.object, "_name_"))
        .map(|name| name.filter(|name| name.downcast_ref::<PyStr>().is_some()))
}

struct Variant<'a, 'de> {
    from: FromPython<'a, 'de>,
    name: FromPython<'a, 'de>,
    value: Option<FromPython<'a, 'de>>,
}

impl<'a, 'de> Variant<'a, 'de> {
    /// Reads the value, which a variant with fields must have.
    fn read<T>(self, read: impl FnOnce(FromPython<'a, 'de>) -> Deserialized<T>) -> Deserialized<T> {
        let name = self.name;
        let Some(value) = self.value else {
            let name = name.text().unwrap_or_default();
            let expected = format!("a dict {{{name:?}: value}}, because the variant has a value");
            return Err(self.from.mismatch(&expected.as_str()));
        };
        let step = |error: ConversionError| error.within(Step::through(name.vm(), name.object));
        value.found(read(value)).map_err(step)
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = ConversionError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Deserialized<(V::Value, Self)> {
        let variant = self.name.found(seed.deserialize(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = ConversionError;

    fn unit_variant(self) -> Deserialized<()> {
        match self.value {
            None => Ok(()),
            Some(_) => self.read(<()>::deserialize),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Deserialized<T::Value> {
        self.read(|value| seed.deserialize(value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Deserialized<V::Value> {
        self.read(|value| value.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Deserialized<V::Value> {
        self.read(|value| value.deserialize_struct("", fields, visitor))
    }
}
