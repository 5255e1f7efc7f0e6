//! What an object is, in a few words, for error messages.

use togil_interp::vm::builtins::{
    PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyStr, PyTuple,
};
use togil_interp::vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, VirtualMachine};

/// Characters of a value that are shown.
const LONGEST: usize = 60;
/// Levels of containers that are shown.
const DEEPEST: usize = 3;
/// The decimal digits of a larger int take long to compute and say little.
const MOST_BITS: u64 = 256;

/// Type and value: `int 7`, `str 'seven'`, `list [1, 2, 3]`, `None`, `<function f>`.
///
/// May call `__repr__` of a class that was written in Python. What that raises is not shown.
pub(super) fn describe(vm: &VirtualMachine, object: &PyObject) -> String {
    if vm.is_none(object) {
        return "None".to_owned();
    }
    let value = short_repr(vm, object);
    // Such a text names the type.
    if value.starts_with('<') {
        return value;
    }
    format!("{} {value}", object.class().name())
}

/// `repr(object)`, cut to 60 characters without computing the rest, and without addresses.
pub(super) fn short_repr(vm: &VirtualMachine, object: &PyObject) -> String {
    let mut short = Short { vm, text: String::new() };
    short.write(object, 0);
    match short.text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &short.text[..end]),
        None => short.text,
    }
}

struct Short<'a> {
    vm: &'a VirtualMachine,
    text: String,
}

impl Short<'_> {
    fn write(&mut self, object: &PyObject, depth: usize) {
        let vm = self.vm;
        if let Some(int) = exact::<PyInt>(vm, object).filter(|int| bits(int) > MOST_BITS) {
            self.text.push_str(&format!("<int of {} bits>", bits(int)));
        } else if let Some(text) = exact::<PyStr>(vm, object) {
            let start: String = text.to_string_lossy().chars().take(LONGEST).collect();
            let whole = text.byte_len() <= LONGEST;
            let start = (!whole).then(|| vm.ctx.new_str(start));
            self.write_repr(start.as_ref().map_or(object, |start| start.as_object()));
        } else if let Some(bytes) = exact::<PyBytes>(vm, object) {
            let start = bytes.as_bytes().get(..LONGEST).map(|start| vm.ctx.new_bytes(start.into()));
            self.write_repr(start.as_ref().map_or(object, |start| start.as_object()));
        } else if let Some(list) = exact::<PyList>(vm, object) {
            // Copied: a lock must not be held while `repr` runs.
            let elements: Vec<_> = list.borrow_vec().iter().take(LONGEST).cloned().collect();
            self.write_elements("[", &elements, "]", depth);
        } else if let Some(tuple) = exact::<PyTuple>(vm, object) {
            let close = if tuple.as_slice().len() == 1 { ",)" } else { ")" };
            self.write_elements("(", tuple.as_slice(), close, depth);
        } else if let Some(set) =
            exact::<PySet>(vm, object).filter(|set| !set.elements().is_empty())
        {
            self.write_elements("{", &set.elements(), "}", depth);
        } else if let Some(set) = exact::<PyFrozenSet>(vm, object) {
            self.write_elements("{", &set.elements(), "}", depth);
        } else if let Some(dict) = exact::<PyDict>(vm, object) {
            self.write_pairs(&dict.items_vec(), depth);
        } else {
            self.write_repr(object);
        }
    }

    fn write_elements(&mut self, open: &str, elements: &[PyObjectRef], close: &str, depth: usize) {
        self.text.push_str(open);
        for (i, element) in elements.iter().enumerate() {
            if !self.next(i, depth) {
                break;
            }
            self.write(element, depth + 1);
        }
        self.text.push_str(close);
    }

    fn write_pairs(&mut self, pairs: &[(PyObjectRef, PyObjectRef)], depth: usize) {
        self.text.push('{');
        for (i, (key, value)) in pairs.iter().enumerate() {
            if !self.next(i, depth) {
                break;
            }
            self.write(key, depth + 1);
            self.text.push_str(": ");
            self.write(value, depth + 1);
        }
        self.text.push('}');
    }

    /// Whether there is room for another element.
    fn next(&mut self, index: usize, depth: usize) -> bool {
        if depth == DEEPEST {
            self.text.push_str("...");
            return false;
        }
        if index > 0 {
            self.text.push_str(", ");
        }
        self.text.len() <= LONGEST
    }

    fn write_repr(&mut self, object: &PyObject) {
        match object.repr(self.vm) {
            Ok(text) => self.text.push_str(&without_address(&text.to_string_lossy())),
            Err(_) => self.text.push_str(&format!("<{} object>", object.class().name())),
        }
    }
}

fn exact<'a, T: PyPayload>(vm: &VirtualMachine, object: &'a PyObject) -> Option<&'a Py<T>> {
    object.downcast_ref_if_exact::<T>(vm)
}

fn bits(int: &Py<PyInt>) -> u64 {
    int.as_bigint().bits()
}

/// `<function f at 0x7f01>` as `<function f>`: an address differs from run to run.
fn without_address(text: &str) -> String {
    let cut = text.strip_suffix('>').and_then(|start| start.rsplit_once(" at 0x"));
    match cut {
        Some((start, digits)) if digits.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("{start}>")
        }
        _ => text.to_owned(),
    }
}
