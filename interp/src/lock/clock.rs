//! Time as the lock protocol sees it.

/// A monotonic clock in nanoseconds. A model brings its own, so that a rule that
/// depends on time can be checked without waiting.
pub trait Clock: Send + Sync {
    /// Nanoseconds since some fixed point.
    fn now(&self) -> u64;
}

/// The system's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock {
    origin: std::time::Instant,
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }
}
