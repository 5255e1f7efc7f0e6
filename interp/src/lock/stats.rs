//! What the GIL counts about itself.

use std::ops::AddAssign;

/// What one thread, or all of them together, did with the GIL. Always on: the counters
/// are kept under the lock that a switch takes anyway.
///
/// Times are in nanoseconds. A waiter's time starts when it joins a queue and ends when
/// it holds the GIL; an acquisition that found the GIL free has no wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GilStats {
    /// Times the GIL was taken.
    pub acquisitions: u64,
    /// Acquisitions that had to wait.
    pub waits: u64,
    /// Time spent waiting.
    pub wait_ns: u64,
    /// The longest single wait.
    pub max_wait_ns: u64,
    /// Time spent holding, up to the last release.
    pub hold_ns: u64,
    /// Times the GIL was given up because another thread asked for it.
    pub forced_switches: u64,
    /// Times the GIL was taken away from a thread that slept while it held it.
    pub evictions: u64,
    /// Times the GIL was given up around a call that may block, or for good.
    pub voluntary_releases: u64,
}

impl AddAssign for GilStats {
    fn add_assign(&mut self, other: Self) {
        self.acquisitions += other.acquisitions;
        self.waits += other.waits;
        self.wait_ns += other.wait_ns;
        self.max_wait_ns = self.max_wait_ns.max(other.max_wait_ns);
        self.hold_ns += other.hold_ns;
        self.forced_switches += other.forced_switches;
        self.evictions += other.evictions;
        self.voluntary_releases += other.voluntary_releases;
    }
}
