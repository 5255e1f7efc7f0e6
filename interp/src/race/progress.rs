//! How far the threads under control have come, for whoever looks whether they still move.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{SiteId, ThreadId};

/// Steps of the process so far, and of the last one the thread and, below it, the site. Not read
/// together: who looks compares two looks that are seconds apart.
static STEPS: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);

/// A look at the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many steps were done in this process.
    pub steps: u64,
    /// Who did the last one, and so runs.
    pub thread: ThreadId,
    /// Where.
    pub site: SiteId,
}

/// How far the threads have come.
pub fn progress() -> Progress {
    let last = LAST.load(Ordering::Relaxed);
    let (thread, site) = (ThreadId((last >> 32) as u32), SiteId(last as u32));
    Progress { steps: STEPS.load(Ordering::Relaxed), thread, site }
}

/// A thread does a step.
pub(super) fn stepped(thread: ThreadId, site: SiteId) {
    LAST.store(u64::from(thread.0) << 32 | u64::from(site.0), Ordering::Relaxed);
    // One thread runs at a time.
    STEPS.store(STEPS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
