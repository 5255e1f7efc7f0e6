//! A thread that rings until a signal, or a stop, has been taken by the thread it is for.
//!
//! A ring is answered by whoever runs an instruction next. With many busy threads that is
//! rarely the signal thread, so somebody has to ring again, and a signal handler cannot
//! wait. This thread is started with the first Python thread; a program without
//! threads does not need it.

use std::cell::UnsafeCell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use crate::{safepoint, signals, stop};

/// A POSIX semaphore: what a signal handler may use to wake a thread, and unlike a pipe
/// nothing that a script can close.
struct Semaphore(UnsafeCell<libc::sem_t>);

// SAFETY: the functions on a semaphore are made to be called from several threads at once.
unsafe impl Sync for Semaphore {}

impl Semaphore {
    /// To be called before the other two, and again in the child of a fork.
    fn init(&self) {
        // SAFETY: the semaphore is static, and nobody uses it before its first `init`.
        unsafe { libc::sem_init(self.0.get(), 0, 0) };
    }

    fn post(&self) {
        // SAFETY: initialised; async-signal-safe (signal-safety(7)).
        unsafe { libc::sem_post(self.0.get()) };
    }

    fn wait(&self) {
        // SAFETY: initialised. An early return is harmless: the caller looks what there is.
        unsafe { libc::sem_wait(self.0.get()) };
    }
}

// SAFETY: all-zero is a valid value of a type that only C code looks into.
static WAKE: Semaphore = Semaphore(UnsafeCell::new(unsafe { std::mem::zeroed() }));
/// Whether the thread runs, and so whether `WAKE` is initialised.
static RUNS: AtomicBool = AtomicBool::new(false);
/// 0: std's default.
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);
/// How many more times a ring may be passed on directly before the next tick.
static HOPS: AtomicU32 = AtomicU32::new(0);

/// How often it rings. Well under the 100 ms in which Ctrl-C should be felt, even
/// when one ring in twenty reaches its thread.
const TICK: Duration = Duration::from_millis(1);
/// For threads that were given up: they may come back in hours or never.
const SLOW_TICK: Duration = Duration::from_millis(50);
/// Enough to outlast the way out of an interrupted system call, some 20 us.
const HOPS_PER_TICK: u32 = 64;

/// Starts the thread if it does not run.
pub(crate) fn start() {
    static INIT: Once = Once::new();
    INIT.call_once(|| WAKE.init());
    if RUNS.swap(true, Ordering::AcqRel) {
        return;
    }
    let mut thread = std::thread::Builder::new().name("togil-doorbell".into());
    if let size @ 1.. = STACK_SIZE.load(Ordering::Relaxed) {
        thread = thread.stack_size(size);
    }
    if thread.spawn(run).is_err() {
        // Without it a signal may be late under load, and nothing else is lost.
        RUNS.store(false, Ordering::Release);
    }
}

/// In the child of a fork the thread is gone.
pub(crate) fn after_fork_in_child() {
    if RUNS.swap(false, Ordering::AcqRel) {
        WAKE.init();
    }
}

/// The stack of the thread, when it is next started.
pub(crate) fn set_stack_size(bytes: usize) {
    STACK_SIZE.store(bytes, Ordering::Relaxed);
}

/// Wakes the thread. Async-signal-safe.
pub(crate) fn wake() {
    if RUNS.load(Ordering::Relaxed) {
        WAKE.post();
    }
}

/// For a thread that answered a ring meant for another: lets others answer it, a few times a
/// tick. More would slow this thread down for as long as the other one cannot look.
pub(crate) fn pass_on() {
    if HOPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |hops| hops.checked_sub(1)).is_ok() {
        safepoint::ring();
    }
}

fn run() {
    block_all_signals();
    loop {
        WAKE.wait();
        while signals::pending() || stop::any_pending() {
            HOPS.store(HOPS_PER_TICK, Ordering::Relaxed);
            safepoint::ring();
            // It may sit in a system call that the signal itself came too early to interrupt.
            let signal = signals::pending();
            if signal {
                signals::kick();
            }
            let no_hurry = stop::any_pending() && stop::kick();
            std::thread::sleep(if no_hurry && !signal { SLOW_TICK } else { TICK });
        }
    }
}

/// Signals go to threads that run Python, where they interrupt a blocking call.
fn block_all_signals() {
    // SAFETY: all-zero is a valid (empty) signal set.
    let mut all: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `all` is a live local.
    unsafe { libc::sigfillset(&raw mut all) };
    // SAFETY: `all` is initialised, and the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut()) };
}
