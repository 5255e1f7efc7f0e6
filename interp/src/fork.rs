//! Forks: the child has one thread, and our locks must be as if it always had.
//!
//! Hooked with `pthread_atfork`, because the VM's own hooks do not run for
//! `_posixsubprocess.fork_exec` with a `preexec_fn`.

use std::cell::RefCell;
use std::sync::Once;

use rustpython_vm::vm::thread::try_with_current_vm;

use crate::attach;
use crate::blocking::owner;
use crate::bytecode::shared;
use crate::imports;
use crate::{doorbell, signals, stop, threads};

/// What is held between the hooks of one fork.
struct Held {
    gil: attach::Fork,
    owners: owner::Guard,
    /// Or the child finds them taken by a thread that it does not have.
    _imports: imports::Still<'static>,
    codes: shared::Guard,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// Installs the hooks, once per process.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the hooks are functions that live as long as the process. A failure (no
        // memory) leaves forks as they are without us.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    });
}

extern "C" fn prepare() {
    threads::settle();
    let owners = owner::prepare_fork();
    let gil = attach::prepare_fork();
    let (imports, codes) = (imports::hold_still(), shared::prepare_fork());
    let held = Held { gil, owners, _imports: imports, codes };
    let _ = HELD.try_with(|cell| cell.replace(Some(held)));
}

extern "C" fn parent() {
    let _ = HELD.try_with(|cell| cell.take());
}

extern "C" fn child() {
    let Ok(Some(held)) = HELD.try_with(|cell| cell.take()) else { return };
    shared::after_fork_in_child(held.codes);
    owner::after_fork_in_child(held.owners);
    attach::after_fork_in_child(held.gil);
    signals::after_fork_in_child();
    stop::after_fork_in_child();
    doorbell::after_fork_in_child();
    threads::after_fork_in_child();
    keep_dead_stacks();
}

/// Keeps the memory of the threads that are gone out of use.
///
/// The VM's locks are parking_lot's, which queues threads that wait by nodes in their
/// thread-local storage. In the child glibc gives the stacks of the dead threads, and that
/// storage with them, to new threads: the queues become corrupt and wake-ups get lost (one of
/// fifteen forks under load). It reuses no stack that is too small, so ours grow with
/// every fork.
fn keep_dead_stacks() {
    try_with_current_vm(|vm| {
        let size = vm.state.stacksize.load().max(DEFAULT_STACK);
        vm.state.stacksize.store(size + STACK_STEP);
        doorbell::set_stack_size(size + STACK_STEP);
    });
}

/// What std gives a thread, and so the VM (`std::thread::Builder::stack_size`).
const DEFAULT_STACK: usize = 2 << 20;
const STACK_STEP: usize = 64 << 10;
