//! The text of one exception, as Python prints it.

use togil_interp::vm::builtins::{PyBaseExceptionRef, PyList, PyStr};
use togil_interp::vm::{AsObject, VirtualMachine};

/// Traceback, type and message, and notes.
///
/// The frames are the VM's text. Its last line is not used: it shows the class without its module, and
/// the arguments in place of what `str()` says (`OSError`, or a class with a `__str__`).
pub(super) fn text(
    vm: &VirtualMachine,
    exception: &PyBaseExceptionRef,
    type_name: &str,
    message: &str,
) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = vm.write_exception_inner(&mut text, exception);
    if !exception.fast_isinstance(vm.ctx.exceptions.syntax_error) {
        let last =
            text.split_inclusive('\n').take_while(|line| is_of_frames(line)).map(str::len).sum();
        let suggestion =
            text[last..].rfind(". Did you mean: '").map(|at| text[last + at..].trim_end());
        let suggestion = suggestion.unwrap_or_default().to_owned();
        text.truncate(last);
        text.push_str(type_name);
        if !message.is_empty() {
            text.push_str(": ");
            text.push_str(message);
        }
        text.push_str(&suggestion);
        text.push('\n');
    }
    for note in notes(vm, exception) {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

fn is_of_frames(line: &str) -> bool {
    line.starts_with(' ') || line.starts_with("Traceback (most recent call last):")
}

/// What `add_note` added.
fn notes(vm: &VirtualMachine, exception: &PyBaseExceptionRef) -> Vec<String> {
    let notes = vm.get_attribute_opt(exception.as_object(), "__notes__").ok().flatten();
    let Some(notes) = notes else { return Vec::new() };
    let Some(notes) = notes.downcast_ref::<PyList>() else { return Vec::new() };
    let notes = notes.borrow_vec();
    let text = |note: &PyStr| note.to_string_lossy().into_owned();
    notes.iter().filter_map(|note| note.downcast_ref::<PyStr>()).map(|note| text(note)).collect()
}
