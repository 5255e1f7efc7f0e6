//! What a host has done and is doing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use togil_interp::lock::GilStats;

use super::{Inner, Slot};
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
    /// How long jobs have waited in the queue, all together.
    pub queue_wait: Duration,
    /// One for each worker, in the order of their numbers.
    pub per_worker: Vec<WorkerStats>,
}

/// What one worker has done and is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct WorkerStats {
    /// The name of the job that it runs.
    pub running: Option<String>,
    /// Jobs that it has ended.
    pub jobs: u64,
    /// Its part in the GIL, as of the end of its last job; `None` without a GIL.
    pub gil: Option<WorkerGil>,
}

/// A worker's part in the GIL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct WorkerGil {
    /// Time that it held the GIL.
    pub held: Duration,
    /// Time that it waited for it.
    pub waited: Duration,
    /// How often it had to wait.
    pub waits: u64,
    /// How often it was made to hand the GIL over.
    pub forced_switches: u64,
}

impl From<GilStats> for WorkerGil {
    fn from(stats: GilStats) -> Self {
        Self {
            held: Duration::from_nanos(stats.hold_ns),
            waited: Duration::from_nanos(stats.wait_ns),
            waits: stats.waits,
            forced_switches: stats.forced_switches,
        }
    }
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) finished: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) stopped: AtomicU64,
    pub(super) restarts: AtomicU64,
    pub(super) stuck: AtomicU64,
    pub(super) queue_wait_ns: AtomicU64,
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
        let per_worker: Vec<WorkerStats> = self.workers.lock().iter().map(Slot::stats).collect();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HostStats {
            workers: per_worker.len(),
            queued,
            running: per_worker.iter().filter(|worker| worker.running.is_some()).count(),
            finished: read(&self.counters.finished),
            failed: read(&self.counters.failed),
            stopped: read(&self.counters.stopped),
            restarts: read(&self.counters.restarts),
            stuck: read(&self.counters.stuck),
            queue_wait: Duration::from_nanos(read(&self.counters.queue_wait_ns)),
            per_worker,
        }
    }
}

impl Slot {
    fn stats(&self) -> WorkerStats {
        WorkerStats {
            running: self.running.as_ref().map(|job| job.name.clone()),
            jobs: self.jobs,
            gil: self.gil,
        }
    }
}
