//! `togil.SharedDict`.

mod caller;
mod methods;

use togil_interp::vm::builtins::{PyDict, PyStr, PyType};
use togil_interp::vm::function::OptionalArg;
use togil_interp::vm::object::{Traverse, TraverseFn};
use togil_interp::vm::protocol::{PyMappingMethods, PySequenceMethods};
use togil_interp::vm::recursion::ReprGuard;
use togil_interp::vm::types::Constructor;
use togil_interp::vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::class::{holds_objects, native_class};
use super::core::table::Table;
use caller::{Thread, failed};

/// A dict that threads share.
#[derive(Debug)]
pub(super) struct PySharedDict {
    core: Table<PyObjectRef, PyObjectRef>,
}

native_class! {
    PySharedDict, "SharedDict", "(items=(), /)",
    doc: "A dict whose compound operations are atomic. Keeps the order of insertion.

Every method and operator is one atomic step: d[k], d[k] = v, del d[k], k in d, len(d), get, pop,
setdefault, update_with, increment, compare_and_swap, clear; and keys, values, items and copy, which
are snapshots of one moment. Iterating goes through a snapshot of the keys. Two calls in a row are not
atomic: for `if k not in d: d[k] = v` use setdefault, for `d[k] += 1` increment, and for
anything else update_with.

No lock is held while Python code runs. While update_with, increment or compare_and_swap work on a
key, that key is claimed: readers see its old value, and who wants to write it (or clear the dict)
waits. Code that they call (the function, __add__, __eq__) runs once; it must not write to the same
dict, which raises RuntimeError. It may write to another one, but two functions that each do that to
the other's dict can wait for each other for ever, as with any two locks.

Keys are compared as in a dict. If __eq__ or __hash__ of a key is Python code, it runs before the
step, which is done only if its answer still holds.",
    methods: methods::METHODS,
    attributes: [],
    flags: [BASETYPE],
    slots: |slots| {
        slots.new.store(Some(PySharedDict::slot_new));
        slots.repr.store(Some(repr));
        slots.iter.store(Some(|dict, vm| PySharedDict::keys(this(&dict, vm)?, vm)?.as_object().get_iter(vm).map(Into::into)));
        slots.as_mapping.copy_from(&MAPPING);
        slots.as_sequence.copy_from(&SEQUENCE);
    },
}

const MAPPING: PyMappingMethods = PyMappingMethods {
    length: Some(|dict, vm| {
        Thread::on(dict.obj, vm).reads()?;
        Ok(this(dict.obj, vm)?.core.len())
    }),
    subscript: Some(|dict, key, vm| {
        let found = PySharedDict::look_up(this(dict.obj, vm)?, key, vm)?;
        found.ok_or_else(|| vm.new_key_error(key.to_owned()))
    }),
    ass_subscript: Some(|dict, key, value, vm| {
        let dict = this(dict.obj, vm)?;
        match value {
            Some(value) => dict.store(&Thread::on(dict.as_object(), vm), key, value),
            None => match PySharedDict::take(dict, key, vm)? {
                Some(_) => Ok(()),
                None => Err(vm.new_key_error(key.to_owned())),
            },
        }
    }),
};

const SEQUENCE: PySequenceMethods = PySequenceMethods {
    contains: Some(|dict, key, vm| {
        Ok(PySharedDict::look_up(this(dict.obj, vm)?, key, vm)?.is_some())
    }),
    ..PySequenceMethods::NOT_IMPLEMENTED
};

fn this<'a>(object: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PySharedDict>> {
    object.downcast_ref().ok_or_else(|| vm.new_type_error("not a SharedDict"))
}

fn repr(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    let name = object.class().name().to_string();
    let Some(_guard) = ReprGuard::enter(vm, object) else {
        return Ok(vm.ctx.new_str(format!("{name}(...)")));
    };
    let copy = PySharedDict::to_dict(this(object, vm)?, vm)?;
    let mut text = togil_interp::vm::common::wtf8::Wtf8Buf::from(format!("{name}("));
    text.push_wtf8(copy.as_object().repr(vm)?.as_wtf8());
    text.push_str(")");
    Ok(vm.ctx.new_str(text))
}

impl PySharedDict {
    fn look_up(
        zelf: &Py<Self>,
        key: &PyObject,
        vm: &VirtualMachine,
    ) -> PyResult<Option<PyObjectRef>> {
        let thread = Thread::on(zelf.as_object(), vm);
        zelf.core.get(&thread, &thread.looks_up(key)?)
    }

    fn store(&self, thread: &Thread<'_>, key: &PyObject, value: PyObjectRef) -> PyResult<()> {
        let replaced = self.core.set(thread, &thread.stores(key)?, value);
        // Dropped here, with no lock held: this may run `__del__`.
        replaced.map(drop).map_err(|failure| failed(failure, thread.vm))
    }

    fn take(zelf: &Py<Self>, key: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        let thread = Thread::on(zelf.as_object(), vm);
        let taken = zelf.core.remove(&thread, &thread.stores(key)?);
        taken.map(|taken| taken.map(|(_, value)| value)).map_err(|failure| failed(failure, vm))
    }

    fn to_dict(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyDict>> {
        Thread::on(zelf.as_object(), vm).reads()?;
        let dict = vm.ctx.new_dict();
        for (key, value) in zelf.core.items() {
            dict.set_item(&*key, value, vm)?;
        }
        Ok(dict)
    }
}

impl Constructor for PySharedDict {
    type Args = (OptionalArg,);

    fn py_new(_: &Py<PyType>, (items,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
        let dict = Self { core: Table::new() };
        if let OptionalArg::Present(items) = items {
            // dict() knows mappings, iterables of pairs, and what to say about anything else.
            let items = vm.ctx.types.dict_type.as_object().call((items,), vm)?;
            let items = items.downcast_ref::<PyDict>().map(|items| items.items_vec());
            for (key, value) in items.into_iter().flatten() {
                dict.store(&Thread { vm, dict: None }, &key, value)?;
            }
        }
        Ok(dict)
    }
}

// SAFETY: each stored object is shown once, and none is cloned. Objects are stored and taken out
// by attached threads only, so none moves while the collector has stopped the world. What a
// claim holds besides is a reference of its own, on the stack of a thread.
unsafe impl Traverse for PySharedDict {
    fn traverse(&self, look: &mut TraverseFn<'_>) {
        self.core.for_each(|key, value| {
            look(key);
            if let Some(value) = value {
                look(value);
            }
        });
    }

    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        for (key, value) in self.core.dismantle() {
            out.push(key);
            out.extend(value);
        }
    }
}

holds_objects!(PySharedDict);
