//! What a job may use, and how it is stopped when it takes more.

pub(crate) mod cpu;
pub(crate) mod exceptions;
mod memory;
mod report;
mod size;
pub(crate) mod watchdog;

use std::time::Duration;

pub use memory::CountingAllocator;
pub(crate) use memory::{ThreadMemory, counted_memory, thread_memory};
pub use report::{StopReason, StopReport, StopStep};
pub(crate) use size::exceeds;

/// What a job may use. Nothing is limited by default, and what is not limited costs nothing.
///
/// A job that exceeds a limit is stopped by the ladder: an exception that it may catch, time to
/// clean up ([`grace`](Self::grace)), the same exception at every instruction, and
/// if all that does not help ([`stuck_after`](Self::stuck_after)) the job is given up, its worker
/// replaced. [`StopReport`] says what it took.
///
/// The threads that a job's scripts start belong to the job: they count towards its limits, print
/// where it prints, and are stopped with it. Those that are left when it ends by itself run on,
/// until the host shuts down at the latest.
///
/// ```
/// use std::time::Duration;
/// use togil::Limits;
///
/// let limits = Limits::new().timeout(Duration::from_secs(2)).recursion_depth(200);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(crate) timeout: Option<Duration>,
    pub(crate) cpu_time: Option<Duration>,
    pub(crate) memory: Option<usize>,
    pub(crate) recursion_depth: Option<usize>,
    pub(crate) result_size: Option<usize>,
    pub(crate) output_size: Option<usize>,
    pub(crate) grace: Duration,
    pub(crate) stuck_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: None,
            cpu_time: None,
            memory: None,
            recursion_depth: None,
            result_size: None,
            output_size: None,
            grace: Duration::from_millis(250),
            stuck_after: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// No limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wall-clock time from the start of the job; time in the queue does not count.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// CPU time of the job, in its worker and in the threads that it starts.
    pub fn cpu_time(mut self, limit: Duration) -> Self {
        self.cpu_time = Some(limit);
        self
    }

    /// Bytes by which the job, with the threads that it starts, may make the heap grow. Needs [`CountingAllocator`] as the
    /// global allocator, and is a soft limit: a single large allocation succeeds first.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Depth of Python calls, as `sys.setrecursionlimit`; beyond it `RecursionError` is raised.
    pub fn recursion_depth(mut self, calls: usize) -> Self {
        self.recursion_depth = Some(calls);
        self
    }

    /// Bytes of the job's result, estimated before it is converted: 16 for every object, and
    /// the length of texts and bytes. A larger result is an error.
    pub fn result_size(mut self, bytes: usize) -> Self {
        self.result_size = Some(bytes);
        self
    }

    /// Bytes that the job may print. A job that prints more is stopped; what fitted is kept.
    pub fn output_size(mut self, bytes: usize) -> Self {
        self.output_size = Some(bytes);
        self
    }

    /// How long a job that was asked to stop may clean up before the exception comes at every
    /// instruction. 250 ms by default.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// How long after the grace period a job that is still there is given up. 2 s by default.
    pub fn stuck_after(mut self, time: Duration) -> Self {
        self.stuck_after = time;
        self
    }
}
