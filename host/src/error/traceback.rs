//! The text of one exception, as Python prints it.

use std::fs::File;
use std::io::{BufRead, BufReader};

use togil_interp::vm::builtins::{PyBaseExceptionRef, PyCode, PyList, PyStr};
use togil_interp::vm::suggestion::offer_suggestions;
use togil_interp::vm::{AsObject, Py, VirtualMachine};

/// Frames, type and message, and notes. Without the markers (`~~^~~`) that Python puts under a line:
/// they take the line to be compiled again.
///
/// Not the VM's own text, which has no source of code that was compiled from a string, and shows
/// the arguments in place of what `str()` says (`OSError`, or a class with a `__str__`).
pub(super) fn text(
    vm: &VirtualMachine,
    exception: &PyBaseExceptionRef,
    type_name: &str,
    message: &str,
) -> String {
    let mut text = frames(vm, exception);
    if exception.fast_isinstance(vm.ctx.exceptions.syntax_error) {
        text.push_str(&syntax_error(vm, exception));
    } else {
        text.push_str(type_name);
        if !message.is_empty() {
            text.push_str(": ");
            text.push_str(message);
        }
        if let Some(suggestion) = offer_suggestions(exception, vm) {
            text.push_str(&format!(". Did you mean: '{}'?", suggestion.to_string_lossy()));
        }
        text.push('\n');
    }
    for note in notes(vm, exception) {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

fn frames(vm: &VirtualMachine, exception: &PyBaseExceptionRef) -> String {
    let Some(traceback) = exception.__traceback__() else { return String::new() };
    let mut text = "Traceback (most recent call last):\n".to_owned();
    for entry in traceback.iter() {
        let code = entry.frame.f_code();
        let (path, line, name) = (code.source_path(), entry.lineno.get(), code.obj_name);
        text.push_str(&format!("  File \"{path}\", line {line}, in {name}\n"));
        let source = known_line(vm, &code, line).or_else(|| line_of_file(path.as_ref(), line));
        if let Some(source) = source.as_deref().map(str::trim).filter(|source| !source.is_empty()) {
            text.push_str(&format!("    {source}\n"));
        }
    }
    text
}

/// A line of code that was compiled from a string, if `linecache` was told about it.
fn known_line(vm: &VirtualMachine, code: &Py<PyCode>, line: usize) -> Option<String> {
    let modules = vm.sys_module.get_attr("modules", vm).ok()?;
    // Not imported for this: then it was told nothing.
    let linecache = modules.get_item("linecache", vm).ok()?;
    let line = vm.call_method(&linecache, "_getline_from_code", (code.to_owned(), line)).ok()?;
    let line = line.downcast_ref::<PyStr>()?.to_string_lossy().into_owned();
    (!line.is_empty()).then_some(line)
}

fn line_of_file(path: &str, line: usize) -> Option<String> {
    let file = BufReader::new(File::open(path).ok()?);
    file.lines().nth(line.checked_sub(1)?)?.ok()
}

/// Place, line and message of a syntax error, by the VM.
fn syntax_error(vm: &VirtualMachine, exception: &PyBaseExceptionRef) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = vm.write_exception_inner(&mut text, exception);
    // Its own frames end where the file of the error is named.
    match text.rfind("  File \"") {
        Some(start) => text.split_off(start),
        None => text,
    }
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
