//! The CPU time of another thread.

use std::time::Duration;

/// The clock of one thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuClock(libc::clockid_t);

impl CpuClock {
    /// The calling thread's.
    pub(crate) fn of_this_thread() -> Option<Self> {
        let mut clock = 0;
        // SAFETY: takes nothing and cannot fail.
        let thread = unsafe { libc::pthread_self() };
        // SAFETY: the calling thread exists, and `clock` is a live local.
        let error = unsafe { libc::pthread_getcpuclockid(thread, &raw mut clock) };
        (error == 0).then_some(Self(clock))
    }

    /// CPU time that the thread has used; `None` once it has ended.
    pub(crate) fn now(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a live local; an id of a thread that is gone is an error.
        let error = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        (error == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }
}
