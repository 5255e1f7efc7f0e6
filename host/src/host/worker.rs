//! The threads that run jobs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::select_biased;
use togil_interp::{Handle, Python};

use super::{Inbox, Inner, Slot, Work};
use crate::job::{Bench, Ending};
use crate::limits::StopReason;
use crate::spin::spin;
use crate::value::release_dropped;

thread_local! {
    /// The address of what the host shares; 0 for a thread that is no worker.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

/// Whether the calling thread is a worker of this host.
pub(super) fn is_worker_of(inner: &Arc<Inner>) -> bool {
    WORKS_FOR.get() == Arc::as_ptr(inner).addr()
}

/// One thread in the place of one worker.
pub(super) struct Worker {
    pub(super) inner: Arc<Inner>,
    pub(super) index: usize,
    pub(super) generation: u64,
}

impl Worker {
    /// Starts the thread. `handle` gives the interpreter that it attaches to.
    pub(super) fn start(
        self,
        handle: impl FnOnce() -> Option<Handle> + Send + 'static,
    ) -> std::io::Result<()> {
        let inner = self.inner.clone();
        *inner.live.lock() += 1;
        let thread = std::thread::Builder::new().name(format!("togil-worker-{}", self.index));
        let started = thread.spawn(move || {
            WORKS_FOR.set(Arc::as_ptr(&self.inner).addr());
            if let Some(handle) = handle() {
                handle.attach(|py| self.work(py));
            }
            self.leave();
        });
        if started.is_err() {
            *inner.live.lock() -= 1;
        }
        started.map(drop)
    }

    fn work(&self, py: Python<'_>) {
        if self.inner.stuck() > 0 && !self.inner.isolated {
            // A collection would wait for the thread that is stuck, and all others with it.
            py.vm().state.gc.disable();
        }
        while let Some(work) = py.detach(|| self.next()) {
            if self.inner.cancels_queued.load(Ordering::Relaxed) {
                work.core().stop(StopReason::Shutdown);
                continue;
            }
            self.run(py, work);
            release_dropped(py);
            if self.is_replaced() {
                // It came back after all.
                if self.inner.stuck() == 1 && !self.inner.isolated {
                    py.vm().state.gc.enable();
                }
                return;
            }
        }
        release_dropped(py);
    }

    /// The next job; `None` once the host shuts down and the queue is empty.
    fn next(&self) -> Option<Work> {
        let Inbox { shared, own } = &self.inner.inboxes[self.index];
        if let Some(work) = spin(|| own.try_recv().or_else(|_| shared.try_recv()).ok()) {
            return Some(work);
        }
        // Both end at the same time, so an end of one leaves the rest of the other.
        select_biased! {
            recv(own) -> work => work.or_else(|_| shared.recv()).ok(),
            recv(shared) -> work => work.or_else(|_| own.recv()).ok(),
        }
    }

    fn run(&self, py: Python<'_>, work: Work) {
        let core = work.core().clone();
        let span =
            tracing::debug_span!("job", id = core.id, name = %core.name, worker = self.index);
        let _entered = span.enter();
        let waited = u64::try_from(core.age().as_nanos()).unwrap_or(u64::MAX);
        self.inner.counters.queue_wait_ns.fetch_add(waited, Ordering::Relaxed);
        self.with_slot(|slot| slot.running = Some(core.clone()));
        let ended = |ending| {
            let gil = py.thread_stats().map(Into::into);
            // Not if the job was given up: then it was counted already. Under the lock, so that no
            // job is ever seen that neither runs nor has ended.
            self.with_slot(|slot| {
                slot.running = None;
                slot.jobs += 1;
                slot.gil = gil;
                self.inner.counters.count(ending);
            });
            tracing::debug!(?ending, "the job is over");
        };
        let bench = Bench { worker: self.index, watchdog: &self.inner.watchdog, ended: &ended };
        if !work.run(py, &bench) {
            self.with_slot(|slot| slot.running = None);
        }
        if core.has_crew() {
            let mut leftovers = self.inner.leftovers.lock();
            leftovers.retain(|job| !job.is_gone());
            leftovers.push(core);
        }
    }

    /// Changes what others see of this worker, unless it was replaced.
    fn with_slot(&self, change: impl FnOnce(&mut Slot)) {
        let mut workers = self.inner.workers.lock();
        let slot = &mut workers[self.index];
        if slot.generation == self.generation {
            change(slot);
        }
    }

    /// Whether this thread was stuck, and another has its place.
    fn is_replaced(&self) -> bool {
        self.inner.workers.lock()[self.index].generation != self.generation
    }

    fn leave(&self) {
        if self.is_replaced() {
            self.inner.counters.stuck.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        self.inner.one_is_gone();
    }
}

impl Inner {
    fn one_is_gone(&self) {
        *self.live.lock() -= 1;
        self.gone.notify_all();
    }

    /// The thread in a worker's place is stuck. Returns the generation of the one to come.
    pub(super) fn abandon(&self, index: usize) -> u64 {
        self.counters.stuck.fetch_add(1, Ordering::AcqRel);
        self.counters.restarts.fetch_add(1, Ordering::Relaxed);
        let generation = {
            let mut workers = self.workers.lock();
            let slot = &mut workers[index];
            slot.generation += 1;
            slot.running = None;
            slot.jobs += 1;
            self.counters.count(Ending::Stopped);
            slot.generation
        };
        self.one_is_gone();
        generation
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.lock().is_none()
    }
}
