//! Where a thread waits for its turn: threads that run one at a time call each other.

use super::sync::{Condvar, Mutex};

/// Belongs to one thread at a time. A call that comes before the thread waits is kept.
///
/// Who calls gives its turn away with the call: what it did before happens before what the called
/// thread does next.
#[derive(Debug)]
pub struct Seat {
    called: Mutex<bool>,
    wake: Condvar,
}

impl Default for Seat {
    fn default() -> Self {
        Self { called: Mutex::new(false), wake: Condvar::default() }
    }
}

impl Seat {
    /// Calls the thread that waits here, or will.
    pub fn call(&self) {
        *self.called.lock() = true;
        // Not under the lock: who is woken takes it at once.
        self.wake.notify_one();
    }

    /// Waits for a call, and takes it. The thread must be detached.
    pub fn wait(&self) {
        let mut called = self.called.lock();
        while !*called {
            called = self.wake.wait(called, None);
        }
        *called = false;
    }
}
