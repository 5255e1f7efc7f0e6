//! A thread that rings until a signal has been taken by the thread it is for.
//!
//! A ring is answered by whoever runs an instruction next. With many busy threads that is
//! rarely the signal thread, so somebody has to ring again, and a signal handler cannot
//! wait. This thread is started with the first Python thread; a program without
//! threads does not need it.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::Duration;

use crate::{safepoint, signals};

/// The eventfd it sleeps on; -1 before it is started.
static EVENT: AtomicI32 = AtomicI32::new(-1);
/// How many more times a ring may be passed on directly before the next tick.
static HOPS: AtomicU32 = AtomicU32::new(0);

/// How often it rings. Well under the 100 ms in which Ctrl-C should be felt, even
/// when one ring in twenty reaches its thread.
const TICK: Duration = Duration::from_millis(1);
const HOPS_PER_TICK: u32 = 16;

/// Starts the thread if it does not run.
pub(crate) fn start() {
    if EVENT.load(Ordering::Acquire) >= 0 {
        return;
    }
    // SAFETY: takes no pointers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
    if fd < 0 || EVENT.compare_exchange(-1, fd, Ordering::AcqRel, Ordering::Acquire).is_err() {
        close(fd);
        return;
    }
    let spawned = std::thread::Builder::new().name("togil-doorbell".into()).spawn(move || run(fd));
    if spawned.is_err() {
        // Without it a signal may be late under load, and nothing else is lost.
        EVENT.store(-1, Ordering::Release);
        close(fd);
    }
}

/// In the child of a fork the thread is gone.
pub(crate) fn after_fork_in_child() {
    close(EVENT.swap(-1, Ordering::AcqRel));
}

/// Wakes the thread. Async-signal-safe.
pub(crate) fn wake() {
    let fd = EVENT.load(Ordering::Relaxed);
    if fd >= 0 {
        let one = 1_u64;
        // SAFETY: eight bytes are read from a live local.
        unsafe { libc::write(fd, (&raw const one).cast(), 8) };
    }
}

/// For a thread that answered a ring meant for another: lets others answer it, a few times a
/// tick. More would slow this thread down for as long as the other one cannot look.
pub(crate) fn pass_on() {
    if HOPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |hops| hops.checked_sub(1)).is_ok() {
        safepoint::ring();
    }
}

fn run(fd: i32) {
    block_all_signals();
    loop {
        let mut count = 0_u64;
        // SAFETY: eight bytes are written to a live local.
        let read = unsafe { libc::read(fd, (&raw mut count).cast(), 8) };
        if read < 0 && std::io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            return;
        }
        while signals::pending() {
            HOPS.store(HOPS_PER_TICK, Ordering::Relaxed);
            safepoint::ring();
            std::thread::sleep(TICK);
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

fn close(fd: i32) {
    if fd >= 0 {
        // SAFETY: the descriptor is ours and no longer used.
        unsafe { libc::close(fd) };
    }
}
