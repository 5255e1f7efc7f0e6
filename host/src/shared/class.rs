//! Native classes, written out: the VM's derive macros only work in a crate that names
//! `rustpython-vm` as its own dependency.

use togil_interp::vm::function::{IntoPyNativeFn, ItemDoc, PyMethodDef, PyMethodFlags};
use togil_interp::vm::types::PyTypeFlags;

/// A method. `doc` begins with its signature, as in CPython's `PyDoc_STRVAR`.
pub(super) const fn method<Kind>(
    name: &'static str,
    body: impl IntoPyNativeFn<Kind>,
    doc: &'static str,
) -> PyMethodDef {
    define(name, body, PyMethodFlags::METHOD, doc)
}

/// A function of the module.
pub(super) const fn function<Kind>(
    name: &'static str,
    body: impl IntoPyNativeFn<Kind>,
    doc: &'static str,
) -> PyMethodDef {
    define(name, body, PyMethodFlags::EMPTY, doc)
}

const fn define<Kind>(
    name: &'static str,
    body: impl IntoPyNativeFn<Kind>,
    binding: PyMethodFlags,
    doc: &'static str,
) -> PyMethodDef {
    let call = PyMethodFlags::FASTCALL.bits() | PyMethodFlags::KEYWORDS.bits();
    let flags = PyMethodFlags::from_bits_retain(binding.bits() | call);
    PyMethodDef::new_const(name, body, flags, ItemDoc::static_text(doc))
}

/// What the VM must know of a class of the module: its name, the constructor's signature
/// (or none), its text, its methods, its attributes (name, getter, text), its flags, and how to
/// fill its slots.
macro_rules! native_class {
    (
        $type:ident, $name:literal, $signature:literal,
        doc: $doc:literal,
        methods: $methods:expr,
        attributes: [$(($attribute:literal, $getter:expr, $attribute_doc:literal)),* $(,)?],
        flags: [$($flag:ident),*],
        slots: $slots:expr,
    ) => {
        impl ::togil_interp::vm::class::PyClassDef for $type {
            const NAME: &'static str = $name;
            const MODULE_NAME: Option<&'static str> = Some("togil");
            const TP_NAME: &'static str = concat!("togil.", $name);
            const DOC: ::togil_interp::vm::function::ItemDoc =
                ::togil_interp::vm::function::ItemDoc::static_text($doc);
            const BASICSIZE: usize = ::togil_interp::vm::object::payload_offset::<Self>()
                + ::std::mem::size_of::<Self>();
            type Base = ::togil_interp::vm::builtins::PyBaseObject;
        }

        impl ::togil_interp::vm::class::StaticType for $type {
            fn static_cell() -> &'static ::togil_interp::vm::common::static_cell::StaticCell<
                ::togil_interp::vm::builtins::PyTypeRef,
            > {
                ::togil_interp::vm::common::static_cell! {
                    static CELL: ::togil_interp::vm::builtins::PyTypeRef;
                }
                &CELL
            }
        }

        impl ::togil_interp::vm::PyPayload for $type {
            fn class(
                _: &::togil_interp::vm::Context,
            ) -> &'static ::togil_interp::vm::Py<::togil_interp::vm::builtins::PyType> {
                <Self as ::togil_interp::vm::class::StaticType>::static_type()
            }
        }

        impl ::togil_interp::vm::class::PyClassImpl for $type {
            const TP_FLAGS: ::togil_interp::vm::types::PyTypeFlags =
                $crate::shared::class::flags(&[$(::togil_interp::vm::types::PyTypeFlags::$flag),*]);
            const INTERNAL_DOC: ::togil_interp::vm::function::ItemDoc =
                ::togil_interp::vm::function::ItemDoc::static_text(concat!(
                    $name, $signature, "\n--\n\n", $doc
                ));
            const METHOD_DEFS: &'static [::togil_interp::vm::function::PyMethodDef] = $methods;

            fn impl_extend_class(
                ctx: &'static ::togil_interp::vm::Context,
                class: &'static ::togil_interp::vm::Py<::togil_interp::vm::builtins::PyType>,
            ) {
                let _ = (ctx, class);
                $({
                    let attribute =
                        ::togil_interp::vm::builtins::PyGetSet::new($attribute, class, ctx)
                            .with_get($getter)
                            .with_doc(::togil_interp::vm::function::ItemDoc::static_text(
                                $attribute_doc,
                            ));
                    let attribute = ::togil_interp::vm::PyRef::new_ref(
                        attribute,
                        ctx.types.getset_type.to_owned(),
                        None,
                    );
                    class.set_str_attr($attribute, attribute, ctx);
                })*
            }

            fn extend_slots(slots: &mut ::togil_interp::vm::types::PyTypeSlots) {
                let fill: fn(&mut ::togil_interp::vm::types::PyTypeSlots) = $slots;
                fill(slots);
            }
        }
    };
}

/// A class that holds no Python objects: nothing for the cycle collector to see.
macro_rules! holds_no_objects {
    ($type:ident) => {
        impl ::togil_interp::vm::object::MaybeTraverse for $type {
            fn try_traverse(&self, _: &mut ::togil_interp::vm::object::TraverseFn<'_>) {}
        }
    };
}

/// A class that shows the cycle collector its objects, by its `Traverse`.
macro_rules! holds_objects {
    ($type:ident) => {
        impl ::togil_interp::vm::object::MaybeTraverse for $type {
            const HAS_TRAVERSE: bool = true;
            const HAS_CLEAR: bool = true;

            fn try_traverse(&self, look: &mut ::togil_interp::vm::object::TraverseFn<'_>) {
                ::togil_interp::vm::object::Traverse::traverse(self, look);
            }

            fn try_clear(&mut self, out: &mut Vec<::togil_interp::vm::PyObjectRef>) {
                ::togil_interp::vm::object::Traverse::clear(self, out);
            }
        }
    };
}

pub(super) use {holds_no_objects, holds_objects, native_class};

/// The flags of a class: all can be referenced weakly, and none can be changed.
pub(super) const fn flags(more: &[u8]) -> PyTypeFlags {
    let common = [PyTypeFlags::IMMUTABLETYPE, PyTypeFlags::HAS_WEAKREF];
    // A VM with debug assertions asks every class for this; in others the name is missing.
    let created_with_flags = if cfg!(debug_assertions) { 1 << 63 } else { 0 };
    let bits = PyTypeFlags::from_slice(&common).bits() | PyTypeFlags::from_slice(more).bits();
    PyTypeFlags::from_bits_retain(bits | created_with_flags)
}
