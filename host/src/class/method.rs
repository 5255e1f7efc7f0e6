//! Methods of host classes as Python objects.
//!
//! The VM's own method descriptors want a class that lives for ever; a host's do not. These look
//! the same to `help`, `inspect` and the VM's fast path for method calls.

use std::fmt;
use std::mem::size_of;
use std::sync::Arc;

use togil_interp::Python;
use togil_interp::vm::builtins::{PyBoundMethod, PyDict, PyGetSet, PyStr, PyType, PyTypeRef};
use togil_interp::vm::function::FuncArgs;
use togil_interp::vm::object::payload_offset;
use togil_interp::vm::types::{PyTypeFlags, PyTypeSlots};
use togil_interp::vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

use super::object::HostObject;
use crate::function::{Callable, Failure, Function, FunctionBuilder, Raise, payload, support};

pub(crate) struct HostMethod {
    class: String,
    module: String,
    callable: Callable,
    text_signature: String,
    /// Whether the method can be called with this object.
    accepts: fn(&PyObject) -> bool,
}

payload!(HostMethod);

impl fmt::Debug for HostMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostMethod({:?})", self.callable)
    }
}

impl HostMethod {
    pub(crate) fn make(
        py: Python<'_>,
        module: &str,
        class: &str,
        callable: Callable,
    ) -> PyResult<PyObjectRef> {
        let text_signature = callable.signature_text(py, "$self")?;
        let (module, class) = (module.to_owned(), class.to_owned());
        let accepts = |object: &PyObject| object.downcastable::<HostObject>();
        let method = Self { class, module, callable, text_signature, accepts };
        Ok(PyRef::new_ref(method, support(py)?.method.clone(), None).into())
    }

    fn name(&self) -> &str {
        &self.callable.definition().name
    }
}

/// The class of these objects.
pub(crate) fn method_type(py: Python<'_>) -> PyResult<PyTypeRef> {
    let ctx = &py.ctx;
    let mut slots = PyTypeSlots::new(
        "method_descriptor",
        PyTypeFlags::from_slice(&[
            PyTypeFlags::METHOD_DESCRIPTOR,
            PyTypeFlags::IMMUTABLETYPE,
            PyTypeFlags::DISALLOW_INSTANTIATION,
        ]),
    );
    slots.basicsize = payload_offset::<HostMethod>() + size_of::<HostMethod>();
    slots.call.store(Some(call));
    slots.descr_get.store(Some(get));
    slots.repr.store(Some(repr));
    let module = (ctx.intern_str("__module__"), ctx.new_str("togil").into());
    let class = PyType::new_heap(
        "method_descriptor",
        vec![ctx.types.object_type.to_owned()],
        [module].into_iter().collect(),
        slots,
        ctx.types.type_type.to_owned(),
        ctx,
    )
    .map_err(|what| py.new_system_error(what))?;
    // Creating the class found slots for the names that `object` has.
    class.slots().repr.store(Some(repr));
    attribute(py, &class, "__name__", |method| Some(method.name().to_owned()));
    attribute(py, &class, "__qualname__", |method| {
        Some(format!("{}.{}", method.class, method.name()))
    });
    attribute(py, &class, "__doc__", |method| {
        Some(method.callable.definition().doc.clone()).filter(|doc| !doc.is_empty())
    });
    attribute(py, &class, "__module__", |method| Some(method.module.clone()));
    attribute(py, &class, "__text_signature__", |method| Some(method.text_signature.clone()));
    let builder = Function::builder("__get__").positional_only("instance");
    let builder = builder.positional_only_default("owner", ());
    special(py, &class, builder, 2, |py, method, values| {
        get(method, Some(&values[0]), Some(&values[1]), py.vm())
    })?;
    let builder = Function::builder("__call__").var_args("args").var_kwargs("kwargs");
    special(py, &class, builder, 2, |py, method, values| {
        let positional = values[0].try_to_value::<Vec<PyObjectRef>>(py.vm())?;
        let mut args = FuncArgs::from(positional);
        if let Some(named) = values[1].downcast_ref::<PyDict>() {
            for (name, value) in named {
                args.kwargs.insert(name.str(py.vm())?.as_wtf8().to_owned(), value);
            }
        }
        call(method, args, py.vm())
    })?;
    Ok(class)
}

/// A special method of the methods themselves. The VM has these as slots, but `inspect` looks
/// for the names.
fn special(
    py: Python<'_>,
    class: &PyTypeRef,
    builder: FunctionBuilder,
    count: usize,
    f: impl Fn(Python<'_>, &PyObject, Vec<PyObjectRef>) -> PyResult + Send + Sync + 'static,
) -> PyResult<()> {
    let name = builder.name.clone();
    let definition = builder.define(Some("method_descriptor"), count, move |py, method, values| {
        let method = method.expect("a method is called with its object");
        f(py, method, values).map_err(|error| Failure::Raise(Raise::exception(error)))
    });
    let definition = definition.map_err(|what| py.new_system_error(what))?;
    let callable = Callable::new(py, Arc::new(definition))?;
    let text_signature = callable.signature_text(py, "$self")?;
    let method = HostMethod {
        class: "method_descriptor".into(),
        module: "togil".into(),
        callable,
        text_signature,
        accepts: |object| object.downcastable::<HostMethod>(),
    };
    let method = PyRef::new_ref(method, class.clone(), None);
    class.set_attr(py.ctx.intern_str(name), method.into());
    Ok(())
}

fn attribute(
    py: Python<'_>,
    class: &Py<PyType>,
    name: &'static str,
    get: fn(&HostMethod) -> Option<String>,
) {
    let getter = move |object: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        match object.downcast_ref::<HostMethod>() {
            Some(method) => {
                Ok(get(method).map_or_else(|| vm.ctx.none(), |text| vm.ctx.new_str(text).into()))
            }
            None => Err(vm.new_type_error(format!("{name} of an object that is no method"))),
        }
    };
    let getset = PyGetSet::new(name, class, &py.ctx).with_get(getter);
    class.set_attr(py.ctx.intern_str(name), getset.into_ref(&py.ctx).into());
}

fn call(zelf: &PyObject, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(method) = zelf.downcast_ref::<HostMethod>() else {
        return Err(vm.new_type_error("this object is no method"));
    };
    if args.args.is_empty() {
        return Err(vm.new_type_error(format!(
            "unbound method {}.{}() needs an argument",
            method.class,
            method.name()
        )));
    }
    let receiver = args.args.remove(0);
    if !(method.accepts)(&receiver) {
        return Err(vm.new_type_error(format!(
            "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
            method.name(),
            method.class,
            receiver.class().name()
        )));
    }
    method.callable.call(Python::assume_attached(vm), Some(&receiver), args)
}

fn get(
    zelf: &PyObject,
    object: Option<&PyObject>,
    _class: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    match object {
        Some(object) if !vm.is_none(object) => {
            Ok(PyBoundMethod::new(object.to_owned(), zelf.to_owned()).into_ref(&vm.ctx).into())
        }
        _ => Ok(zelf.to_owned()),
    }
}

fn repr(zelf: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let text = zelf.downcast_ref::<HostMethod>().map_or_else(
        || "<method>".to_owned(),
        |method| format!("<method '{}' of '{}' objects>", method.name(), method.class),
    );
    Ok(vm.ctx.new_str(text))
}
