//! The threads that a job's scripts start belong to the job: they print where it prints, count
//! towards its limits, and are stopped with it. Those that are left when it ends run on.

use std::sync::Arc;

use togil_interp::stop::{self, Stopper};
use togil_interp::threads::{self, Companion};

use super::core::JobCore;
use super::recursion::RecursionLimit;
use crate::limits::{counted_memory, cpu::CpuClock};
use crate::output;

/// Sees to it that new threads join the crew of the job that starts them.
pub(crate) fn install() {
    threads::accompany(companion);
}

/// On the thread that starts one.
fn companion() -> Option<Companion> {
    let (sink, job) = output::current()?;
    let memory = counted_memory();
    Some(Box::new(move |py, run| {
        let _memory = memory.map(|memory| memory.adopt());
        let _depth = RecursionLimit::set(py, &job.limits);
        let ((), last) = stop::stoppable(py, |stopper| {
            let _member = Member::enlist(&job, stopper);
            output::with_sink(&sink, &job, run);
        });
        job.note_hit(last);
        if job.is_gone() {
            sink.finish();
        }
    }))
}

/// A thread of a crew, as its job sees it.
pub(super) struct Thread {
    number: u64,
    pub(super) stopper: Stopper,
    /// If its CPU time counts.
    pub(super) clock: Option<CpuClock>,
}

impl Thread {
    fn of_this_thread(job: &JobCore, stopper: &Stopper, number: u64) -> Self {
        let clock = job.limits.cpu_time.and_then(|_| CpuClock::of_this_thread());
        Self { number, stopper: stopper.clone(), clock }
    }
}

/// The calling thread's membership in a crew.
struct Member<'a> {
    job: &'a Arc<JobCore>,
    number: u64,
}

impl<'a> Member<'a> {
    fn enlist(job: &'a Arc<JobCore>, stopper: &Stopper) -> Self {
        let number = job.enlist(|number| Thread::of_this_thread(job, stopper, number));
        Self { job, number }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.job.discharge(|thread| thread.number == self.number);
    }
}
