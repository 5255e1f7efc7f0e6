//! The import lock at the end of an interpreter. In this VM one lock serves the whole process.
//!
//! When an interpreter ends, the VM hangs its other threads where they next attach. One that had the
//! import lock then would keep it, and nobody in the process could import any more. Two rules keep
//! that from happening. An interpreter shuts its threads down while it has the lock itself
//! ([`shut_down_others`]). And a thread that comes to have the lock while it is detached looks whether
//! it has been shut down, and lets go ([`acquire`]); as the first rule holds, it cannot be shut
//! down between that look and its attach.

use std::sync::atomic::Ordering;

use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::vm::thread::{
    ThreadState, current_thread_slot, set_other_threads_shutting_down,
};
use rustpython_vm::{PyResult, VirtualMachine};

use crate::attach;
use crate::collector;
use crate::imports;
use crate::patch::{self, Original};

/// `_imp.acquire_lock`.
pub(crate) fn acquire(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    attach::without_gil(vm, || {
        // The original detaches while it waits, and attaches again with the lock taken. Inside of
        // this it does neither.
        vm.allow_threads(|| {
            let result = (original.func)(vm, args, callee);
            if is_shut_down() {
                release(vm);
            }
            result
        })
    })
}

fn is_shut_down() -> bool {
    let state = current_thread_slot().map(|slot| slot.state.load(Ordering::Acquire));
    state == Some(ThreadState::ShuttingDown as i32)
}

/// Gives the lock back once, if the calling thread has it. Returns whether it had.
pub(crate) fn release(vm: &VirtualMachine) -> bool {
    let Some(release) = patch::original("_imp", "release_lock") else { return false };
    (release.func)(vm, FuncArgs::default(), Callee::named("release_lock")).is_ok()
}

/// Shuts all other threads of this interpreter down: they do not come back from what they wait for,
/// nor from their next instruction. `close` does what is to be done for that besides.
pub(crate) fn shut_down_others(vm: &VirtualMachine, close: fn(&VirtualMachine)) {
    collector::exclusively(vm, move |vm| {
        let lock = patch::original("_imp", "acquire_lock");
        // It fails for nobody.
        let locked = lock.is_some_and(|lock| {
            acquire(lock, vm, FuncArgs::default(), Callee::named("acquire_lock")).is_ok()
        });
        close(vm);
        vm.state.stop_the_world.stop_the_world(&vm.state);
        set_other_threads_shutting_down(&vm.state);
        vm.state.stop_the_world.start_the_world(&vm.state);
        imports::abandon(vm);
        if locked {
            release(vm);
        }
    });
}
