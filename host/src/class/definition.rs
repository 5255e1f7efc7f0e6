//! A class as it was described, and the Python class that is made of it in each interpreter.

use std::any::TypeId;
use std::mem::size_of;
use std::sync::{Arc, OnceLock};

use togil_interp::Python;
use togil_interp::vm::builtins::{PyGetSet, PyStaticMethod, PyType, PyTypeRef};
use togil_interp::vm::function::{
    Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags, PySetterValue,
};
use togil_interp::vm::object::payload_offset;
use togil_interp::vm::types::{PyTypeFlags, PyTypeSlots};
use togil_interp::vm::{PyObjectRef, PyPayload, PyResult, VirtualMachine};

use super::method::HostMethod;
use super::object::HostObject;
use crate::function::{Callable, Definition, Function, static_text, support};

/// A property: its getter, and its setter if it has one.
pub(crate) struct Property {
    pub(crate) get: Arc<Definition>,
    pub(crate) set: Option<Arc<Definition>>,
}

/// A class without its Rust type.
pub(crate) struct ClassDefinition {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) value: TypeId,
    pub(crate) methods: Vec<Arc<Definition>>,
    pub(crate) functions: Vec<Function>,
    pub(crate) properties: Vec<Property>,
    /// What was wrong with the description.
    pub(crate) error: Option<String>,
}

#[derive(Clone)]
pub(crate) struct AnyClass(pub(crate) Arc<ClassDefinition>);

impl AnyClass {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(error) = &self.0.error {
            return Err(error.clone());
        }
        for function in &self.0.functions {
            function.definition()?;
        }
        Ok(())
    }

    fn has(&self, method: &str) -> bool {
        self.0.methods.iter().any(|definition| definition.name == method)
    }

    /// Makes the Python class.
    pub(crate) fn make(&self, py: Python<'_>, module: &str) -> PyResult {
        let class = self.make_type(py, module)?;
        support(py)?.classes.lock().insert(self.0.value, class.clone());
        Ok(class.into())
    }

    pub(crate) fn make_type(&self, py: Python<'_>, module: &str) -> PyResult<PyTypeRef> {
        let (ctx, definition) = (&py.ctx, &*self.0);
        let name = definition.name.as_str();
        let mut attributes = vec![
            ("__module__", ctx.new_str(module).into()),
            ("__qualname__", ctx.new_str(name).into()),
            (
                "__doc__",
                match definition.doc.as_str() {
                    "" => ctx.none(),
                    doc => ctx.new_str(doc).into(),
                },
            ),
        ];
        let mut internal_doc = None;
        for method in &definition.methods {
            let callable = Callable::new(py, method.clone())?;
            if method.name == "__init__" {
                let signature = callable.signature_text(py, "")?;
                internal_doc = Some(format!("{name}{signature}\n--\n\n{}", definition.doc));
            }
            attributes.push((&method.name, HostMethod::make(py, module, name, callable)?));
        }
        for function in &definition.functions {
            let function_object = PyStaticMethod::new(function.make(py, module)?);
            attributes.push((function.name(), function_object.into_ref(ctx).into()));
        }
        if self.has("__eq__") && !self.has("__hash__") {
            attributes.push(("__hash__", ctx.none()));
        }
        let constructible = self.has("__init__");
        let class = PyType::new_heap(
            name,
            vec![ctx.types.object_type.to_owned()],
            attributes.into_iter().map(|(name, value)| (ctx.intern_str(name), value)).collect(),
            slots(&format!("{module}.{name}"), constructible, internal_doc.as_deref()),
            ctx.types.type_type.to_owned(),
            ctx,
        )
        .map_err(|what| py.new_system_error(what))?;
        if constructible {
            // After the class exists: creating it put `object`'s there.
            class.slots().new.store(Some(new));
            class.set_attr(ctx.intern_str("__new__"), NEW.build_function(ctx).into());
        }
        for property in &definition.properties {
            self.add_property(py, &class, property)?;
        }
        Ok(class)
    }

    fn add_property(&self, py: Python<'_>, class: &PyTypeRef, property: &Property) -> PyResult<()> {
        let name = property.get.name.as_str();
        let getter = Callable::new(py, property.get.clone())?;
        let doc = match property.get.doc.as_str() {
            "" => ItemDoc::NONE,
            doc => ItemDoc::static_text(static_text(doc)),
        };
        let get = move |object: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            getter.call(Python::assume_attached(vm), Some(&object), FuncArgs::default())
        };
        let mut getset = PyGetSet::new(name, class, &py.ctx).with_doc(doc).with_get(get);
        if let Some(set) = &property.set {
            let setter = Callable::new(py, set.clone())?;
            let name = name.to_owned();
            let set = move |object: PyObjectRef,
                            value: PySetterValue,
                            vm: &VirtualMachine|
                  -> PyResult<()> {
                let PySetterValue::Assign(value) = value else {
                    return Err(
                        vm.new_attribute_error(format!("property '{name}' cannot be deleted"))
                    );
                };
                let args = FuncArgs::from(vec![value]);
                setter.call(Python::assume_attached(vm), Some(&object), args).map(drop)
            };
            getset = getset.with_set(set);
        }
        class.set_attr(py.ctx.intern_str(name), getset.into_ref(&py.ctx).into());
        Ok(())
    }
}

/// A class of togil's own, made when an interpreter first needs it.
pub(crate) fn make_once(
    py: Python<'_>,
    known: &OnceLock<PyTypeRef>,
    class: impl FnOnce() -> AnyClass,
) -> PyResult<PyTypeRef> {
    if let Some(class) = known.get() {
        return Ok(class.clone());
    }
    // Of two threads that come here at once one wins.
    let made = class().make_type(py, "togil")?;
    Ok(known.get_or_init(|| made).clone())
}

fn slots(name: &str, constructible: bool, internal_doc: Option<&str>) -> PyTypeSlots {
    let mut flags = vec![PyTypeFlags::BASETYPE, PyTypeFlags::HAS_WEAKREF];
    if !constructible {
        flags.push(PyTypeFlags::DISALLOW_INSTANTIATION);
    }
    let mut slots = PyTypeSlots::new(static_text(name), PyTypeFlags::from_slice(&flags));
    slots.basicsize = payload_offset::<HostObject>() + size_of::<HostObject>();
    if let Some(doc) = internal_doc {
        slots.doc = ItemDoc::static_text(static_text(doc));
    }
    slots
}

/// `tp_new`: an object that has no value yet. `__init__` gives it one.
fn new(class: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    Ok(HostObject::empty(Python::assume_attached(vm), class))
}

/// The same for a subclass that has a `__new__` of its own and calls `super().__new__(cls)`.
static NEW: PyMethodDef =
    PyMethodDef::new_raw_const("__new__", call_new, PyMethodFlags::empty(), ItemDoc::NONE);

fn call_new(vm: &VirtualMachine, mut args: FuncArgs, _callee: Callee) -> PyResult {
    let class = args.take_positional().and_then(|class| class.downcast::<PyType>().ok());
    // The slot tells whether objects of the class are ours.
    let is_ours = |class: &PyTypeRef| {
        class.mro_collect().iter().any(|base| {
            base.slots()
                .new
                .load()
                .is_some_and(|slot| std::ptr::fn_addr_eq(slot, new as fn(_, _, &_) -> _))
        })
    };
    match class.filter(is_ours) {
        Some(class) => new(class, args, vm),
        None => {
            Err(vm.new_type_error("__new__() needs a class of the host's, or one derived from it"))
        }
    }
}
