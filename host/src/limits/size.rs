//! How large a result is, before it is converted.

use togil_interp::vm::builtins::{
    PyByteArray, PyBytes, PyDict, PyFrozenSet, PyList, PySet, PyStr, PyTuple,
};
use togil_interp::vm::{PyObject, PyObjectRef};

/// What an object counts, besides the text in it.
const OBJECT: usize = 16;

/// Whether an object is larger than `limit` bytes. Looks into the built-in containers and
/// stops as soon as it knows. What is reached twice counts twice, as it would be copied twice, so
/// a list that contains itself is too large.
pub(crate) fn exceeds(object: &PyObject, limit: usize) -> bool {
    let mut left = limit;
    let mut todo: Vec<PyObjectRef> = vec![object.to_owned()];
    while let Some(object) = todo.pop() {
        match left.checked_sub(OBJECT + text_length(&object)) {
            Some(rest) => left = rest,
            None => return true,
        }
        contents(&object, &mut todo);
        if todo.len().saturating_mul(OBJECT) > left {
            return true;
        }
    }
    false
}

fn text_length(object: &PyObject) -> usize {
    if let Some(text) = object.downcast_ref::<PyStr>() {
        return text.as_wtf8().len();
    }
    if let Some(bytes) = object.downcast_ref::<PyBytes>() {
        return bytes.as_bytes().len();
    }
    object.downcast_ref::<PyByteArray>().map_or(0, |bytes| bytes.borrow_buf().len())
}

fn contents(object: &PyObject, todo: &mut Vec<PyObjectRef>) {
    if let Some(list) = object.downcast_ref::<PyList>() {
        todo.extend(list.borrow_vec().iter().cloned());
    } else if let Some(tuple) = object.downcast_ref::<PyTuple>() {
        todo.extend(tuple.as_slice().iter().cloned());
    } else if let Some(set) = object.downcast_ref::<PySet>() {
        todo.extend(set.elements());
    } else if let Some(set) = object.downcast_ref::<PyFrozenSet>() {
        todo.extend(set.elements());
    } else if let Some(dict) = object.downcast_ref::<PyDict>() {
        for (key, value) in dict.items_vec() {
            todo.extend([key, value]);
        }
    }
}
