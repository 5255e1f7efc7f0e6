//! Letting one thread wait until others say that something changed.

use std::fmt;
use std::time::Duration;

/// Lets one thread wait until others say that something changed.
///
/// Belongs to the thread that made it. Says nothing about what changed: the waiter looks again.
pub struct Event(imp::Event);

impl Event {
    /// An event for the calling thread, not set.
    pub fn new() -> Self {
        Self(imp::Event::new())
    }

    /// Waits until the event is set, at most as long as `limit`, and clears it. Returns whether
    /// it was set. Under loom, which knows no time, there is no limit.
    ///
    /// To be called by the thread that made the event, and detached.
    pub fn wait(&self, limit: Option<Duration>) -> bool {
        self.0.wait(limit)
    }

    /// Says that something changed.
    pub fn set(&self) {
        self.0.set();
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event")
    }
}

#[cfg(not(togil_loom))]
mod imp {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::Thread;
    use std::time::{Duration, Instant};

    /// A flag and the thread to wake, no lock: a fork must not find one held by a thread
    /// that is detached and so cannot be stopped.
    pub(super) struct Event {
        set: AtomicBool,
        owner: Thread,
    }

    impl Event {
        pub(super) fn new() -> Self {
            Self { set: AtomicBool::new(false), owner: std::thread::current() }
        }

        pub(super) fn wait(&self, limit: Option<Duration>) -> bool {
            let end = limit.and_then(|limit| Instant::now().checked_add(limit));
            while !self.set.swap(false, Ordering::Acquire) {
                match end.map(|end| end.saturating_duration_since(Instant::now())) {
                    Some(Duration::ZERO) => return false,
                    Some(left) => std::thread::park_timeout(left),
                    None => std::thread::park(),
                }
            }
            true
        }

        pub(super) fn set(&self) {
            self.set.store(true, Ordering::Release);
            self.owner.unpark();
        }
    }
}

#[cfg(togil_loom)]
mod imp {
    use std::time::Duration;

    /// A lock and a condition: loom's `unpark` also wakes a thread that waits for a mutex, and
    /// then takes that for a fault.
    pub(super) struct Event {
        set: loom::sync::Mutex<bool>,
        changed: loom::sync::Condvar,
    }

    impl Event {
        pub(super) fn new() -> Self {
            Self { set: loom::sync::Mutex::new(false), changed: loom::sync::Condvar::new() }
        }

        pub(super) fn wait(&self, _limit: Option<Duration>) -> bool {
            let mut set = self.set.lock().expect("no model panics while it holds the lock");
            while !*set {
                set = self.changed.wait(set).expect("no model panics while it holds the lock");
            }
            *set = false;
            true
        }

        pub(super) fn set(&self) {
            *self.set.lock().expect("no model panics while it holds the lock") = true;
            self.changed.notify_one();
        }
    }
}
