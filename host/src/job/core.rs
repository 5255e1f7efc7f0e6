//! The part of a job that does not depend on its type: where it is, and its stopping.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use togil_interp::stop::{StopState, Stopper};

use crate::error::Error;
use crate::limits::exceptions;
use crate::limits::watchdog::Watchdog;
use crate::limits::{Limits, StopReason, StopReport, StopStep};

/// A job as the queue, the watchdog and its handle see it.
pub(crate) struct JobCore {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) limits: Limits,
    made: Instant,
    state: Mutex<State>,
    /// Ends the wait of the handle with an error; `false` if it has a result.
    fail: Box<dyn Fn(Error) -> bool + Send + Sync>,
    /// Of the host that it was given to.
    watchdog: OnceLock<Weak<Watchdog>>,
}

struct State {
    phase: Phase,
    stop: Option<Stop>,
}

enum Phase {
    Waiting,
    Running { stopper: Stopper, worker: usize },
    Over,
}

/// A stop that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) reason: StopReason,
    pub(crate) at: Instant,
    in_call: bool,
}

impl Stop {
    fn report(self, step: StopStep) -> StopReport {
        StopReport { reason: self.reason, step, in_call: self.in_call, after: self.at.elapsed() }
    }
}

impl JobCore {
    pub(crate) fn new(
        name: String,
        limits: Limits,
        fail: Box<dyn Fn(Error) -> bool + Send + Sync>,
    ) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name,
            limits,
            made: Instant::now(),
            state: Mutex::new(State { phase: Phase::Waiting, stop: None }),
            fail,
            watchdog: OnceLock::new(),
        })
    }

    /// How long ago the job was given to a host.
    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// The job is in the queue of a host.
    pub(crate) fn belongs_to(&self, watchdog: &Arc<Watchdog>) {
        let _ = self.watchdog.set(Arc::downgrade(watchdog));
    }

    /// A worker begins with the job. `false` if the job is not wanted any more.
    pub(crate) fn start(&self, stopper: &Stopper, worker: usize) -> bool {
        let mut state = self.state.lock();
        let wanted = matches!(state.phase, Phase::Waiting);
        if wanted {
            state.phase = Phase::Running { stopper: stopper.clone(), worker };
        }
        wanted
    }

    /// The worker is done with the job; `last` is how far a stop had come then. Returns the report
    /// if the job was stopped.
    pub(crate) fn finish(&self, last: StopState) -> Option<StopReport> {
        let mut state = self.state.lock();
        state.phase = Phase::Over;
        let step = match last {
            StopState::Raised => StopStep::Exception,
            StopState::Insisted => StopStep::EveryInstruction,
            _ => return None,
        };
        state.stop.map(|stop| stop.report(step))
    }

    /// Stops the job, wherever it is. `false` if it is over, or being stopped already.
    pub(crate) fn stop(self: &Arc<Self>, reason: StopReason) -> bool {
        let mut state = self.state.lock();
        if state.stop.is_some() {
            return false;
        }
        let mut stop = Stop { reason, at: Instant::now(), in_call: false };
        match &state.phase {
            Phase::Over => false,
            Phase::Waiting => {
                state.phase = Phase::Over;
                state.stop = Some(stop);
                drop(state);
                (self.fail)(Error::Stopped(stop.report(StopStep::Unqueued)))
            }
            Phase::Running { stopper, .. } => {
                stop.in_call = !stopper.is_attached();
                let stopper = stopper.clone();
                state.stop = Some(stop);
                drop(state);
                let asked = stopper.ask(exceptions::maker(reason));
                if asked && let Some(watchdog) = self.watchdog.get().and_then(Weak::upgrade) {
                    watchdog.watch_stop(self.clone(), stop);
                }
                asked
            }
        }
    }

    /// Raises the exception at every instruction from now on.
    pub(crate) fn insist(&self) {
        if let Phase::Running { stopper, .. } = &self.state.lock().phase {
            stopper.insist();
        }
    }

    /// Gives the job up. Returns the worker that is stuck with it, unless the job is over.
    pub(crate) fn give_up(&self) -> Option<usize> {
        let (worker, report) = {
            let mut state = self.state.lock();
            let Phase::Running { stopper, worker } = &state.phase else { return None };
            stopper.give_up();
            let worker = *worker;
            let report = state.stop?.report(StopStep::GivenUp);
            state.phase = Phase::Over;
            (worker, report)
        };
        (self.fail)(Error::Stopped(report));
        Some(worker)
    }

    /// The job never ran, because its host is gone.
    pub(crate) fn close(&self) {
        self.state.lock().phase = Phase::Over;
        (self.fail)(Error::Closed);
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Over)
    }
}

impl fmt::Debug for JobCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobCore")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
