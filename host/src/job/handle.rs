//! Waiting for a job.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::core::JobCore;
use crate::error::Error;
use crate::limits::StopReason;
use crate::output::{Captured, Sink};
use crate::spin::spin;

/// Where a job's result is put and waited for.
pub(crate) struct Slot<T> {
    state: Mutex<SlotState<T>>,
    done: Condvar,
}

struct SlotState<T> {
    result: Outcome<T>,
    waker: Option<Waker>,
}

enum Outcome<T> {
    Pending,
    Ready(Result<T, Error>),
    Taken,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Arc<Self> {
        let state = SlotState { result: Outcome::Pending, waker: None };
        Arc::new(Self { state: Mutex::new(state), done: Condvar::new() })
    }

    /// The result, if there is one and nobody is just about to put it in.
    fn try_take(&self) -> Option<Result<T, Error>> {
        self.state.try_lock()?.take()
    }

    /// Puts the result in, unless there is one.
    pub(crate) fn complete(&self, result: Result<T, Error>) -> bool {
        let waker = {
            let mut state = self.state.lock();
            if !matches!(state.result, Outcome::Pending) {
                return false;
            }
            state.result = Outcome::Ready(result);
            state.waker.take()
        };
        self.done.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

impl<T> SlotState<T> {
    fn take(&mut self) -> Option<Result<T, Error>> {
        match std::mem::replace(&mut self.result, Outcome::Taken) {
            Outcome::Ready(result) => Some(result),
            other => {
                self.result = other;
                None
            }
        }
    }
}

/// A job that was given to a host. A [`Future`] of its result, under any executor; threads
/// [`join`](Self::join) it.
///
/// Dropping the handle lets the job run on; see [`cancel_on_drop`](Self::cancel_on_drop).
#[must_use = "a dropped handle lets the job run on, and its error is lost"]
pub struct JobHandle<T> {
    core: Arc<JobCore>,
    slot: Arc<Slot<T>>,
    sink: Arc<Sink>,
}

impl<T> JobHandle<T> {
    pub(crate) fn new(core: Arc<JobCore>, slot: Arc<Slot<T>>, sink: Arc<Sink>) -> Self {
        Self { core, slot, sink }
    }

    /// Waits for the result. A thread that is attached to an interpreter detaches meanwhile.
    ///
    /// # Errors
    /// The job's own [`Error`].
    pub fn join(self) -> Result<T, Error> {
        self.wait(None).unwrap_or(Err(Error::Closed))
    }

    /// Waits for the result, and gives with it what the job printed: nothing, unless its output is
    /// [captured](crate::Output::Capture).
    pub fn join_with_output(self) -> (Result<T, Error>, Captured) {
        let result = self.wait(None).unwrap_or(Err(Error::Closed));
        (result, self.output().unwrap_or_default())
    }

    /// The result, if the job is done. A result is given once.
    pub fn try_join(&mut self) -> Option<Result<T, Error>> {
        self.slot.state.lock().take()
    }

    /// Waits for the result, but not longer than `timeout`; the job runs on then, and the handle
    /// comes back.
    ///
    /// # Errors
    /// The handle, when the time is over.
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<T, Error>, Self> {
        let deadline = Instant::now().checked_add(timeout);
        self.wait(deadline).ok_or(self)
    }

    fn wait(&self, deadline: Option<Instant>) -> Option<Result<T, Error>> {
        if let Some(result) = self.slot.state.lock().take() {
            return Some(result);
        }
        togil_interp::detached(|| {
            if let Some(result) = spin(|| self.slot.try_take()) {
                return Some(result);
            }
            let mut state = self.slot.state.lock();
            loop {
                if let Some(result) = state.take() {
                    return Some(result);
                }
                if matches!(state.result, Outcome::Taken) {
                    return None;
                }
                match deadline {
                    None => self.slot.done.wait(&mut state),
                    Some(end) => {
                        if self.slot.done.wait_until(&mut state, end).timed_out() {
                            return state.take();
                        }
                    }
                }
            }
        })
    }

    /// Stops the job: see [`Limits`](crate::Limits) for how. Returns at once; the result then is
    /// [`Error::Stopped`], unless the job was faster. `false` if the job is over, or being
    /// stopped already.
    pub fn cancel(&self) -> bool {
        self.core.stop(StopReason::Cancelled)
    }

    /// Whether there is a result.
    pub fn is_finished(&self) -> bool {
        !matches!(self.slot.state.lock().result, Outcome::Pending)
    }

    /// The number of the job, unique in the process.
    pub fn id(&self) -> u64 {
        self.core.id
    }

    /// The name of the job.
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// What the job has printed so far, if its output is captured.
    pub fn output(&self) -> Option<Captured> {
        self.sink.captured()
    }

    /// Cancels the job when the handle is dropped: for a server whose client may go away.
    pub fn cancel_on_drop(self) -> CancelOnDrop<T> {
        CancelOnDrop(self)
    }

    fn poll_result(&mut self, context: &Context<'_>) -> Poll<Result<T, Error>> {
        let mut state = self.slot.state.lock();
        if let Some(result) = state.take() {
            return Poll::Ready(result);
        }
        assert!(!matches!(state.result, Outcome::Taken), "a JobHandle was polled after its result");
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            None => state.waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl<T> Future for JobHandle<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_result(context)
    }
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle")
            .field("id", &self.core.id)
            .field("name", &self.core.name)
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// A [`JobHandle`] that cancels its job when it is dropped. A future, too.
#[derive(Debug)]
#[must_use = "dropping it cancels the job"]
pub struct CancelOnDrop<T>(JobHandle<T>);

impl<T> Future for CancelOnDrop<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_result(context)
    }
}

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
