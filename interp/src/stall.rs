//! Whether a thread sleeps while it holds the GIL.
//!
//! It should not: every call that blocks gives the GIL up. But the VM has locks that it holds
//! while it runs Python code (an attribute of a text file, `functools.lru_cache`), and
//! calls that block without saying so (`open` of a FIFO). A thread that sleeps there executes no
//! bytecode, so the GIL can be taken away from it; it notices at its next instruction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustpython_vm::vm::thread::{ThreadState, current_thread_slot};

use crate::lock::Probe;

/// Whether somebody has decided that a thread will not come back from native code. Its interpreter
/// could not collect garbage while it is there, but it executes no bytecode either.
#[derive(Clone, Default)]
pub(crate) struct GivenUp(Arc<AtomicBool>);

thread_local! {
    static GIVEN_UP: GivenUp = GivenUp::default();
}

impl GivenUp {
    pub(crate) fn of_this_thread() -> Self {
        // While the thread is torn down nobody gives it up any more.
        GIVEN_UP.try_with(Clone::clone).unwrap_or_default()
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, given_up: bool) {
        self.0.store(given_up, Ordering::Relaxed);
    }
}

/// Between two looks: a thread that only passed through a short wait is awake at one of them.
const PAUSE: Duration = Duration::from_millis(1);

/// What says, from another thread, whether the calling one sleeps.
pub(crate) fn probe() -> Probe {
    // SAFETY: takes nothing and cannot fail.
    let tid = unsafe { libc::gettid() };
    let file = format!("/proc/self/task/{tid}/stat");
    let given_up = GivenUp::of_this_thread();
    Box::new(move || {
        if given_up.get() {
            return true;
        }
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
    current_thread_slot()
        .is_some_and(|slot| slot.state.load(Ordering::Acquire) == ThreadState::Suspended as i32)
}

/// The state is the letter behind the name, which is in parentheses (proc(5)).
fn sleeps(file: &str) -> bool {
    std::fs::read_to_string(file)
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')))
}
