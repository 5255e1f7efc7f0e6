//! A look before a thread sleeps. To wake a thread takes the system longer (tens of microseconds
//! on a virtual machine) than a small job takes, so whoever expects something soon looks for it a
//! while first, and lets others run in between.

use std::thread;
use std::time::{Duration, Instant};

/// For how long a thread looks: about what it would cost to sleep and be woken.
const PATIENCE: Duration = Duration::from_micros(30);

/// Calls `look` for a short time, until it finds something. Not to be called by a thread that is
/// attached.
pub(crate) fn spin<R>(mut look: impl FnMut() -> Option<R>) -> Option<R> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() >= PATIENCE {
            return found;
        }
        thread::yield_now();
    }
}
