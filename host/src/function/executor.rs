//! What drives futures: a thread of ours, or whatever the embedder has.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};

use crossbeam_channel::{Sender, unbounded};
use parking_lot::Mutex;

/// A future as a [`Spawner`] gets it.
pub type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Drives the futures of host functions: `Spawner::new(move |future| drop(runtime.spawn(future)))`
/// for tokio. A future that needs its runtime (a timer, a socket of tokio's) needs a spawner of it.
///
/// One that is dropped before it is done, because its runtime ends, is an
/// `asyncio.CancelledError` for whoever awaits it.
#[derive(Clone)]
pub struct Spawner(Arc<dyn Fn(BoxFuture) + Send + Sync>);

impl Spawner {
    /// A spawner. The function must not block.
    pub fn new(spawn: impl Fn(BoxFuture) + Send + Sync + 'static) -> Self {
        Self(Arc::new(spawn))
    }

    pub(super) fn spawn(&self, future: BoxFuture) {
        (self.0)(future);
    }
}

impl Default for Spawner {
    /// One thread for the process, started with the first future. A future that computes for long
    /// holds up all others on it.
    fn default() -> Self {
        Self::new(|future| {
            let queue = queue();
            let task = Task { future: Mutex::new(Some(future)), queue: queue.clone() };
            // Fails only if the thread cannot be started; the dropped future then says so.
            let _ = queue.send(Arc::new(task));
        })
    }
}

impl std::fmt::Debug for Spawner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spawner")
    }
}

struct Task {
    future: Mutex<Option<BoxFuture>>,
    queue: Sender<Arc<Task>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let _ = self.queue.clone().send(self);
    }
}

/// The thread's queue. In the child of a fork the thread is gone, and another one is started.
fn queue() -> Sender<Arc<Task>> {
    type Queue = Mutex<Option<(u32, Sender<Arc<Task>>)>>;
    static QUEUE: LazyLock<Queue> = LazyLock::new(Mutex::default);
    let mut queue = QUEUE.lock();
    let process = std::process::id();
    match &*queue {
        Some((of, sender)) if *of == process => sender.clone(),
        _ => {
            let (sender, receiver) = unbounded::<Arc<Task>>();
            let run = move || {
                while let Ok(task) = receiver.recv() {
                    poll(&task);
                }
            };
            // Without the thread the receiver is gone, and so is every future sent to it.
            let _ = std::thread::Builder::new().name("togil-async".into()).spawn(run);
            *queue = Some((process, sender.clone()));
            sender
        }
    }
}

fn poll(task: &Arc<Task>) {
    let waker = Waker::from(task.clone());
    let mut future = task.future.lock();
    if let Some(running) = future.as_mut() {
        let mut context = Context::from_waker(&waker);
        let poll = AssertUnwindSafe(|| running.as_mut().poll(&mut context));
        // A panic that got here ends the future, not the thread.
        if !matches!(catch_unwind(poll), Ok(Poll::Pending)) {
            *future = None;
        }
    }
}
