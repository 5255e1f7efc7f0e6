//! Where a controlled thread waits for its turn.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

/// Belongs to one thread at a time. A call that comes before the thread sits down is not lost.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    called: AtomicBool,
    owner: OnceLock<Thread>,
}

impl Seat {
    /// Makes the calling thread the one that is called.
    pub(crate) fn sit(&self) {
        let _ = self.owner.set(thread::current());
        // A call may have found nobody to wake.
    }

    /// Calls the thread that sits here, or will.
    pub(crate) fn call(&self) {
        self.called.store(true, Ordering::Release);
        if let Some(owner) = self.owner.get() {
            owner.unpark();
        }
    }

    /// Waits to be called. The thread must be detached.
    pub(crate) fn wait(&self) {
        while !self.called.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}
