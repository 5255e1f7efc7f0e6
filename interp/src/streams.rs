//! The standard streams at the end of an interpreter.

use rustpython_vm::builtins::PyStrRef;
use rustpython_vm::{PyResult, VirtualMachine};

/// Gives `sys` streams of its own for the time after the daemon threads have been stopped.
///
/// One of them may have been stopped in the middle of a `print`, with the lock of the stream in
/// hand; the VM's last flush would wait for it for ever. CPython gives up on that
/// lock after a second. What is in the old streams is flushed here, while those threads
/// can still let go.
pub(crate) fn renew(vm: &VirtualMachine) {
    if vm.state.thread_frames.lock().len() < 2 {
        return;
    }
    for (name, fd) in [("stdout", 1), ("stderr", 2)] {
        // Whatever goes wrong leaves the stream as it was: it may not be a file at all.
        let _ = renew_one(vm, name, fd);
    }
}

fn renew_one(vm: &VirtualMachine, name: &'static str, fd: i32) -> PyResult<()> {
    let stream = vm.sys_module.get_attr(name, vm)?;
    let number: i32 = vm.call_method(&stream, "fileno", ())?.try_into_value(vm)?;
    if number != fd {
        return Ok(());
    }
    vm.call_method(&stream, "flush", ())?;
    let encoding: PyStrRef = stream.get_attr("encoding", vm)?.try_into_value(vm)?;
    let errors: PyStrRef = stream.get_attr("errors", vm)?.try_into_value(vm)?;
    let io = vm.import("_io", 0)?;
    let raw = io.get_attr("FileIO", vm)?.call((fd, "w", false), vm)?;
    let buffer = io.get_attr("BufferedWriter", vm)?.call((raw,), vm)?;
    let line_by_line = true;
    let text = io.get_attr("TextIOWrapper", vm)?;
    let new = text.call((buffer, encoding, errors, "\n", line_by_line), vm)?;
    vm.sys_module.set_attr(name, new, vm)
}
