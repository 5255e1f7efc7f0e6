//! The part of a job that does not depend on its type: where it is, and its stopping.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use togil_interp::stop::{StopState, Stopper};

use super::crew::Thread;
use crate::error::Error;
use crate::limits::cpu::CpuClock;
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
    /// Whether the exception comes at every instruction.
    insisted: bool,
    crew: Vec<Thread>,
    /// How many threads were ever in the crew.
    enlisted: u64,
    /// CPU time of those that have left it, if it counts.
    crew_cpu: Duration,
    /// By which step one of those was stopped.
    crew_hit: Option<StopStep>,
}

impl State {
    /// Those of everything that runs.
    fn stoppers(&self) -> Vec<Stopper> {
        let main = match &self.phase {
            Phase::Running { stopper, .. } => Some(stopper),
            _ => None,
        };
        main.into_iter().chain(self.crew.iter().map(|thread| &thread.stopper)).cloned().collect()
    }
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

/// The step by which a thread was hit that had come so far.
fn step(last: StopState) -> Option<StopStep> {
    match last {
        StopState::Raised => Some(StopStep::Exception),
        StopState::Insisted => Some(StopStep::EveryInstruction),
        _ => None,
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
            state: Mutex::new(State {
                phase: Phase::Waiting,
                stop: None,
                insisted: false,
                crew: Vec::new(),
                enlisted: 0,
                crew_cpu: Duration::ZERO,
                crew_hit: None,
            }),
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
    /// if the job was stopped, and whether the stop has hit the worker, too, not only threads that
    /// the job had started.
    pub(crate) fn finish(&self, last: StopState) -> Option<(StopReport, bool)> {
        let mut state = self.state.lock();
        state.phase = Phase::Over;
        let crew = state.crew.iter().filter_map(|thread| step(thread.stopper.state()));
        let crew = crew.chain(state.crew_hit).next();
        let hit = step(last).map(|step| (step, true)).or(crew.map(|step| (step, false)));
        let (step, worker_too) = hit?;
        state.stop.map(|stop| (stop.report(step), worker_too))
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
                state.stop = Some(stop);
                let stoppers = state.stoppers();
                drop(state);
                let mut asked = false;
                for stopper in stoppers {
                    asked |= stopper.ask(exceptions::maker(reason));
                }
                if asked && let Some(watchdog) = self.watchdog.get().and_then(Weak::upgrade) {
                    watchdog.watch_stop(self.clone(), stop);
                }
                asked
            }
        }
    }

    /// Raises the exception at every instruction from now on.
    pub(crate) fn insist(&self) {
        let mut state = self.state.lock();
        state.insisted = true;
        for stopper in state.stoppers() {
            stopper.insist();
        }
    }

    /// Stops the threads that are left when the job is over.
    pub(crate) fn dismiss(&self) {
        let mut state = self.state.lock();
        let stop = Stop { reason: StopReason::Shutdown, at: Instant::now(), in_call: false };
        let reason = state.stop.get_or_insert(stop).reason;
        state.insisted = true;
        for stopper in state.stoppers() {
            stopper.ask(exceptions::maker(reason));
            stopper.insist();
        }
    }

    /// A thread joins the crew, with what is to be done to all of it.
    pub(super) fn enlist(&self, thread: impl FnOnce(u64) -> Thread) -> u64 {
        let mut state = self.state.lock();
        state.enlisted += 1;
        let (number, insisted) = (state.enlisted, state.insisted);
        let thread = thread(number);
        let stopper = thread.stopper.clone();
        state.crew.push(thread);
        if let Some(stop) = state.stop {
            let over = matches!(state.phase, Phase::Over);
            drop(state);
            stopper.ask(exceptions::maker(stop.reason));
            if insisted || over {
                stopper.insist();
            }
        }
        number
    }

    /// A thread leaves the crew.
    pub(super) fn discharge(&self, is_it: impl Fn(&Thread) -> bool) {
        let mut state = self.state.lock();
        let State { crew, crew_cpu, .. } = &mut *state;
        crew.retain(|thread| {
            let leaves = is_it(thread);
            if leaves {
                *crew_cpu += thread.clock.and_then(CpuClock::now).unwrap_or_default();
            }
            !leaves
        });
    }

    /// A thread of the crew is done; `last` is how far a stop had come then.
    pub(super) fn note_hit(&self, last: StopState) {
        if let Some(step) = step(last) {
            self.state.lock().crew_hit = Some(step);
        }
    }

    /// CPU time of all the threads that the job has started.
    pub(crate) fn crew_cpu(&self) -> Duration {
        let state = self.state.lock();
        let running = state.crew.iter().filter_map(|thread| thread.clock?.now());
        state.crew_cpu + running.sum::<Duration>()
    }

    pub(crate) fn has_crew(&self) -> bool {
        !self.state.lock().crew.is_empty()
    }

    /// Gives the job up. Returns the worker that is stuck with it, unless the job is over.
    pub(crate) fn give_up(&self) -> Option<usize> {
        let (worker, report) = {
            let mut state = self.state.lock();
            state.stoppers().iter().for_each(Stopper::give_up);
            let Phase::Running { worker, .. } = &state.phase else { return None };
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

    /// Whether the job is over and has left no threads.
    pub(crate) fn is_gone(&self) -> bool {
        let state = self.state.lock();
        matches!(state.phase, Phase::Over) && state.crew.is_empty()
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
