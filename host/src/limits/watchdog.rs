//! The thread that looks after the limits of running jobs, and climbs the ladder when one has
//! to be stopped. It sleeps until the next thing is due; without limits it never wakes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::cpu::CpuClock;
use super::{Limits, StopReason, ThreadMemory, thread_memory};
use crate::job::{JobCore, Stop};

/// How often a job with a memory limit is looked at.
const MEMORY_PERIOD: Duration = Duration::from_millis(2);
/// Two looks at the CPU time of a job are never closer than this.
const CPU_PERIOD: Duration = Duration::from_millis(1);
/// Nor farther than this, because a job may start threads.
const CPU_AT_MOST: Duration = Duration::from_millis(10);

type OnGivenUp = dyn Fn(usize) + Send + Sync;

/// What the watchdog of one host looks after.
pub(crate) struct Watchdog {
    state: Mutex<State>,
    changed: Condvar,
    /// Replaces the worker that is stuck.
    on_given_up: OnceLock<Box<OnGivenUp>>,
}

#[derive(Default)]
struct State {
    watched: Vec<Watched>,
    closed: bool,
}

struct Watched {
    job: Arc<JobCore>,
    due: Instant,
    what: What,
}

/// What is looked at when it is due.
enum What {
    Timeout(Duration),
    Cpu {
        clock: CpuClock,
        end: Duration,
        limit: Duration,
    },
    Memory {
        count: ThreadMemory,
        end: isize,
        limit: usize,
    },
    /// The job was asked to stop, and has its grace.
    Grace,
    /// It was told at every instruction.
    Insisted,
}

enum Verdict {
    /// Nothing to look at any more.
    Done,
    LookAgain(Instant),
    Stop(StopReason),
    Insist,
    GiveUp,
}

impl Watchdog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            on_given_up: OnceLock::new(),
        })
    }

    /// Starts the thread.
    pub(crate) fn start(
        self: &Arc<Self>,
        on_given_up: Box<OnGivenUp>,
    ) -> std::io::Result<std::thread::JoinHandle<()>> {
        let _ = self.on_given_up.set(on_given_up);
        let watchdog = self.clone();
        let thread = std::thread::Builder::new().name("togil-watchdog".into());
        thread.spawn(move || watchdog.run())
    }

    /// Ends the thread. What is watched then is not looked after any more.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    /// The calling thread begins with a job: looks after its limits.
    pub(crate) fn watch_limits(&self, job: &Arc<JobCore>) {
        let Limits { timeout, cpu_time, memory, .. } = job.limits;
        if timeout.is_none() && cpu_time.is_none() && memory.is_none() {
            return;
        }
        let now = Instant::now();
        let mut found = Vec::with_capacity(3);
        if let Some(limit) = timeout
            && let Some(due) = now.checked_add(limit)
        {
            found.push((due, What::Timeout(limit)));
        }
        if let Some(limit) = cpu_time
            && let Some(clock) = CpuClock::of_this_thread()
            && let Some(used) = clock.now()
        {
            // A job of one thread has not used it up before it has had the time to, but it may start
            // others.
            let due = now + limit.min(CPU_AT_MOST);
            found.push((due, What::Cpu { clock, end: used + limit, limit }));
        }
        if let Some(limit) = memory
            && let Some(count) = thread_memory()
        {
            let end = count.bytes().saturating_add(isize::try_from(limit).unwrap_or(isize::MAX));
            found.push((now + MEMORY_PERIOD, What::Memory { count, end, limit }));
        }
        let found = found.into_iter().map(|(due, what)| Watched { job: job.clone(), due, what });
        self.state.lock().watched.extend(found);
        self.changed.notify_all();
    }

    /// A job was asked to stop: sees to it that it does.
    pub(crate) fn watch_stop(&self, job: Arc<JobCore>, stop: Stop) {
        let due = stop.at + job.limits.grace;
        self.state.lock().watched.push(Watched { job, due, what: What::Grace });
        self.changed.notify_all();
    }

    /// A job is over: its limits are not looked at any more, nor is a stop, unless there are
    /// threads left that it has not reached.
    pub(crate) fn forget(&self, job: &JobCore) {
        // Before our lock is taken: no lock is held while one waits for another.
        let crew = job.has_crew();
        self.state.lock().watched.retain(|watched| {
            let stop = matches!(watched.what, What::Grace | What::Insisted);
            watched.job.id != job.id || (stop && crew)
        });
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.closed {
            let now = Instant::now();
            let due: Vec<Watched> = state.watched.extract_if(.., |w| w.due <= now).collect();
            if due.is_empty() {
                match state.watched.iter().map(|watched| watched.due).min() {
                    Some(next) => drop(self.changed.wait_until(&mut state, next)),
                    None => self.changed.wait(&mut state),
                }
                continue;
            }
            // Without the lock: stopping a job takes the job's, and comes back here.
            parking_lot::MutexGuard::unlocked(&mut state, || {
                for watched in due {
                    self.look(watched, now);
                }
            });
        }
    }

    fn look(&self, mut watched: Watched, now: Instant) {
        let job = watched.job.clone();
        if job.is_gone() {
            return;
        }
        match watched.what.verdict(&job, now) {
            Verdict::Done => {}
            Verdict::LookAgain(due) => {
                watched.due = due;
                self.state.lock().watched.push(watched);
            }
            Verdict::Stop(reason) => {
                job.stop(reason);
            }
            Verdict::Insist => {
                job.insist();
                let due = now + job.limits.stuck_after;
                self.state.lock().watched.push(Watched { job, due, what: What::Insisted });
            }
            Verdict::GiveUp => {
                if let Some(worker) = job.give_up()
                    && let Some(on_given_up) = self.on_given_up.get()
                {
                    tracing::warn!(
                        job = job.id,
                        name = %job.name,
                        worker,
                        "a job is stuck in native code and was given up; garbage collection is \
                         off until it returns"
                    );
                    on_given_up(worker);
                }
            }
        }
    }
}

impl What {
    fn verdict(&self, job: &JobCore, now: Instant) -> Verdict {
        match *self {
            Self::Timeout(limit) => Verdict::Stop(StopReason::TimedOut(limit)),
            Self::Cpu { clock, end, limit } => {
                match clock.now().map(|used| used + job.crew_cpu()) {
                    None => Verdict::Done,
                    Some(used) if used >= end => Verdict::Stop(StopReason::CpuTime(limit)),
                    Some(used) => {
                        let left = (end - used).min(CPU_AT_MOST);
                        Verdict::LookAgain(now + left.max(CPU_PERIOD))
                    }
                }
            }
            Self::Memory { count, end, limit } => {
                if count.bytes() > end {
                    Verdict::Stop(StopReason::Memory(limit))
                } else {
                    Verdict::LookAgain(now + MEMORY_PERIOD)
                }
            }
            Self::Grace => Verdict::Insist,
            Self::Insisted => Verdict::GiveUp,
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").field("watched", &self.state.lock().watched.len()).finish()
    }
}
