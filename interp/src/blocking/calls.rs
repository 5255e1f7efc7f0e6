//! Wrappers for calls that block in the operating system.

use rustpython_vm::builtins::{
    PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyStr, PyTuple,
};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::owner;
use crate::patch::{self, Original};
use crate::{attach, signals};

/// Gives the GIL up around the whole call.
pub(super) fn release(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if !attach::gil_enabled() {
        return attach::without_gil(vm, || (original.func)(vm, args, callee));
    }
    let args = settle(vm, args)?;
    // The caller's references outlive the call, so that nothing dies without the GIL.
    let kept = args.clone();
    let result = attach::without_gil(vm, || (original.func)(vm, args, callee));
    drop(kept);
    result
}

/// Replaces arguments whose conversion would run Python code (`__index__`, `fileno`, ...) by
/// what they convert to: the native call converts them where it no longer has the GIL.
pub(super) fn settle(vm: &VirtualMachine, mut args: FuncArgs) -> PyResult<FuncArgs> {
    for arg in args.args.iter_mut().chain(args.kwargs.values_mut()) {
        if !converts_natively(vm, arg) {
            for method in ["__fspath__", "fileno", "__index__", "__float__"] {
                if let Some(method) = vm.get_attribute_opt(arg, method)? {
                    *arg = method.call((), vm)?;
                    break;
                }
            }
        }
    }
    Ok(args)
}

fn converts_natively(vm: &VirtualMachine, arg: &PyObjectRef) -> bool {
    vm.is_none(arg)
        || arg.downcast_ref::<PyInt>().is_some()
        || arg.downcast_ref::<PyFloat>().is_some()
        || arg.downcast_ref::<PyStr>().is_some()
        || arg.downcast_ref::<PyBytes>().is_some()
        || arg.downcast_ref::<PyByteArray>().is_some()
        || arg.downcast_ref::<PyMemoryView>().is_some()
        || arg.downcast_ref::<PyTuple>().is_some()
        || arg.downcast_ref::<PyList>().is_some()
        || arg.downcast_ref::<PyDict>().is_some()
        // A native receiver such as a socket, whose methods need no conversion; a Python
        // subclass of one is caught above only if it is an argument, never as `self`.
        || arg.class().slots.flags.has_feature(rustpython_vm::types::PyTypeFlags::IMMUTABLETYPE)
}

/// The same for methods: `self` stays as it is.
pub(super) fn release_method(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if !attach::gil_enabled() || args.args.is_empty() {
        return attach::without_gil(vm, || (original.func)(vm, args, callee));
    }
    let zelf = args.args.remove(0);
    let mut args = settle(vm, args)?;
    args.args.insert(0, zelf);
    let kept = args.clone();
    let result = attach::without_gil(vm, || (original.func)(vm, args, callee));
    drop(kept);
    result
}

/// `signal.pause`: the signal that ends it is handled before it returns, even where a busy
/// thread has answered its ring.
pub(super) fn pause(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let result = release(original, vm, args, callee)?;
    if signals::pending() && signals::is_signal_thread(vm) {
        signals::deliver(vm)?;
    }
    Ok(result)
}

/// `os.waitpid`: first without waiting.
pub(super) fn waitpid(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if let [pid, options] = args.args.as_slice()
        && let Some(flags) = int(options, vm)
    {
        let flags: i64 = flags | i64::from(libc::WNOHANG);
        let quick = FuncArgs::from(vec![pid.clone(), vm.ctx.new_int(flags).into()]);
        let result = (original.func)(vm, quick, callee)?;
        let waiting = int(options, vm).is_some_and(|o| o & i64::from(libc::WNOHANG) == 0);
        let nobody = result
            .downcast_ref::<PyTuple>()
            .and_then(|pair| int(pair.as_slice().first()?, vm))
            .is_some_and(|pid| pid == 0);
        if !(waiting && nobody) {
            return Ok(result);
        }
    }
    release(original, vm, args, callee)
}

/// `os.system`. The VM's stays attached for the life of the child, which holds up garbage
/// collection, so this is one of our own; like the VM's it takes a `str`, `bytes` or path.
pub(super) fn system(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let args = settle(vm, args)?;
    let command = match args.args.as_slice() {
        [command] if args.kwargs.is_empty() => command
            .downcast_ref::<PyStr>()
            .and_then(|text| text.to_str().map(str::as_bytes))
            .and_then(|text| std::ffi::CString::new(text).ok()),
        _ => None,
    };
    let Some(command) = command else {
        return release(original, vm, args, callee);
    };
    let status = attach::without_gil(vm, || {
        // SAFETY: `command` is a C string that outlives the call.
        vm.allow_threads(|| unsafe { libc::system(command.as_ptr()) })
    });
    Ok(vm.ctx.new_int(status).into())
}

/// `os.wait3` and `os.wait4` build their result with the `resource` module.
pub(super) fn wait_with_usage(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    vm.import("resource", 0)?;
    release(original, vm, args, callee)
}

/// `os.fork` and `os.forkpty`. The VM takes the import lock before it forks; taken here
/// first, its owner gets the GIL that it may need to let go of it.
pub(super) fn fork(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let (Some(acquire), Some(free)) =
        (patch::original("_imp", "acquire_lock"), patch::original("_imp", "release_lock"))
    else {
        return (original.func)(vm, args, callee);
    };
    let streams = owner::take_streams(vm);
    release(acquire, vm, FuncArgs::default(), Callee::named("acquire_lock"))?;
    let result = (original.func)(vm, args, callee);
    drop(streams);
    (free.func)(vm, FuncArgs::default(), Callee::named("release_lock"))?;
    result
}

/// Socket calls that read: first without waiting, if the kernel has something to read.
pub(super) fn socket_read(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    // recv(bufsize[, flags]): with other arguments it is not worth the trouble.
    if let [zelf, size] = args.args.as_slice()
        && args.kwargs.is_empty()
        && attach::gil_enabled()
        && socket_ready(vm, zelf, libc::POLLIN)
    {
        let flags = vm.ctx.new_int(libc::MSG_DONTWAIT).into();
        let quick = FuncArgs::from(vec![zelf.clone(), size.clone(), flags]);
        match (original.func)(vm, quick, callee) {
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.blocking_io_error) => {}
            done => return done,
        }
    }
    release_method(original, vm, args, callee)
}

/// `socket.sendall`: what the kernel takes at once needs no switch.
pub(super) fn socket_send_all(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if let [zelf, data] = args.args.as_slice()
        && args.kwargs.is_empty()
        && attach::gil_enabled()
        && let Some(bytes) = data.downcast_ref::<PyBytes>()
        && socket_ready(vm, zelf, libc::POLLOUT)
        && let Some(send) = patch::original("socket", "send")
    {
        let flags = vm.ctx.new_int(libc::MSG_DONTWAIT).into();
        let quick = FuncArgs::from(vec![zelf.clone(), data.clone(), flags]);
        match (send.func)(vm, quick, Callee::named("send")) {
            Ok(sent) => {
                let sent = int(&sent, vm).unwrap_or(0) as usize;
                if sent >= bytes.len() {
                    return Ok(vm.ctx.none());
                }
                let rest = vm.ctx.new_bytes(bytes.as_bytes()[sent..].to_vec());
                let rest = FuncArgs::from(vec![zelf.clone(), rest.into()]);
                return release_method(original, vm, rest, callee);
            }
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.blocking_io_error) => {}
            Err(e) => return Err(e),
        }
    }
    release_method(original, vm, args, callee)
}

/// `socket.send`: likewise.
pub(super) fn socket_send(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if let [zelf, data] = args.args.as_slice()
        && args.kwargs.is_empty()
        && attach::gil_enabled()
        && socket_ready(vm, zelf, libc::POLLOUT)
    {
        let flags = vm.ctx.new_int(libc::MSG_DONTWAIT).into();
        let quick = FuncArgs::from(vec![zelf.clone(), data.clone(), flags]);
        match (original.func)(vm, quick, callee) {
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.blocking_io_error) => {}
            done => return done,
        }
    }
    release_method(original, vm, args, callee)
}

/// Whether a blocking socket could go on at once. A hint: another thread may be faster, so
/// the call that follows must not wait either.
fn socket_ready(vm: &VirtualMachine, socket: &PyObjectRef, events: libc::c_short) -> bool {
    let ask = |name: &'static str| {
        let method = patch::original("socket", name)?;
        let args = FuncArgs::from(vec![socket.clone()]);
        (method.func)(vm, args, Callee::named(name)).ok()
    };
    // With a time-out the VM waits whatever the flags say.
    if !ask("gettimeout").is_some_and(|timeout| vm.is_none(&timeout)) {
        return false;
    }
    let fd = ask("fileno").and_then(|fd| int(&fd, vm));
    let Some(fd) = fd.and_then(|fd| i32::try_from(fd).ok()) else { return false };
    let mut poll = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one live pollfd; a time-out of 0 does not wait.
    unsafe { libc::poll(&raw mut poll, 1, 0) == 1 }
}

/// Socket calls with an address: a host name is encoded (Python code) and looked up inside
/// the native call, so both are done before: the encoding with the GIL, the rest without.
pub(super) fn socket_address(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if attach::gil_enabled()
        && let Some(last) = args.args.last_mut()
        && let Some(address) = last.downcast_ref::<PyTuple>()
        && let Some(host) = address.as_slice().first()
        && let Some(encoded) = encoded_host(vm, host)?
    {
        let mut items = address.as_slice().to_vec();
        items[0] = encoded;
        *last = vm.ctx.new_tuple(items).into();
    }
    release_method(original, vm, args, callee)
}

/// Name look-ups: `getaddrinfo(host, ...)` and its like.
pub(super) fn resolve(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if attach::gil_enabled()
        && let Some(host) = args.args.first_mut()
        && let Some(encoded) = encoded_host(vm, host)?
    {
        *host = encoded;
    }
    release(original, vm, args, callee)
}

/// `csv.writer`: a writer holds a lock of its own while it calls `file.write`.
pub(super) fn csv_writer(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let writer = (original.func)(vm, args, callee)?;
    let methods = &["writerow", "writerows"];
    patch::class(vm, "csv.writer", writer.class().to_owned(), methods, owner::call);
    Ok(writer)
}

/// A host name outside ASCII, in the form the resolver wants.
fn encoded_host(vm: &VirtualMachine, host: &PyObjectRef) -> PyResult<Option<PyObjectRef>> {
    match host.downcast_ref::<PyStr>() {
        Some(name) if !name.as_wtf8().is_ascii() => {
            let bytes = vm.call_method(host, "encode", ("idna",))?;
            vm.call_method(&bytes, "decode", ("ascii",)).map(Some)
        }
        _ => Ok(None),
    }
}

/// An exact number, without running Python code.
pub(super) fn int(object: &PyObjectRef, vm: &VirtualMachine) -> Option<i64> {
    object.downcast_ref::<PyInt>().and_then(|int| int.try_to_primitive::<i64>(vm).ok())
}
