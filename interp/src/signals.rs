//! Operating-system signals, delivered to the main thread and nobody else.
//!
//! The VM notes a signal in process-wide flags that whichever thread looks first clears, so a
//! busy worker swallows a Ctrl-C. Here the C handler notes it in a word of its own; only the
//! signal thread takes it from there. `signal.set_wakeup_fd` is ours, too: the VM's
//! would be written to by every [`safepoint::ring`] and wake an idle asyncio loop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use libc::c_int;
use parking_lot::Mutex;
use rustpython_vm::builtins::PyInt;
use rustpython_vm::function::{Callee, FuncArgs, PyMethodDef};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use crate::attach;
use crate::doorbell;
use crate::patch;
use crate::safepoint::{self, SIGNUM};

/// Bit *n* is set while signal *n* waits to be handled.
static PENDING: AtomicU64 = AtomicU64::new(0);
static WAKEUP_FD: AtomicI32 = AtomicI32::new(-1);
/// The ident of the thread that runs the handlers, 0 before there is one. It is the thread's
/// `pthread_t`, too (`_thread.get_ident` in the VM).
static SIGNAL_THREAD: AtomicU64 = AtomicU64::new(0);
/// The handlers that are Python objects. The VM keeps them in the main thread's VM, where
/// the child of a fork in another thread cannot find them.
static HANDLERS: Mutex<BTreeMap<c_int, PyObjectRef>> = Mutex::new(BTreeMap::new());

/// Whether a signal waits to be handled.
pub(crate) fn pending() -> bool {
    PENDING.load(Ordering::Relaxed) != 0
}

/// Whether this thread, in this VM, runs the handlers.
pub(crate) fn is_signal_thread(vm: &VirtualMachine) -> bool {
    SIGNAL_THREAD.load(Ordering::Relaxed) == get_ident() && vm.state.is_main_interpreter()
}

/// Makes the calling thread the one that runs the handlers, and moves the handlers that
/// the VM installed at its start (Ctrl-C) to ours.
pub(crate) fn adopt(vm: &VirtualMachine) -> PyResult<()> {
    SIGNAL_THREAD.store(get_ident(), Ordering::Relaxed);
    // As CPython has it: a file that may not grow is an OSError, not the end of the process.
    // SAFETY: to ignore a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let Some(getsignal) = patch::original("_signal", "getsignal") else { return Ok(()) };
    let args = FuncArgs::from(vec![vm.ctx.new_int(libc::SIGINT).into()]);
    let handler = (getsignal.func)(vm, args, Callee::named("getsignal"))?;
    if handler.is_callable() {
        HANDLERS.lock().insert(libc::SIGINT, handler);
        set_os_handler(libc::SIGINT);
    }
    Ok(())
}

/// The interpreter that had the signals ends: they are the system's again.
pub(crate) fn forget(vm: &VirtualMachine) {
    if is_signal_thread(vm) {
        SIGNAL_THREAD.store(0, Ordering::Relaxed);
        let handlers = std::mem::take(&mut *HANDLERS.lock());
        for signum in handlers.keys() {
            // SAFETY: a default disposition runs no code of ours.
            unsafe { libc::signal(*signum, libc::SIG_DFL) };
        }
    }
}

/// Interrupts the system call that the signal thread sits in, if it does.
pub(crate) fn kick() {
    let thread = SIGNAL_THREAD.load(Ordering::Relaxed);
    if thread != 0 {
        // SAFETY: the main thread lives as long as it is the signal thread (`forget`).
        unsafe { libc::pthread_kill(thread as libc::pthread_t, SIGNUM) };
    }
}

/// In the child of a fork: what was pending was the parent's.
pub(crate) fn after_fork_in_child() {
    PENDING.store(0, Ordering::Relaxed);
    WAKEUP_FD.store(-1, Ordering::Relaxed);
    if SIGNAL_THREAD.load(Ordering::Relaxed) != 0 {
        SIGNAL_THREAD.store(get_ident(), Ordering::Relaxed);
        // The VM does this in `os.fork`, but not before a `preexec_fn`.
        try_with_current_vm(|vm| vm.state.main_thread_ident.store(get_ident()));
    }
}

/// Runs the handlers of the pending signals if this is the thread for it, and otherwise
/// sees to it that that thread is told.
pub(crate) fn deliver(vm: &VirtualMachine) -> PyResult<()> {
    if !is_signal_thread(vm) {
        doorbell::pass_on();
        return Ok(());
    }
    attach::with_gil(vm, || {
        loop {
            let pending = PENDING.load(Ordering::Relaxed);
            if pending == 0 {
                return Ok(());
            }
            let signum = pending.trailing_zeros() as c_int;
            PENDING.fetch_and(!(1 << signum), Ordering::Relaxed);
            let handler = HANDLERS.lock().get(&signum).cloned();
            if let Some(handler) = handler {
                let frame = vm.current_frame().map_or_else(|| vm.ctx.none(), Into::into);
                let result = handler.call((signum, frame), vm);
                if result.is_err() && PENDING.load(Ordering::Relaxed) != 0 {
                    safepoint::ring();
                }
                result?;
            }
        }
    })
}

extern "C" fn on_signal(signum: c_int) {
    // SAFETY: takes nothing, and returns the address of this thread's errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: valid and this thread's own for as long as the thread lives.
    let saved = unsafe { *errno };
    post(signum);
    // SAFETY: as above.
    unsafe { *errno = saved };
}

/// Notes a signal for the signal thread. Async-signal-safe.
fn post(signum: c_int) {
    PENDING.fetch_or(1 << signum, Ordering::Relaxed);
    let fd = WAKEUP_FD.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = signum as u8;
        // SAFETY: one byte is read from a live local. A full or closed descriptor is the
        // caller of set_wakeup_fd's business, as in CPython.
        unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
    }
    safepoint::ring();
    doorbell::wake();
}

fn set_os_handler(signum: c_int) {
    // SAFETY: all-zero is a valid sigaction (no flags, an empty mask).
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as *const () as usize;
    // No SA_RESTART: a blocking call must come back so that the handler can run (PEP 475).
    action.sa_flags = libc::SA_ONSTACK;
    // SAFETY: `action` is initialised, and `on_signal` calls async-signal-safe functions only.
    unsafe { libc::sigaction(signum, &raw const action, std::ptr::null_mut()) };
}

/// `signal.signal`.
pub(crate) fn signal(
    original: &'static PyMethodDef,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let number = |object: &PyObjectRef| {
        object.downcast_ref::<PyInt>().and_then(|int| int.try_to_primitive::<c_int>(vm).ok())
    };
    let signum = args.args.first().and_then(number);
    if signum == Some(SIGNUM) {
        return Err(vm.new_value_error(format!("signal number {SIGNUM} is reserved by togil")));
    }
    let callable = args.args.get(1).is_some_and(|handler| handler.is_callable());
    let mut tries = 0;
    let old = loop {
        let result = (original.func)(vm, args.clone(), callee);
        // A thread that starts may have passed for the main thread at that very moment
        // (safepoint::install): then the refusal is wrong.
        let refused = result.as_ref().err().is_some_and(|error| {
            let text = error.as_object().str(vm);
            text.is_ok_and(|text| text.to_string_lossy().contains("main thread"))
        });
        if !(refused && is_signal_thread(vm) && tries < 1000) {
            break result?;
        }
        tries += 1;
        safepoint::wait_for_installs(vm);
    };
    let replaced = match (signum, callable) {
        (Some(signum), true) => {
            let handler = args.args[1].clone();
            let replaced = HANDLERS.lock().insert(signum, handler);
            set_os_handler(signum);
            replaced
        }
        (Some(signum), false) => HANDLERS.lock().remove(&signum),
        (None, _) => None,
    };
    // Ours is the truth in the child of a fork in another thread.
    Ok(replaced.unwrap_or(old))
}

/// `signal.getsignal`: hides the handler of the reserved number.
pub(crate) fn getsignal(
    original: &'static PyMethodDef,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let signum = args.args.first().and_then(|signum| signum.downcast_ref::<PyInt>());
    let signum = signum.and_then(|signum| signum.try_to_primitive::<c_int>(vm).ok());
    // The VM asks the table of this thread, and creates one that swallows signals.
    if let Some(handler) = signum.and_then(|signum| HANDLERS.lock().get(&signum).cloned()) {
        return Ok(handler);
    }
    let handler = (original.func)(vm, args, callee)?;
    Ok(if safepoint::is_handler(&handler, vm) { vm.ctx.none() } else { handler })
}

/// `signal.set_wakeup_fd`.
pub(crate) fn set_wakeup_fd(
    _original: &'static PyMethodDef,
    vm: &VirtualMachine,
    args: FuncArgs,
    _callee: Callee,
) -> PyResult {
    let fd: c_int = match args.args.first() {
        Some(fd) => fd.clone().try_into_value(vm)?,
        None => return Err(vm.new_type_error("set_wakeup_fd() missing required argument: 'fd'")),
    };
    if !is_signal_thread(vm) {
        let text = "set_wakeup_fd only works in main thread of the main interpreter";
        return Err(vm.new_value_error(text));
    }
    if fd != -1 {
        // SAFETY: F_GETFL only reads the flags of a descriptor, and an invalid one is an error.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
        if flags < 0 {
            return Err(vm.new_last_errno_error());
        }
        if flags & libc::O_NONBLOCK == 0 {
            let text = format!("the fd {fd} must be in non-blocking mode");
            return Err(vm.new_value_error(text));
        }
    }
    Ok(vm.ctx.new_int(WAKEUP_FD.swap(fd, Ordering::Relaxed)).into())
}

/// `_thread.interrupt_main`.
pub(crate) fn interrupt_main(
    original: &'static PyMethodDef,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let given = args.args.first().or_else(|| args.kwargs.get("signum"));
    let signum: c_int = match given {
        Some(signum) => signum.clone().try_into_value(vm)?,
        None => libc::SIGINT,
    };
    if !(1..64).contains(&signum) || SIGNAL_THREAD.load(Ordering::Relaxed) == 0 {
        return (original.func)(vm, args, callee);
    }
    // As CPython: a signal without a Python handler is ignored, not an error.
    post(signum);
    Ok(vm.ctx.none())
}
