//! The way to make a running thread do something at its next instruction.
//!
//! The VM checks an eval-breaker word before every instruction. When a signal is pending,
//! the first thread to look runs the handler that *its own* VM has for it. Each of our
//! threads has a native handler for one reserved signal number; [`ring`] makes that number
//! pending without sending a signal. It costs nothing while nobody rings.
//!
//! Whoever looks first answers, so a ring is only a hint. What is asked for is kept elsewhere
//! (the GIL's drop request, the pending signals) and whoever answers a ring that
//! was not meant for it passes it on.

use parking_lot::{Mutex, MutexGuard};
use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::signal::{SignalNum, set_interrupt_ex};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use crate::attach::{self, DropRequest};
use crate::race::stepping;
use crate::{patch, sampling, signals, stop, switch_point};

/// The reserved number: SIGRTMAX - 1. Scripts cannot use it (`signal.signal` refuses).
pub(crate) const SIGNUM: i32 = 63;

static ON_RING: PyMethodDef =
    PyMethodDef::new_raw_const("togil_safepoint", on_ring, PyMethodFlags::empty(), ItemDoc::NONE);

/// Makes some running thread look for work soon. Async-signal-safe.
pub(crate) fn ring() {
    if let Ok(signum) = SignalNum::try_from(SIGNUM) {
        // Fails never; its `Result` is the VM's calling convention.
        let _ = set_interrupt_ex(signum);
    }
}

/// Rings if there is something for this thread to do: called where it comes back from a
/// wait, because rings that it missed were answered by others.
pub(crate) fn remind(vm: &VirtualMachine) {
    if (signals::pending() && signals::is_signal_thread(vm)) || stop::pending_here() {
        ring();
    }
}

/// Held while a thread passes for the main thread. Only ever taken and given back between two
/// safepoints: a thread that held it while a fork stops the world would keep it for ever
/// in the child.
static IMPERSONATION: Mutex<()> = Mutex::new(());

fn impersonate(vm: &VirtualMachine) -> MutexGuard<'static, ()> {
    loop {
        if let Some(guard) = IMPERSONATION.try_lock() {
            return guard;
        }
        vm.allow_threads(std::thread::yield_now);
    }
}

/// Waits until no thread passes for the main thread any more, as far as one can see.
pub(crate) fn wait_for_installs(vm: &VirtualMachine) {
    drop(impersonate(vm));
}

/// Gives the calling thread's VM its handler.
///
/// `_signal.signal` serves the main thread only, and asks `main_thread_ident` who that is. So
/// we are the main thread for the length of the call. Nobody else can be fooled
/// meanwhile: threads that start wait for the lock, and [`signals`] retries for the real one.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let Some(signal) = patch::original("_signal", "signal") else { return Ok(()) };
    let handler = ON_RING.build_function(&vm.ctx);
    let args = FuncArgs::from(vec![vm.ctx.new_int(SIGNUM).into(), handler.into()]);
    attach::note_vm();
    let _guard = impersonate(vm);
    let main = vm.state.main_thread_ident.swap(get_ident());
    let result = (signal.func)(vm, args, Callee::named("signal"));
    vm.state.main_thread_ident.store(main);
    result.map(drop)
}

/// Whether an object is the handler that [`install`] puts into a VM's table.
pub(crate) fn is_handler(object: &PyObjectRef, vm: &VirtualMachine) -> bool {
    let name = object.get_attr("__name__", vm).ok();
    name.and_then(|name| Some(name.downcast_ref::<PyStr>()?.as_wtf8() == ON_RING.name))
        .unwrap_or(false)
}

fn on_ring(vm: &VirtualMachine, _args: FuncArgs, _callee: Callee) -> PyResult {
    sampling::answer();
    stepping::on_ring(vm)?;
    if attach::check_in_is_due() {
        // Where it may switch, so that what cannot be divided with a GIL is not divided by its coming.
        if switch_point::is_here() {
            attach::check_in(vm);
        } else {
            ring();
        }
        return after_switch(vm);
    }
    match attach::drop_requested() {
        DropRequest::No => {}
        DropRequest::Lost => attach::switch(vm),
        DropRequest::Mine if switch_point::is_here() => attach::switch(vm),
        // Not here, or not me: look again at the next instruction.
        DropRequest::Mine | DropRequest::Other => ring(),
    }
    after_switch(vm)
}

fn after_switch(vm: &VirtualMachine) -> PyResult {
    if signals::pending() {
        signals::deliver(vm)?;
    }
    if stop::any_pending() {
        stop::deliver_here(vm)?;
    }
    Ok(vm.ctx.none())
}
