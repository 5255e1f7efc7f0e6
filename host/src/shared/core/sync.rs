//! What the shared types stand on: std's primitives in a build that runs Python, loom's under
//! `--cfg togil_loom`.
//!
//! Not parking_lot's, for the reason that `togil-interp`'s `lock::sync` tells: in the child of a
//! fork its table of waiting threads is corrupt.

pub(super) use imp::{Arc, AtomicI64, Mutex, Ordering};
pub use togil_interp::lock::Event;

#[cfg(not(togil_loom))]
mod imp {
    use std::sync::{MutexGuard, PoisonError};

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
}

#[cfg(togil_loom)]
mod imp {
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
}
