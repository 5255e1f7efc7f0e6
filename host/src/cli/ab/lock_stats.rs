//! The lock statistics that a togil binary writes to the file in TOGIL_STATS.

use serde::{Deserialize, Serialize};

/// What the locks of one process did. Fields that this version does not know are
/// passed over, so that it can read what a newer binary writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LockStats {
    /// Whether the process had a GIL.
    pub(super) gil_enabled: bool,
    /// What the GIL did; nothing without one.
    #[serde(default)]
    pub(super) gil: Option<GilStats>,
    /// The moments in which one thread had all others stopped.
    #[serde(default)]
    pub(super) stop_the_world: Option<StopStats>,
    /// What the garbage collector did.
    #[serde(default)]
    pub(super) gc: Option<GcStats>,
}

/// What the GIL did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct GilStats {
    /// How often a thread took it.
    pub(super) acquisitions: u64,
    /// How often a thread had to wait for it.
    pub(super) waits: u64,
    /// How long all threads together waited for it, in ns.
    pub(super) wait_ns: u64,
    /// The longest wait, in ns.
    pub(super) max_wait_ns: u64,
    /// How long it was held, in ns.
    pub(super) hold_ns: u64,
    /// How often a thread gave it up because another one wanted it.
    pub(super) forced_switches: u64,
    /// How often a thread gave it up because it did not need it, say to wait for I/O.
    pub(super) voluntary_releases: u64,
}

/// The stops of all threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StopStats {
    /// How many there were.
    pub(super) stops: u64,
    /// How long they took together, in ns.
    pub(super) total_ns: u64,
    /// The longest one, in ns.
    pub(super) max_ns: u64,
}

/// What the garbage collector did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct GcStats {
    /// How often it collected.
    pub(super) collections: u64,
    /// How many objects it freed.
    pub(super) collected: u64,
    /// How long that took, in ns.
    pub(super) duration_ns: u64,
}

impl GilStats {
    /// Of the time for which its threads wanted to run Python, the share (0 to 1)
    /// for which they waited for the GIL. Nothing if none ever wanted to.
    pub(super) fn wait_share(&self) -> Option<f64> {
        let (waited, held) = (self.wait_ns as f64, self.hold_ns as f64);
        (waited + held > 0.0).then(|| waited / (waited + held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> LockStats {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn with_the_gil() {
        let stats = read(
            r#"{"schema":1,"mode":"gil","gil_enabled":true,"new_field":[1],
                "gil":{"acquisitions":9,"waits":3,"wait_ns":300,"max_wait_ns":200,"hold_ns":100,
                       "forced_switches":2,"voluntary_releases":7,"new":null},
                "stop_the_world":{"stops":0,"total_ns":0,"max_ns":0},
                "gc":{"collections":2,"collected":3,"duration_ns":4}}"#,
        );
        assert!(stats.gil_enabled);
        assert_eq!(stats.gc, Some(GcStats { collections: 2, collected: 3, duration_ns: 4 }));
        let gil = stats.gil.unwrap();
        assert_eq!((gil.forced_switches, gil.voluntary_releases), (2, 7));
        assert_eq!(gil.wait_share(), Some(0.75));
    }

    #[test]
    fn without_the_gil() {
        let stats = read(
            r#"{"schema":1,"mode":"free-threaded","gil_enabled":false,"gil":null,
                "stop_the_world":{"stops":4,"total_ns":800,"max_ns":500}}"#,
        );
        assert_eq!(stats.gil, None);
        assert_eq!(stats.stop_the_world.map(|stop| stop.stops), Some(4));
    }
}
