//! The values that steps read and write, for reports.
//!
//! Looked up just before the step is done, by the thread that does it: nobody comes between. No
//! Python code runs, so that an execution with values is the one without them.

use rustpython_vm::builtins::{
    PyBytes, PyDict, PyFloat, PyInt, PyList, PyModule, PySet, PyStr, PyTuple, PyType,
};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

use super::accesses;
use super::site::SiteKind;
use crate::switch_point::with_current_frame;

/// What a value is cut at, in characters.
const LONGEST: usize = 24;

/// What a report says of a step besides what it touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Noted {
    /// What is read or written: as Python shows it if it is a number, a text, bytes, a truth value or
    /// `None`, and by its class otherwise.
    pub value: Option<String>,
    /// The key of an item, likewise.
    pub key: Option<String>,
}

/// What the calling thread is about to read or write at a site. `None` where that cannot be told without
/// running Python code.
pub(crate) fn of(vm: &VirtualMachine, kind: &SiteKind, operands: &[PyObjectRef]) -> Option<Noted> {
    let value = match (kind, operands) {
        (SiteKind::LoadAttr(name), [object, ..]) => attribute(vm, object, name),
        (SiteKind::StoreAttr(_), [_, value, ..])
        | (SiteKind::StoreItem, [_, _, value, ..])
        | (SiteKind::StoreCell(_), [_, value, ..])
        | (SiteKind::StoreGlobal(_), [value, ..]) => Some(value.clone()),
        (SiteKind::LoadItem, [object, key, ..]) => item(vm, object, key),
        (SiteKind::LoadGlobal(name), _) => global(vm, name),
        // A getter of the VM's. It fails if the cell is empty.
        (SiteKind::LoadCell(_), [cell, ..]) => cell.get_attr("cell_contents", vm).ok(),
        (SiteKind::Contains, [object, key, ..]) => {
            contains(vm, object, key).map(|found| vm.ctx.new_bool(found).into())
        }
        (SiteKind::Truth, [object, ..]) => {
            length(object).map(|length| vm.ctx.new_bool(length > 0).into())
        }
        (SiteKind::Call, [callable, arguments @ ..]) => called(vm, callable, arguments),
        _ => None,
    };
    let key = match (kind, operands) {
        (SiteKind::LoadItem | SiteKind::StoreItem | SiteKind::DeleteItem, [_, key, ..])
        | (SiteKind::Contains, [_, key, ..]) => Some(short(vm, key)),
        _ => None,
    };
    let noted = Noted { value: value.map(|value| short(vm, &value)), key };
    (noted != Noted::default()).then_some(noted)
}

/// As Python shows it, cut, if that runs no Python code; otherwise the class.
pub(crate) fn short(vm: &VirtualMachine, value: &PyObject) -> String {
    let types = &vm.ctx.types;
    let class = value.class();
    // A character more than is shown, so that the cut is seen.
    let shown = if class.is(types.str_type) {
        value.downcast_ref::<PyStr>().map(|text| {
            let first: String = text.to_string_lossy().chars().take(LONGEST + 1).collect();
            vm.ctx.new_str(first).into()
        })
    } else if class.is(types.bytes_type) {
        value.downcast_ref::<PyBytes>().map(|bytes| {
            let first = bytes.as_bytes().iter().take(LONGEST + 1).copied().collect();
            vm.ctx.new_bytes(first).into()
        })
    } else if class.is(types.int_type) {
        // The digits of a number of a million bits take their time.
        let int = value.downcast_ref::<PyInt>();
        int.filter(|int| int.as_bigint().bits() < 1000).map(|_| value.to_owned())
    } else if class.is(types.bool_type) || vm.is_none(value) || class.is(types.float_type) {
        debug_assert!(!class.is(types.float_type) || value.downcast_ref::<PyFloat>().is_some());
        Some(value.to_owned())
    } else {
        None
    };
    let text = shown.and_then(|shown: PyObjectRef| shown.repr(vm).ok());
    let text = text.map(|text| text.to_string_lossy().into_owned());
    cut(&text.unwrap_or_else(|| {
        let name = class.name();
        match length(value).or_else(|| Some(value.downcast_ref::<PyTuple>()?.as_slice().len())) {
            Some(length) => format!("<{name} of {length}>"),
            None => format!("<{name}>"),
        }
    }))
}

fn cut(text: &str) -> String {
    let visible = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    if text.chars().count() <= LONGEST {
        return text.chars().map(visible).collect();
    }
    text.chars().take(LONGEST - 1).map(visible).chain(['…']).collect()
}

pub(super) fn global(vm: &VirtualMachine, name: &str) -> Option<PyObjectRef> {
    let globals = with_current_frame(|frame| frame.globals().to_owned());
    globals.and_then(|globals| globals.get_item_opt(name, vm).ok().flatten())
}

/// What is replaced where an attribute is stored.
pub(super) fn stored(vm: &VirtualMachine, object: &PyObject, name: &str) -> Option<PyObjectRef> {
    let class = object.downcast_ref::<PyType>();
    match class {
        Some(class) => class.attributes.get(vm.ctx.interned_str(name)?),
        None => attribute(vm, object, name),
    }
}

/// Where the VM finds an attribute, unless code of a class says what it is.
fn attribute(vm: &VirtualMachine, object: &PyObject, name: &str) -> Option<PyObjectRef> {
    let own = |object: &PyObject| object.dict()?.get_item_opt(name, vm).ok().flatten();
    if object.downcast_ref::<PyModule>().is_some() {
        return own(object);
    }
    let plain = |found: &PyObjectRef| found.class().slots.descr_get.load().is_none();
    let name = vm.ctx.interned_str(name)?;
    if let Some(class) = object.downcast_ref::<PyType>() {
        return class.get_attr(name).filter(plain);
    }
    let of_class = object.class().get_attr(name);
    if let Some(found) = &of_class
        && found.class().slots.descr_set.load().is_some()
    {
        // A slot is the VM's; a property is Python code.
        let get = found.class().slots.descr_get.load();
        let get = get.filter(|_| *found.class().name() == *"member_descriptor")?;
        return get(found, Some(object), None, vm).ok();
    }
    own(object).or_else(|| of_class.filter(plain))
}

/// The item of a list or a dictionary, of which a class has not made something else.
pub(super) fn item(vm: &VirtualMachine, object: &PyObject, key: &PyObject) -> Option<PyObjectRef> {
    if let Some(list) = object.downcast_ref::<PyList>() {
        let index: i64 = key.downcast_ref::<PyInt>()?.try_to_primitive(vm).ok()?;
        let items = list.borrow_vec();
        let index = if index < 0 { index + items.len() as i64 } else { index };
        return is_plain(vm, object, "__getitem__")
            .then(|| items.get(usize::try_from(index).ok()?).cloned())
            .flatten();
    }
    let dict = object.downcast_ref::<PyDict>()?;
    (is_key(vm, key) && is_plain(vm, object, "__getitem__"))
        .then(|| dict.get_item_opt(key, vm).ok().flatten())
        .flatten()
}

fn contains(vm: &VirtualMachine, object: &PyObject, key: &PyObject) -> Option<bool> {
    if !is_key(vm, key) || !is_plain(vm, object, "__contains__") {
        return None;
    }
    if let Some(dict) = object.downcast_ref::<PyDict>() {
        return Some(dict.contains_key(key, vm));
    }
    object.downcast_ref::<PySet>()?.contains(key, vm).ok()
}

/// Whether it is hashed and compared by the VM.
fn is_key(vm: &VirtualMachine, key: &PyObject) -> bool {
    let types = &vm.ctx.types;
    key.class().is(types.str_type) || key.class().is(types.int_type)
}

/// Whether a method is the built-in class's own.
fn is_plain(vm: &VirtualMachine, object: &PyObject, method: &str) -> bool {
    let Some(method) = vm.ctx.interned_str(method) else { return false };
    let types = &vm.ctx.types;
    let found = object.class().get_attr(method);
    [types.list_type, types.dict_type, types.set_type].into_iter().any(|class| {
        let own = class.get_attr(method);
        matches!((&found, &own), (Some(found), Some(own)) if found.is(own))
    })
}

fn length(object: &PyObject) -> Option<usize> {
    if let Some(list) = object.downcast_ref::<PyList>() {
        return Some(list.borrow_vec().len());
    }
    if let Some(dict) = object.downcast_ref::<PyDict>() {
        return Some(dict.__len__());
    }
    object.downcast_ref::<PySet>().map(|set| set.elements().len())
}

/// What a call of the VM's own puts in or gets, where that can be told beforehand.
fn called(
    vm: &VirtualMachine,
    callable: &PyObject,
    arguments: &[PyObjectRef],
) -> Option<PyObjectRef> {
    let class = callable.class();
    if !class.is(vm.ctx.types.builtin_function_or_method_type) && *class.name() != *"builtin_method"
    {
        return None;
    }
    let name = callable.get_attr("__name__", vm).ok()?;
    let first = arguments.first()?;
    match name.downcast_ref::<PyStr>()?.to_str()? {
        "append" | "appendleft" | "add" | "remove" | "discard" => Some(first.clone()),
        "get" => item(vm, &*accesses::bound_to(callable, vm)?, first),
        "len" => length(first).map(|length| vm.ctx.new_int(length).into()),
        _ => None,
    }
}
