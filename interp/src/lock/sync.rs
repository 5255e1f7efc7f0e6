//! The only place that knows which primitives the lock protocol stands on: std's in a build
//! that runs Python, loom's under `--cfg togil_loom`.
//!
//! Not parking_lot's, because of `fork`: it queues the threads that wait in a table of the
//! process, by nodes in their thread-local storage. In the child those threads are gone, new
//! threads get their memory, and the queues are corrupt: two of five children that started
//! threads hung. std's primitives are futexes and keep no such table.
//!
//! Both halves have the same shape. Time-outs are the one thing loom cannot model, so
//! under loom a wait has none: a protocol that needs its time-out to make progress
//! hangs there, and loom reports the hang.

pub(crate) use imp::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering, SPIN_NS, fence, spin_hint};

#[cfg(not(togil_loom))]
mod imp {
    use std::sync::{OnceLock, PoisonError};
    use std::time::Duration;

    pub(crate) use std::sync::MutexGuard;
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

    /// How long a thread that expects the GIL at any moment looks for it before it
    /// parks, in nanoseconds. Parking and waking cost about this much, so a spin never
    /// costs more than twice what the best choice would have.
    pub(crate) const SPIN_NS: u64 = 40_000;

    /// One step of a spin. On a single processor the holder needs it more than we do.
    pub(crate) fn spin_hint() {
        static SINGLE: OnceLock<bool> = OnceLock::new();
        if *SINGLE.get_or_init(|| std::thread::available_parallelism().is_ok_and(|n| n.get() == 1))
        {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }

    /// `std::sync::Mutex` without poison: the protocol panics only where its caller broke a
    /// promise, and leaves a state that the others can go on with.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// `std::sync::Condvar` with the time-out as an option.
    #[derive(Debug, Default)]
    pub(crate) struct Condvar(std::sync::Condvar);

    impl Condvar {
        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            timeout_ns: Option<u64>,
        ) -> MutexGuard<'a, T> {
            match timeout_ns {
                Some(ns) => {
                    let timeout = Duration::from_nanos(ns);
                    self.0.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.0.wait(guard).unwrap_or_else(PoisonError::into_inner),
            }
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
    }
}

#[cfg(togil_loom)]
mod imp {
    pub(crate) use loom::sync::MutexGuard;
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

    pub(crate) const SPIN_NS: u64 = 0;

    pub(crate) fn spin_hint() {}

    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("no model panics while it holds the lock")
        }
    }

    #[derive(Debug)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Default for Condvar {
        fn default() -> Self {
            Self(loom::sync::Condvar::new())
        }
    }

    impl Condvar {
        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            _timeout_ns: Option<u64>,
        ) -> MutexGuard<'a, T> {
            self.0.wait(guard).expect("no model panics while it holds the lock")
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
    }
}
