//! Forks: the child has one thread, and our locks must be as if it always had.
//!
//! Hooked with `pthread_atfork`, because the VM's own hooks do not run for
//! `_posixsubprocess.fork_exec` with a `preexec_fn`.

use std::cell::RefCell;
use std::sync::Once;

use crate::attach;
use crate::blocking::owner;
use crate::lock::{ForkGuard, MonotonicClock};
use crate::{doorbell, signals};

/// What is held between the hooks of one fork.
struct Held {
    gil: Option<ForkGuard<'static, MonotonicClock>>,
    owners: owner::Guard,
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
    let owners = owner::prepare_fork();
    let held = Held { gil: attach::prepare_fork(), owners };
    let _ = HELD.try_with(|cell| cell.replace(Some(held)));
}

extern "C" fn parent() {
    let _ = HELD.try_with(|cell| cell.take());
}

extern "C" fn child() {
    let Ok(Some(held)) = HELD.try_with(|cell| cell.take()) else { return };
    owner::after_fork_in_child(held.owners);
    if let Some(gil) = held.gil {
        attach::after_fork_in_child(gil);
    }
    signals::after_fork_in_child();
    doorbell::after_fork_in_child();
}
