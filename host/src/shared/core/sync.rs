//! What the shared types stand on: std's primitives in a build that runs Python, loom's under
//! `--cfg togil_loom`.
//!
//! Not parking_lot's, for the reason that `togil-interp`'s `lock::sync` tells: in the child of a
//! fork its table of waiting threads is corrupt.

pub(super) use imp::{Arc, AtomicI64, Mutex, Ordering};

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

    pub(super) fn set(&self) {
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
    use std::sync::atomic::AtomicBool;
    use std::sync::{MutexGuard, PoisonError};
    use std::thread::Thread;
    use std::time::{Duration, Instant};

    pub(in super::super) use std::sync::Arc;
    pub(in super::super) use std::sync::atomic::{AtomicI64, Ordering};

    /// `std::sync::Mutex` without poison: what it guards is whole after every statement.
    #[derive(Debug)]
    pub(in super::super) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in super::super) fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(in super::super) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

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

    use loom::sync::MutexGuard;

    pub(in super::super) use loom::sync::Arc;
    pub(in super::super) use loom::sync::atomic::{AtomicI64, Ordering};

    #[derive(Debug)]
    pub(in super::super) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in super::super) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(in super::super) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("no model panics while it holds the lock")
        }
    }

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
