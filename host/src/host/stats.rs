//! What a host has done and is doing.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Inner;
use crate::job::Ending;

/// A snapshot of a host's counters.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct HostStats {
    /// Worker threads that take jobs.
    pub workers: usize,
    /// Jobs that wait for a worker.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that gave a value.
    pub finished: u64,
    /// Jobs that ended with an error of their own.
    pub failed: u64,
    /// Jobs that were stopped while they ran.
    pub stopped: u64,
    /// Workers that were replaced because their job could not be stopped.
    pub restarts: u64,
    /// Of those, the ones whose thread has still not returned.
    pub stuck: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) finished: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) stopped: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) stuck: AtomicU64,
    /// 1 once jobs in the queue are not to run any more.
    pub(super) cancel_queued: AtomicU64,
}

impl Counters {
    pub(super) fn count(&self, ending: Ending) {
        let counter = match ending {
            Ending::Finished => &self.finished,
            Ending::Failed => &self.failed,
            Ending::Stopped => &self.stopped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Inner {
    pub(super) fn stats(&self) -> HostStats {
        let queued = self.queue.lock().as_ref().map_or(0, |queues| {
            queues.shared.len() + queues.own.iter().map(|queue| queue.len()).sum::<usize>()
        });
        let (workers, running) = {
            let workers = self.workers.lock();
            (workers.len(), workers.iter().filter(|slot| slot.running.is_some()).count())
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HostStats {
            workers,
            queued,
            running,
            finished: read(&self.counters.finished),
            failed: read(&self.counters.failed),
            stopped: read(&self.counters.stopped),
            restarts: read(&self.counters.restarts),
            stuck: read(&self.counters.stuck),
        }
    }
}
