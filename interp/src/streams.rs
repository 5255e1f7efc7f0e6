//! The standard streams at the end of an interpreter.

use rustpython_vm::builtins::PyStrRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Streams of `sys`'s own for the time after the daemon threads have been stopped.
///
/// One of them may have been stopped in the middle of a `print`, with the lock of the stream in
/// hand; the VM's last flush would wait for it for ever. CPython gives up on that
/// lock after a second.
pub(crate) struct Renewed(Vec<(&'static str, PyObjectRef)>);

/// Makes the new streams, and flushes the old ones while those threads can still let go.
pub(crate) fn renew(vm: &VirtualMachine) -> Renewed {
    if vm.state.thread_frames.lock().len() < 2 {
        return Renewed(Vec::new());
    }
    // Whatever goes wrong leaves the stream as it was: it may not be a file at all.
    let new = |(name, fd)| Some((name, renew_one(vm, name, fd).ok()??));
    Renewed([("stdout", 1), ("stderr", 2)].into_iter().filter_map(new).collect())
}

impl Renewed {
    /// Puts the new streams in the place of the old ones. To be called once the threads have been stopped:
    /// until then they would take the new ones, too.
    pub(crate) fn install(self, vm: &VirtualMachine) {
        for (name, stream) in self.0 {
            // Fails only for a `sys` that nobody can use any more.
            let _ = vm.sys_module.set_attr(name, stream, vm);
        }
    }
}

fn renew_one(vm: &VirtualMachine, name: &'static str, fd: i32) -> PyResult<Option<PyObjectRef>> {
    let stream = vm.sys_module.get_attr(name, vm)?;
    let number: i32 = vm.call_method(&stream, "fileno", ())?.try_into_value(vm)?;
    if number != fd {
        return Ok(None);
    }
    vm.call_method(&stream, "flush", ())?;
    let encoding: PyStrRef = stream.get_attr("encoding", vm)?.try_into_value(vm)?;
    let errors: PyStrRef = stream.get_attr("errors", vm)?.try_into_value(vm)?;
    let io = vm.import("_io", 0)?;
    let raw = io.get_attr("FileIO", vm)?.call((fd, "w", false), vm)?;
    let buffer = io.get_attr("BufferedWriter", vm)?.call((raw,), vm)?;
    let line_by_line = true;
    let text = io.get_attr("TextIOWrapper", vm)?;
    text.call((buffer, encoding, errors, "\n", line_by_line), vm).map(Some)
}
