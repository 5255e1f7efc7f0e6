//! Stopping what a thread runs: an exception that somebody else raises in it, at its next
//! safepoint or out of the call that it sits in.
//!
//! The protocol is [`StopCell`]. Here is what goes around it: the thread's end of it, and how a
//! thread is made to look. The `doorbell` rings and kicks until it has looked.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::{CurrentFrameSlot, ThreadState, current_thread_slot};
use rustpython_vm::{PyResult, VirtualMachine};

pub use crate::lock::StopState;
use crate::lock::{StopCell, StopRequest};
use crate::python::Python;
use crate::safepoint::SIGNUM;
use crate::stall::GivenUp;
use crate::{doorbell, import_lock, safepoint, switch_point};

/// How many cells have something for their thread to raise.
static PENDING: AtomicU64 = AtomicU64::new(0);
/// Everything that can be stopped, for the doorbell.
static TARGETS: Mutex<Vec<Weak<Target>>> = Mutex::new(Vec::new());

/// Makes the exception that stops a job, on the thread of the job.
pub type MakeException = Arc<dyn Fn(&VirtualMachine) -> PyBaseExceptionRef + Send + Sync>;

struct Target {
    cell: StopCell<&'static AtomicU64>,
    /// What to raise, and for which job.
    exception: Mutex<Option<(u64, MakeException)>>,
    /// `None` once the thread has ended. Locked while it is kicked, so that it cannot end then.
    thread: Mutex<Option<libc::pthread_t>>,
    /// Tells whether the thread runs Python or sits in a call.
    slot: Option<CurrentFrameSlot>,
    given_up: GivenUp,
}

impl Target {
    fn of_this_thread() -> Arc<Self> {
        // SAFETY: takes nothing and cannot fail.
        let thread = unsafe { libc::pthread_self() };
        let target = Arc::new(Self {
            cell: StopCell::new(&PENDING),
            exception: Mutex::new(None),
            thread: Mutex::new(Some(thread)),
            slot: current_thread_slot(),
            given_up: GivenUp::of_this_thread(),
        });
        let mut targets = TARGETS.lock();
        targets.retain(|target| target.strong_count() > 0);
        targets.push(Arc::downgrade(&target));
        target
    }

    /// Interrupts the system call that the thread sits in, if it does.
    fn kick(&self) {
        let thread = self.thread.lock();
        if let Some(thread) = *thread
            && self.slot.as_ref().is_none_or(|slot| is_in(slot, ThreadState::Detached))
        {
            // SAFETY: the thread clears the field, under this lock, before it ends.
            unsafe { libc::pthread_kill(thread, SIGNUM) };
        }
    }

    fn exception(&self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let make = self.exception.lock().as_ref().map(|(_, make)| make.clone());
        // It is set before the request that brought us here.
        make.map_or_else(|| vm.new_runtime_error("stopped"), |make| make(vm))
    }
}

fn is_in(slot: &CurrentFrameSlot, state: ThreadState) -> bool {
    slot.state.load(Ordering::Relaxed) == state as i32
}

/// This thread's targets: the first is kept for the next job, the others are of jobs that
/// run inside another.
#[derive(Default)]
struct Me {
    targets: Vec<Arc<Target>>,
    running: usize,
}

impl Drop for Me {
    fn drop(&mut self) {
        for target in &self.targets {
            *target.thread.lock() = None;
        }
    }
}

thread_local! {
    static ME: RefCell<Me> = RefCell::default();
}

/// Runs `f` as a job that can be stopped from other threads, by the [`Stopper`] that it is given.
/// Returns how far a stop had come when `f` returned: after that the job cannot be hit any more.
///
/// A stop arrives as an exception that nothing in `f` raised. Threads that `f` starts are stopped by
/// their own [`Stopper`]s: [`accompany`](crate::threads::accompany) is where they get them.
pub fn stoppable<R>(py: Python<'_>, f: impl FnOnce(&Stopper) -> R) -> (R, StopState) {
    /// Ends the job, after a panic too.
    struct Job(Stopper);
    impl Job {
        fn end(&self) -> StopState {
            ME.with_borrow_mut(|me| me.running -= 1);
            let last = self.0.target.cell.end();
            self.0.target.given_up.set(false);
            *self.0.target.exception.lock() = None;
            last
        }
    }
    impl Drop for Job {
        fn drop(&mut self) {
            self.end();
        }
    }
    doorbell::start();
    let target = ME.with_borrow_mut(|me| {
        if me.targets.len() == me.running {
            me.targets.push(Target::of_this_thread());
        }
        me.running += 1;
        me.targets[me.running - 1].clone()
    });
    let job = Job(Stopper { job: target.cell.begin(), target });
    let result = f(&job.0);
    let last = job.end();
    std::mem::forget(job);
    if last != StopState::Running {
        // The stop may have hit native code just as it had taken the lock; this thread imports nothing.
        while import_lock::release(py.vm()) {}
    }
    (result, last)
}

/// Stops one job of one thread, from any thread, any number of times. Harmless once the
/// job is over: what the thread runs next is never hit.
#[derive(Clone)]
pub struct Stopper {
    target: Arc<Target>,
    job: u64,
}

impl Stopper {
    /// Raises an exception in the job, once: at its next instruction, out of the lock, queue or
    /// join that it waits for, or out of the system call that it sits in. `false` if the job is
    /// over, or was asked before.
    pub fn ask(&self, exception: MakeException) -> bool {
        {
            let mut slot = self.target.exception.lock();
            if slot.as_ref().is_some_and(|(job, _)| *job >= self.job) {
                return false;
            }
            *slot = Some((self.job, exception));
        }
        let asked = self.target.cell.ask(self.job);
        if asked {
            self.remind();
        }
        asked
    }

    /// Raises the exception of [`ask`](Self::ask) at every instruction until the job is over, which
    /// beats `except BaseException` in a loop. `false` if the job is over or was never asked.
    pub fn insist(&self) -> bool {
        let told = self.target.cell.insist(self.job);
        if told {
            self.remind();
        }
        told
    }

    /// Counts the thread out: it is in native code that does not return. Others may have the GIL
    /// then, if the thread holds it, and its interpreter's garbage is not collected until the
    /// job is over: a collection would wait for the thread.
    pub fn give_up(&self) {
        self.target.given_up.set(true);
    }

    /// How far the stop has come; [`StopState::Idle`] once the job is over.
    pub fn state(&self) -> StopState {
        self.target.cell.state(self.job)
    }

    /// Whether the thread runs Python, rather than sitting in a call that detached it.
    pub fn is_attached(&self) -> bool {
        self.target.slot.as_ref().is_some_and(|slot| is_in(slot, ThreadState::Attached))
    }

    fn remind(&self) {
        safepoint::ring();
        self.target.kick();
        doorbell::wake();
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper").field("job", &self.job).field("state", &self.state()).finish()
    }
}

/// Whether any thread of the process has something to raise.
pub(crate) fn any_pending() -> bool {
    PENDING.load(Ordering::Relaxed) != 0
}

/// Whether the calling thread runs a job that can be stopped: it must not wait for what
/// cannot be interrupted.
pub(crate) fn is_stoppable() -> bool {
    ME.try_with(|me| me.borrow().running > 0).unwrap_or(false)
}

thread_local! {
    /// How many calls of [`shielded`] this thread is in.
    static SHIELDS: Cell<u32> = const { Cell::new(0) };
}

/// Runs `f`, which is not the job's own code and must not be cut short, or may swallow what is raised
/// in it: a stop that comes meanwhile is raised after it.
pub fn shielded<R>(f: impl FnOnce() -> R) -> R {
    struct Shield;
    impl Drop for Shield {
        fn drop(&mut self) {
            SHIELDS.set(SHIELDS.get() - 1);
            if pending_here() {
                safepoint::ring();
            }
        }
    }
    SHIELDS.set(SHIELDS.get() + 1);
    let _shield = Shield;
    f()
}

/// Whether the calling thread has something to raise, and may.
pub(crate) fn pending_here() -> bool {
    any_pending()
        && SHIELDS.get() == 0
        && with_running(|target| target.cell.is_pending().then_some(())).is_some()
}

/// Library code that takes locks which others need, too: the import lock, those of `logging`, the
/// bookkeeping of `threading`. An exception between the taking of one and the block that gives it
/// back would leave it taken for ever, so a job is not stopped while it runs such code itself.
const LOCKING: &[&str] = &[
    "<frozen importlib._bootstrap>",
    "<frozen importlib._bootstrap_external>",
    // What the two are called until somebody imports `importlib`.
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_py_warnings",
    "_weakrefset",
    "concurrent.futures._base",
    "concurrent.futures.thread",
    "contextlib",
    "logging",
    "logging.handlers",
    "queue",
    "tempfile",
    "threading",
    "warnings",
    "weakref",
    "zipimport",
];

/// For how many instructions in a row such code may put a stop off: some ten milliseconds. It
/// never takes that long, but a script may have the file name of a library.
const PATIENCE: u32 = 50_000;

thread_local! {
    static PUT_OFF: Cell<u32> = const { Cell::new(0) };
}

/// Whether a stop has to wait for a later instruction.
fn is_put_off() -> bool {
    let locking = switch_point::with_current_frame(|frame| {
        LOCKING.contains(&frame.code().code.source_path.as_str())
    })
    .unwrap_or(false);
    let count = PUT_OFF.get();
    PUT_OFF.set(if locking { count.saturating_add(1) } else { 0 });
    locking && count < PATIENCE
}

/// At a safepoint: raises what the calling thread has to raise, and passes on what is for others.
pub(crate) fn deliver_here(vm: &VirtualMachine) -> PyResult<()> {
    if pending_here() && is_put_off() {
        safepoint::ring();
        return Ok(());
    }
    deliver(vm)
}

/// Raises what the calling thread has to raise, and passes on what is for others.
pub(crate) fn deliver(vm: &VirtualMachine) -> PyResult<()> {
    let request = match SHIELDS.get() {
        0 => with_running(|target| Some((target.cell.take()?, target.clone()))),
        _ => None,
    };
    match request {
        None => {
            doorbell::pass_on();
            Ok(())
        }
        Some((request, target)) => {
            if request == StopRequest::Always {
                // For the next instruction, should something swallow this.
                safepoint::ring();
            }
            Err(target.exception(vm))
        }
    }
}

/// The first of the jobs that this thread runs for which `f` has something, from the outermost.
fn with_running<R>(f: impl FnMut(&Arc<Target>) -> Option<R>) -> Option<R> {
    ME.try_with(|me| {
        let me = me.borrow();
        me.targets[..me.running].iter().find_map(f)
    })
    .ok()
    .flatten()
}

/// Kicks every thread that has something to raise. Returns whether there are some, and all of them
/// were given up: then there is no hurry.
pub(crate) fn kick() -> bool {
    // Not under the lock: a thread that ends takes its own.
    let targets: Vec<_> = TARGETS.lock().iter().filter_map(Weak::upgrade).collect();
    let pending: Vec<_> = targets.iter().filter(|target| target.cell.is_pending()).collect();
    pending.iter().for_each(|target| target.kick());
    !pending.is_empty() && pending.iter().all(|target| target.given_up.get())
}

/// In the child of a fork only this thread is left, and nobody who could stop it.
pub(crate) fn after_fork_in_child() {
    let pending = ME.try_with(|me| {
        let me = me.borrow();
        me.targets[..me.running].iter().filter(|target| target.cell.is_pending()).count()
    });
    PENDING.store(pending.unwrap_or(0) as u64, Ordering::Relaxed);
}
