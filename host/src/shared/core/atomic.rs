//! A number that threads count on, without a lock.

use super::sync::{AtomicI64, Ordering};

/// The result does not fit 64 bits. The number is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// A 64-bit signed integer. Every method is one atomic step, and orders what its thread did
/// before with what a thread does that sees the result.
#[derive(Debug)]
pub struct Counter(AtomicI64);

impl Counter {
    /// A counter that starts at `value`.
    pub fn new(value: i64) -> Self {
        Self(AtomicI64::new(value))
    }

    /// The value.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }

    /// Replaces the value and returns the one before.
    pub fn swap(&self, value: i64) -> i64 {
        self.0.swap(value, Ordering::AcqRel)
    }

    /// Adds `amount` and returns the sum.
    ///
    /// # Errors
    /// [`Overflow`], and nothing is added.
    pub fn add(&self, amount: i64) -> Result<i64, Overflow> {
        let mut old = self.get();
        loop {
            let new = old.checked_add(amount).ok_or(Overflow)?;
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(new),
                Err(seen) => old = seen,
            }
        }
    }

    /// Replaces the value by `new` if it is `expected`.
    ///
    /// # Errors
    /// The value that it is instead.
    pub fn compare_and_swap(&self, expected: i64, new: i64) -> Result<(), i64> {
        let swapped = self.0.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
        swapped.map(|_| ())
    }
}
