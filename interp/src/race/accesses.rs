//! What an operation on Python objects touches.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

use rustpython_vm::builtins::{
    PyByteArray, PyCode, PyDict, PyFunction, PyGenerator, PyInt, PyList, PyModule, PySet, PyStr,
    PyType, PyTypeRef,
};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use super::objects::{self, Objects};
use super::outside;
use super::table::{self, Back, Effect};
use super::{Access, Part};
use super::{deaths, lab};

/// Collects what one step touches.
pub(crate) struct Touched<'a> {
    pub(crate) objects: &'a mut Objects,
    pub(crate) accesses: Vec<Access>,
    pub(crate) vm: &'a VirtualMachine,
}

static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The number of an attribute or a variable.
pub(crate) fn field(name: &str) -> u64 {
    HASHER.hash_one(name)
}

impl Touched<'_> {
    pub(crate) fn touch(&mut self, object: &PyObject, part: Part, write: bool) {
        if write {
            objects::change(object);
        }
        let object = self.objects.number(object);
        let access = Access { object, part, write };
        if !self.accesses.contains(&access) {
            self.accesses.push(access);
        }
    }

    /// An attribute of an object, and of the classes that it may be found in.
    pub(crate) fn attribute(&mut self, object: &PyObject, name: &str, field: u64, write: bool) {
        if let Some(module) = object.downcast_ref::<PyModule>() {
            let dict = module.as_object().dict();
            return dict.into_iter().for_each(|dict| self.global(&dict, field, write));
        }
        if object.downcast_ref::<PyType>().is_none()
            && (!has_attributes(object) || outside::tells_itself(object, name, self.vm))
        {
            return;
        }
        self.touch(object, Part::Field(field), write);
        if write {
            return;
        }
        // Where it is not the object's own, a class's may be changed meanwhile.
        let own = object.dict().is_some_and(|dict| dict.contains_key(name, self.vm));
        if !own && let Some(class) = self.defining_class(object, name) {
            self.touch(class.as_object(), Part::Field(field), false);
        }
    }

    /// `object.__dict__`.
    pub(crate) fn dict_of(&mut self, object: &PyObject) {
        if object.downcast_ref::<PyType>().is_none()
            && let Some(dict) = object.dict()
        {
            self.objects.holds_attributes(dict.as_object(), object);
        }
    }

    fn defining_class(&self, object: &PyObject, name: &str) -> Option<PyTypeRef> {
        let interned = self.vm.ctx.interned_str(name)?;
        let class = object.downcast_ref::<PyType>().unwrap_or_else(|| object.class());
        class.mro_collect().into_iter().find(|class| {
            class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
                && !class.is(object)
                && class.attributes.contains(interned)
        })
    }

    /// A variable of a module.
    pub(crate) fn global(&mut self, globals: &Py<PyDict>, field: u64, write: bool) {
        self.touch(globals.as_object(), Part::Field(field), write);
    }

    /// The item of a built-in container. Other objects have Python code for it, which is
    /// looked at itself.
    pub(crate) fn item(&mut self, object: &PyObject, key: Option<&PyObject>, effect: Effect) {
        if !is_container(object) {
            return;
        }
        let write = matches!(effect, Effect::Write | Effect::WriteItem);
        if let Some(owner) = self.objects.owner_of(object) {
            let name = key.and_then(|key| key.downcast_ref::<PyStr>()).and_then(|key| key.to_str());
            let is_item = matches!(effect, Effect::ReadItem | Effect::WriteItem);
            let part = name.filter(|_| is_item).map_or(Part::Whole, |key| Part::Field(field(key)));
            return self.touch(&owner, part, write);
        }
        let part = match effect {
            Effect::Read | Effect::Write => Part::Whole,
            Effect::ReadItem | Effect::WriteItem => {
                key.and_then(|key| self.part_of(object, key, write)).unwrap_or(Part::Whole)
            }
        };
        self.touch(object, part, write);
    }

    /// An item by itself, if its key is of a type whose comparison runs no Python code, and if writing
    /// it does not change the order or the length.
    fn part_of(&self, object: &PyObject, key: &PyObject, write: bool) -> Option<Part> {
        if let Some(list) = object.downcast_ref::<PyList>() {
            let index: i64 = key.downcast_ref::<PyInt>()?.try_to_primitive(self.vm).ok()?;
            let length = list.borrow_vec().len() as i64;
            let index = if index < 0 { index + length } else { index };
            return (0..length).contains(&index).then_some(Part::Field(index as u64));
        }
        let dict = object.downcast_ref::<PyDict>()?;
        let number = match (key.downcast_ref::<PyStr>(), key.downcast_ref::<PyInt>()) {
            (Some(text), _) => hash(text.as_wtf8()),
            (_, Some(int)) => hash(int.as_bigint()),
            _ => return None,
        };
        if write && !dict.contains_key(key, self.vm) {
            return None;
        }
        Some(Part::Field(number))
    }

    /// A generator that is made to go on.
    pub(crate) fn generator(&mut self, object: &PyObject) {
        if object.downcast_ref::<PyGenerator>().is_some() {
            self.touch(object, Part::Whole, true);
        }
    }

    /// All of a container, or the state of a generator.
    pub(crate) fn whole(&mut self, object: &PyObject, write: bool) {
        if is_container(object) || object.downcast_ref::<PyGenerator>().is_some() {
            self.touch(object, Part::Whole, write);
        }
    }
}

fn hash(value: impl Hash) -> u64 {
    HASHER.hash_one(value)
}

/// Whether an object has attributes that can be set: instances of classes written in Python, and
/// functions.
fn has_attributes(object: &PyObject) -> bool {
    object.class().slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
        || object.downcast_ref::<PyFunction>().is_some()
}

/// Whether its class is written in Python.
pub(crate) fn is_of_a_python_class(object: &PyObject) -> bool {
    object.class().slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
}

/// Whether it is a built-in container that can change, or of a class derived from one.
pub(crate) fn is_container(object: &PyObject) -> bool {
    if object.downcast_ref::<PyList>().is_some()
        || object.downcast_ref::<PyDict>().is_some()
        || object.downcast_ref::<PySet>().is_some()
        || object.downcast_ref::<PyByteArray>().is_some()
    {
        return true;
    }
    // Their types cannot be named.
    object.class().mro_collect().iter().any(|class| *class.name() == *"deque")
        || is_weak_container(object)
}

/// Whether it is a container of weak references, whose Python code is no part of what is explored.
pub(crate) fn is_weak_container(object: &PyObject) -> bool {
    let is_one = |class: &PyTypeRef| {
        matches!(&*class.name(), "WeakValueDictionary" | "WeakKeyDictionary" | "WeakSet")
    };
    is_of_a_python_class(object)
        && deaths::can_be_told()
        && object.class().mro_collect().iter().any(is_one)
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callee {
    /// A method of the object that it is bound to.
    Method(Effect),
    /// A method of the object that is its first argument.
    Unbound(Effect),
    /// A function that looks into its first argument, or does not.
    Function(Option<Effect>),
    /// Looks for an attribute of its first argument, or changes one.
    Attribute { write: bool },
    /// Python code, which is looked at itself.
    Python,
}

/// What is known of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) callee: Callee,
    /// Whether it is no place to switch under CPython 3.14's GIL.
    pub(crate) is_unchecked: bool,
    /// What it does after Python code that it calls.
    pub(crate) back: Back,
}

impl Known {
    const PYTHON: Self = Self { callee: Callee::Python, is_unchecked: false, back: Back::Never };
}

/// What a callable does that is called with so many arguments.
pub(crate) fn callee(vm: &VirtualMachine, callable: &PyObject, arguments: usize) -> Known {
    if callable.downcast_ref::<PyFunction>().is_some()
        || callable.downcast_ref::<PyCode>().is_some()
    {
        return Known::PYTHON;
    }
    let class = callable.class();
    let is_native = class.is(vm.ctx.types.builtin_function_or_method_type)
        || *class.name() == *"builtin_method";
    let is_type = callable.downcast_ref::<PyType>();
    if let Some(found) = is_type {
        // A class of the built-in kind reads what it is made from.
        let native = !found.slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
        let effect = native.then(|| table::of_function(&found.name())).flatten();
        let is_unchecked = table::is_unchecked(&found.name(), arguments);
        let callee = if native { Callee::Function(effect) } else { Callee::Python };
        return Known { callee, is_unchecked, back: Back::Each };
    }
    let is_weak = |object: &PyObjectRef| is_weak_container(object);
    if *class.name() == *"method" && bound_to(callable, vm).is_some_and(|it| is_weak(&it)) {
        let effect = name_of(callable, vm).map_or(Effect::Write, |name| table::of_method(&name));
        return Known { callee: Callee::Method(effect), ..Known::PYTHON };
    }
    // `list.append(xs, 1)`: the object is the first argument.
    let is_unbound = *class.name() == *"method_descriptor";
    if !is_native && !is_unbound {
        return Known::PYTHON;
    }
    let Some(name) = name_of(callable, vm) else {
        return Known::PYTHON;
    };
    let name = name.as_str();
    let back = table::back_in(name);
    if is_unbound {
        let effect = match table::of_method(name) {
            Effect::Read | Effect::ReadItem => Effect::Read,
            Effect::Write | Effect::WriteItem => Effect::Write,
        };
        return Known { callee: Callee::Unbound(effect), is_unchecked: false, back };
    }
    let bound = bound_to(callable, vm);
    let is_list = bound.as_ref().is_some_and(|object| object.downcast_ref::<PyList>().is_some());
    let is_unchecked =
        table::is_unchecked(name, arguments) || (is_list && name == "append" && arguments == 1);
    let callee = match bound {
        Some(object) if is_container(&object) || object.downcast_ref::<PyGenerator>().is_some() => {
            Callee::Method(table::of_method(name))
        }
        _ => match name {
            "getattr" | "hasattr" => Callee::Attribute { write: false },
            "setattr" | "delattr" | "vars" => Callee::Attribute { write: true },
            _ => Callee::Function(table::of_function(name)),
        },
    };
    Known { callee, is_unchecked, back }
}

/// The name of what is called.
pub(crate) fn name_of(callable: &PyObject, vm: &VirtualMachine) -> Option<String> {
    if is_of_a_python_class(callable) {
        return None;
    }
    let name = callable.get_attr("__name__", vm).ok()?;
    Some(name.downcast_ref::<PyStr>()?.to_str()?.to_owned())
}

/// Whether it is a function or a method of the shim.
pub(crate) fn is_ours(callable: &PyObject, vm: &VirtualMachine) -> bool {
    // To ask it for an attribute could run Python code, which must not happen in a hook.
    if is_of_a_python_class(callable) {
        return false;
    }
    let function = callable.get_attr("__func__", vm).unwrap_or_else(|_| callable.to_owned());
    let code = function.get_attr("__code__", vm).ok();
    let code = code.as_ref().and_then(|code| code.downcast_ref::<PyCode>());
    code.is_some_and(|code| code.source_path().as_str() == lab::SHIM_PATH)
}

/// The object of a native method.
pub(crate) fn bound_to(callable: &PyObject, vm: &VirtualMachine) -> Option<PyObjectRef> {
    if is_of_a_python_class(callable) {
        return None;
    }
    let object = callable.get_attr("__self__", vm).ok()?;
    (!vm.is_none(&object) && object.downcast_ref::<PyModule>().is_none()).then_some(object)
}
