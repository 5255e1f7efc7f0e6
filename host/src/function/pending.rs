//! A Rust future that Python awaits.
//!
//! It starts when it is awaited, or when a thread asks for its `result()`. Its end is written to a
//! socket that the event loop watches (`loop.add_reader`), so that the thread that drives the future
//! never needs the GIL, nor an interpreter that is still alive.

use std::future::Future;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use togil_interp::Python;
use togil_interp::vm::{PyObjectRef, PyResult};

use super::executor::Spawner;
use super::panics;
use super::support::support;
use crate::bundled;

/// What the future came to: makes the object, or the exception, when Python asks for it.
pub(crate) type Outcome = Box<dyn FnOnce(Python<'_>) -> PyResult + Send>;
pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

enum Stage {
    /// Nobody has asked for it.
    Idle,
    Running,
    Done(Outcome),
    /// Dropped before it was done.
    Dropped,
    /// Somebody has got the outcome.
    Taken,
}

struct State {
    stage: Stage,
    cancelled: bool,
    waker: Option<Waker>,
    /// Written to at the end.
    bell: Option<UnixStream>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Locked while the future is polled.
    work: Mutex<Option<Work>>,
}

/// What a call of an async host function returns.
pub(crate) struct Pending {
    shared: Arc<Shared>,
    spawner: Spawner,
    /// The end that the event loop watches.
    watched: Mutex<Option<UnixStream>>,
}

impl Pending {
    pub(crate) fn new(work: Work, spawner: Spawner) -> Self {
        let state = State { stage: Stage::Idle, cancelled: false, waker: None, bell: None };
        let shared = Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            work: Mutex::new(Some(work)),
        };
        Self { shared: Arc::new(shared), spawner, watched: Mutex::new(None) }
    }

    /// Starts the future. Returns the descriptor that becomes readable at its end.
    pub(crate) fn start(&self, py: Python<'_>) -> PyResult<i32> {
        let (bell, watched) =
            UnixStream::pair().map_err(|error| py.new_os_error(error.to_string()))?;
        let fd = watched.as_raw_fd();
        *self.watched.lock() = Some(watched);
        self.run(py, Some(bell))?;
        Ok(fd)
    }

    fn run(&self, py: Python<'_>, bell: Option<UnixStream>) -> PyResult<()> {
        {
            let mut state = self.shared.state.lock();
            if !matches!(state.stage, Stage::Idle) {
                return Err(py.new_runtime_error("cannot reuse an awaitable that was awaited"));
            }
            state.stage = Stage::Running;
            state.bell = bell;
        }
        let driver = Box::pin(Driver(self.shared.clone()));
        // A spawner is the embedder's code, and may even poll at once.
        py.detach(|| self.spawner.spawn(driver));
        Ok(())
    }

    /// The result, once it is there.
    pub(crate) fn take(&self, py: Python<'_>) -> PyResult {
        self.watched.lock().take();
        let stage = {
            let mut state = self.shared.state.lock();
            match state.stage {
                Stage::Done(_) | Stage::Dropped => {
                    std::mem::replace(&mut state.stage, Stage::Taken)
                }
                _ => return Err(py.new_runtime_error("the result is not there, or was taken")),
            }
        };
        match stage {
            Stage::Done(outcome) => outcome(py),
            _ => {
                let cancelled = py.import("asyncio", 0)?.get_attr("CancelledError", py.vm())?;
                let error = cancelled.call(("the Rust future was dropped",), py.vm())?;
                Err(error
                    .downcast()
                    .map_err(|_| py.new_type_error("CancelledError is no error"))?)
            }
        }
    }

    /// Waits for the result, from code that is not async.
    pub(crate) fn result(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult {
        /// How long a signal may have to wait for its handler.
        const SLICE: Duration = Duration::from_millis(20);
        self.run(py, None)?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let slice = deadline
                .map_or(SLICE, |end| SLICE.min(end.saturating_duration_since(Instant::now())));
            let running = py.detach(|| {
                let mut state = self.shared.state.lock();
                if matches!(state.stage, Stage::Running) {
                    self.shared.changed.wait_for(&mut state, slice);
                }
                matches!(state.stage, Stage::Running)
            });
            if !running {
                return self.take(py);
            }
            let late = deadline.is_some_and(|end| Instant::now() >= end);
            if let Err(error) = py.check_signals() {
                self.cancel(py);
                return Err(error);
            }
            if late {
                self.cancel(py);
                let class = py.ctx.exceptions.timeout_error.to_owned();
                return Err(py.new_exception_empty(class));
            }
        }
    }

    /// Drops the future: at once, or when it returns from the poll that it is in.
    pub(crate) fn cancel(&self, py: Python<'_>) {
        self.watched.lock().take();
        // Its destructors are the host's code.
        py.detach(|| self.shared.cancel());
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.shared.cancel();
    }
}

impl Shared {
    fn cancel(&self) {
        let waker = {
            let mut state = self.state.lock();
            if !matches!(state.stage, Stage::Idle | Stage::Running) {
                return;
            }
            state.stage = Stage::Dropped;
            state.cancelled = true;
            state.waker.take()
        };
        let work = self.work.try_lock().and_then(|mut work| work.take());
        drop(work);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn finish(&self, stage: Stage) {
        let mut state = self.state.lock();
        if matches!(state.stage, Stage::Running) {
            state.stage = stage;
        }
        state.waker = None;
        if let Some(mut bell) = state.bell.take() {
            // Whoever watched may be gone.
            let _ = bell.write_all(b"!");
        }
        self.changed.notify_all();
    }

    fn is_cancelled(&self) -> bool {
        self.state.lock().cancelled
    }
}

/// What the spawner gets.
struct Driver(Arc<Shared>);

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = &*self.0;
        shared.state.lock().waker = Some(context.waker().clone());
        let polled = {
            let mut work = shared.work.lock();
            let Some(running) = work.as_mut().filter(|_| !shared.is_cancelled()) else {
                return Poll::Ready(());
            };
            let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context)));
            if !matches!(polled, Ok(Poll::Pending)) {
                *work = None;
            }
            polled
        };
        match polled {
            Ok(Poll::Pending) if shared.is_cancelled() => {
                // `cancel` found it locked.
                let work = shared.work.lock().take();
                drop(work);
                Poll::Ready(())
            }
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => {
                shared.finish(Stage::Done(outcome));
                Poll::Ready(())
            }
            Err(panic) => {
                let text = panics::message(&*panic);
                shared.finish(Stage::Done(Box::new(move |py| {
                    let class = support(py)?.panic_exception.clone();
                    Err(py.new_exception_msg(class, text.into()))
                })));
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.finish(Stage::Dropped);
    }
}

/// What a coroutine does while it awaits. The future is dropped when the awaiting task is cancelled.
const WAIT: &str = "
def wait(pending):
    import asyncio
    loop = asyncio.get_running_loop()
    fd = pending._start()
    woken = loop.create_future()
    def wake():
        loop.remove_reader(fd)
        if not woken.done():
            woken.set_result(None)
    try:
        loop.add_reader(fd, wake)
        yield from woken
    except BaseException:
        loop.remove_reader(fd)
        pending._cancel()
        raise
    return pending._take()
";

/// The generator function behind `__await__`, compiled once in an interpreter.
pub(crate) fn wait_function(py: Python<'_>) -> PyResult<PyObjectRef> {
    let support = support(py)?;
    if let Some(wait) = support.wait.get() {
        return Ok(wait.clone());
    }
    let scope = bundled::run(py, WAIT, "<togil>", [])?;
    let wait = scope.globals.get_item("wait", py.vm())?;
    Ok(support.wait.get_or_init(|| wait).clone())
}
