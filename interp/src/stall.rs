//! Whether a thread sleeps while it holds the GIL.
//!
//! It should not: every call that blocks gives the GIL up. But the VM has locks that it holds
//! while it runs Python code (an attribute of a text file, `functools.lru_cache`), and
//! calls that block without saying so (`open` of a FIFO). A thread that sleeps there executes no
//! bytecode, so the GIL can be taken away from it; it notices at its next instruction.

use std::time::Duration;

use rustpython_vm::vm::thread::{ThreadState, current_thread_slot};

use crate::lock::Probe;

/// Between two looks: a thread that only passed through a short wait is awake at one of them.
const PAUSE: Duration = Duration::from_millis(1);

/// What says, from another thread, whether the calling one sleeps.
pub(crate) fn probe() -> Probe {
    // SAFETY: takes nothing and cannot fail.
    let tid = unsafe { libc::gettid() };
    let file = format!("/proc/self/task/{tid}/stat");
    Box::new(move || {
        if world_is_stopped() || !sleeps(&file) {
            return false;
        }
        std::thread::sleep(PAUSE);
        !world_is_stopped() && sleeps(&file)
    })
}

/// While a collection stops the world its requester waits with the GIL, and rightly so. It
/// has suspended whoever asks.
fn world_is_stopped() -> bool {
    current_thread_slot().is_some_and(|slot| {
        slot.state.load(std::sync::atomic::Ordering::Acquire) == ThreadState::Suspended as i32
    })
}

/// The state is the letter behind the name, which is in parentheses (proc(5)).
fn sleeps(file: &str) -> bool {
    std::fs::read_to_string(file)
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')))
}
