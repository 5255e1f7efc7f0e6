//! A host: an interpreter, or several, and the threads that run jobs in them.

mod builder;
mod interpreters;
mod policy;
mod stats;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendError, Sender, TrySendError};
use parking_lot::{Condvar, Mutex};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::explain::{ImportReport, explain_with_policy};
use crate::job::{Callable, Job, JobCore, JobHandle, Queued, Session, Typed};
use crate::limits::watchdog::Watchdog;
use crate::limits::{Limits, StopReason};
use crate::output::Output;
pub use builder::HostBuilder;
use interpreters::Interpreters;
pub use policy::ImportPolicy;
use stats::Counters;
pub use stats::{HostStats, WorkerGil, WorkerStats};

/// What becomes of the jobs of a host that is shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Those in the queue never run, and those that run are stopped.
    Cancel,
    /// All run to their end. What has not after this time is cancelled.
    Drain(Duration),
}

/// A job that could not be given to a host, with the job.
#[derive(Debug, thiserror::Error)]
#[error("the queue of the host is full ({capacity} jobs); wait with `spawn`, or try again")]
pub struct QueueFull<T> {
    /// The job, to be tried again.
    pub job: Box<Job<T>>,
    /// How many jobs the queue holds.
    pub capacity: usize,
}

/// Runs Python on worker threads.
///
/// Ten lines to a first result:
///
/// ```
/// use togil::Host;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let host = Host::new()?;
///     let total: i64 = host.eval("sum(n * n for n in range(10))")?;
///     assert_eq!(total, 285);
///     Ok(())
/// }
/// ```
///
/// Workers are attached to one interpreter that they share, or each to its own
/// ([`HostBuilder::isolated`]). Dropping a host shuts it down as
/// [`HostBuilder::on_drop`] says, and always returns.
pub struct Host {
    inner: Arc<Inner>,
    policy: Option<ImportPolicy>,
    on_drop: Shutdown,
    interpreters: Option<Interpreters>,
    watchdog_thread: Option<JoinHandle<()>>,
}

/// What the threads of a host share.
pub(crate) struct Inner {
    /// `None` once the host shuts down.
    queue: Mutex<Option<Queues>>,
    capacity: usize,
    isolated: bool,
    limits: Limits,
    output: Output,
    inboxes: Vec<Inbox>,
    workers: Mutex<Vec<Slot>>,
    /// Workers that are not gone and not stuck.
    live: Mutex<usize>,
    gone: Condvar,
    watchdog: Arc<Watchdog>,
    counters: Counters,
    next_worker: AtomicUsize,
    /// Jobs that are over, and left threads that run on.
    leftovers: Mutex<Vec<Arc<JobCore>>>,
    /// Whether jobs in the queue are not to run any more.
    cancels_queued: AtomicBool,
}

type Work = Box<dyn Queued>;

/// The senders: one for whoever is free, one for each worker.
struct Queues {
    shared: Sender<Work>,
    own: Vec<Sender<Work>>,
}

/// One worker: what it runs and has done.
#[derive(Default)]
struct Slot {
    running: Option<Arc<JobCore>>,
    /// Which of the threads that have had this place; the others are stuck.
    generation: u64,
    /// How many jobs have ended.
    jobs: u64,
    gil: Option<WorkerGil>,
}

/// The receivers of one worker.
#[derive(Clone)]
struct Inbox {
    shared: Receiver<Work>,
    own: Receiver<Work>,
}

impl Host {
    /// A host with the defaults of [`HostBuilder`].
    ///
    /// # Errors
    /// See [`HostBuilder::build`].
    pub fn new() -> Result<Self, crate::HostError> {
        Self::builder().build()
    }

    /// Starts to configure a host.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Gives a job to the host. Waits while the queue is full; a thread that is attached to an
    /// interpreter detaches meanwhile.
    pub fn spawn<T: Send + 'static>(&self, job: Job<T>) -> JobHandle<T> {
        let (queue, queued, handle) = self.prepare(job);
        if let Some((queue, queued)) = offer(queue, queued)
            && let Err(SendError(queued)) = togil_interp::detached(|| queue.send(queued))
        {
            queued.core().close();
        }
        handle
    }

    /// Gives a job to the host, unless the queue is full.
    ///
    /// # Errors
    /// [`QueueFull`], with the job.
    pub fn try_spawn<T: Send + 'static>(&self, job: Job<T>) -> Result<JobHandle<T>, QueueFull<T>> {
        let (queue, queued, handle) = self.prepare(job);
        let Some((_, queued)) = offer(queue, queued) else { return Ok(handle) };
        match queued.into_any().downcast::<Typed<T>>() {
            Ok(typed) => {
                Err(QueueFull { job: Box::new(typed.into_job()), capacity: self.inner.capacity })
            }
            Err(_) => unreachable!("what comes back is what was sent"),
        }
    }

    /// What a job needs on its way to a worker; no queue if the host shuts down.
    fn prepare<T: Send + 'static>(
        &self,
        job: Job<T>,
    ) -> (Option<Sender<Work>>, Work, JobHandle<T>) {
        let queue = self.inner.queue_for(job.session_ref());
        let (queued, handle) = job.into_queued(&self.inner.limits, &self.inner.output);
        queued.core().belongs_to(&self.inner.watchdog);
        (queue, queued as Work, handle)
    }

    /// Runs a job and waits for its result.
    ///
    /// Called from a job of the same host it still needs a free worker: with one worker that is
    /// a deadlock, as with any pool.
    ///
    /// # Errors
    /// The job's own.
    pub fn run<T: Send + 'static>(&self, job: Job<T>) -> Result<T, Error> {
        self.spawn(job).join()
    }

    /// Evaluates an expression and waits for its value.
    ///
    /// # Errors
    /// The job's own.
    pub fn eval<T>(&self, expression: impl Into<String>) -> Result<T, Error>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.run(Job::eval(expression))
    }

    /// Runs statements and waits for their end.
    ///
    /// # Errors
    /// The job's own.
    pub fn exec(&self, source: impl Into<String>) -> Result<(), Error> {
        self.run(Job::exec(source))
    }

    /// Calls a function and waits for its result: `host.call("json:dumps", (value,))`.
    ///
    /// # Errors
    /// The job's own.
    pub fn call<T>(
        &self,
        function: impl Into<Callable>,
        args: impl Serialize + Send + 'static,
    ) -> Result<T, Error>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.run(Job::call(function, args))
    }

    /// Imports a module on a worker, and reports how that went; see
    /// [`explain_import()`](crate::explain_import()). What the import policy forbids is searched for, but not
    /// imported.
    ///
    /// ```
    /// # use togil::{Cause, Host, ImportPolicy};
    /// let host = Host::builder().import_policy(ImportPolicy::deny(["subprocess"])).build()?;
    /// let report = host.explain_import("subprocess")?;
    /// assert_eq!(report.cause, Some(Cause::Policy));
    /// println!("{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for any job. That the import fails is a report.
    pub fn explain_import(&self, name: impl Into<String>) -> Result<ImportReport, Error> {
        let (name, policy) = (name.into(), self.policy.clone());
        let job = Job::new(move |py| explain_with_policy(py, &name, policy.as_ref()));
        self.run(job.name("explain_import"))
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.inner.workers.lock().len()
    }

    /// What the host has done and is doing.
    pub fn stats(&self) -> HostStats {
        self.inner.stats()
    }

    /// Shuts the host down. Returns when it is: jobs that do not end for any request are given up.
    pub fn shutdown(mut self, how: Shutdown) {
        self.shut_down(how);
    }

    fn shut_down(&mut self, how: Shutdown) {
        let Some(interpreters) = self.interpreters.take() else { return };
        let inner = self.inner.clone();
        let watchdog = self.watchdog_thread.take();
        let finish = move || {
            inner.close(how);
            inner.watchdog.close();
            if let Some(thread) = watchdog {
                // It does not panic; if it did, there is nothing left to look after.
                let _ = thread.join();
            }
            interpreters.finish(inner.stuck() == 0, || inner.dismiss_leftovers());
        };
        if worker::is_worker_of(&self.inner) {
            // A job had the last reference. Its own thread cannot wait for itself.
            let thread = std::thread::Builder::new().name("togil-shutdown".into());
            if let Err(error) = thread.spawn(finish) {
                tracing::error!(%error, "a host that was dropped by its own job is not shut down");
            }
        } else {
            togil_interp::detached(finish);
        }
    }
}

/// Puts a job into the queue, or closes it if there is none any more. Gives both back if the queue
/// is full.
fn offer(queue: Option<Sender<Work>>, queued: Work) -> Option<(Sender<Work>, Work)> {
    let Some(queue) = queue else {
        queued.core().close();
        return None;
    };
    match queue.try_send(queued) {
        Ok(()) => None,
        Err(TrySendError::Full(queued)) => Some((queue, queued)),
        Err(TrySendError::Disconnected(queued)) => {
            queued.core().close();
            None
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shut_down(self.on_drop);
    }
}

impl Inner {
    fn queue_for(&self, session: Option<&Session>) -> Option<Sender<Work>> {
        let queue = self.queue.lock();
        let queues = queue.as_ref()?;
        match session.filter(|_| self.isolated) {
            None => Some(queues.shared.clone()),
            Some(session) => {
                let worker = session
                    .worker(|| self.next_worker.fetch_add(1, Ordering::Relaxed) % queues.own.len());
                queues.own.get(worker).cloned()
            }
        }
    }

    /// No new jobs, and no workers afterwards.
    fn close(&self, how: Shutdown) {
        let Some(queues) = self.queue.lock().take() else { return };
        drop(queues);
        if let Shutdown::Drain(at_most) = how
            && self.wait_for_workers(Instant::now().checked_add(at_most))
        {
            return;
        }
        self.cancels_queued.store(true, Ordering::Relaxed);
        // A worker may begin with its next job at any moment, so this looks until all are gone.
        loop {
            let running: Vec<_> =
                self.workers.lock().iter().filter_map(|slot| slot.running.clone()).collect();
            for job in running {
                job.stop(StopReason::Shutdown);
            }
            if self.wait_for_workers(Some(Instant::now() + Duration::from_millis(20))) {
                break;
            }
        }
        // What is left when the last worker was given up.
        for Inbox { shared, own } in &self.inboxes {
            shared.try_iter().chain(own.try_iter()).for_each(|work| {
                work.core().stop(StopReason::Shutdown);
            });
        }
    }

    fn dismiss_leftovers(&self) {
        self.leftovers.lock().iter().for_each(|job| job.dismiss());
    }

    fn wait_for_workers(&self, deadline: Option<Instant>) -> bool {
        let mut live = self.live.lock();
        while *live > 0 {
            match deadline {
                None => self.gone.wait(&mut live),
                Some(end) => {
                    if self.gone.wait_until(&mut live, end).timed_out() {
                        return *live == 0;
                    }
                }
            }
        }
        true
    }

    fn stuck(&self) -> u64 {
        self.counters.stuck.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("workers", &self.workers())
            .field("isolated", &self.inner.isolated)
            .finish_non_exhaustive()
    }
}
