//! Which of the program's threads the one thread is at the moment.

use std::cell::{Cell, RefCell};

use rustpython_vm::builtins::PyBaseExceptionRef;

/// `get_ident()` of the thread that the program begins with.
pub(super) const MAIN: u64 = 1;

/// Threads that have been started and have not ended, from the outermost.
struct Turns {
    current: Cell<u64>,
    last: Cell<u64>,
    depth: Cell<usize>,
    stuck: RefCell<Option<PyBaseExceptionRef>>,
}

thread_local! {
    static TURNS: Turns = const {
        Turns {
            current: Cell::new(MAIN),
            last: Cell::new(MAIN),
            depth: Cell::new(0),
            stuck: RefCell::new(None),
        }
    };
}

/// `get_ident()`.
pub(super) fn ident() -> u64 {
    TURNS.with(|turns| turns.current.get())
}

/// How many threads are within the main one.
pub(super) fn depth() -> usize {
    TURNS.with(|turns| turns.depth.get())
}

/// Runs `f` as a thread of its own, which is told its ident.
///
/// # Errors
/// The wait that stopped the thread, whatever its function made of the exception.
pub(super) fn run(f: impl FnOnce(u64)) -> Result<(), PyBaseExceptionRef> {
    let (ident, outer) = TURNS.with(|turns| {
        let ident = turns.last.get() + 1;
        turns.last.set(ident);
        turns.depth.set(turns.depth.get() + 1);
        (ident, turns.current.replace(ident))
    });
    f(ident);
    super::local::forget(ident);
    let stuck = TURNS.with(|turns| {
        turns.current.set(outer);
        turns.depth.set(turns.depth.get() - 1);
        turns.stuck.take()
    });
    let Some(error) = stuck else { return Ok(()) };
    // Who started it cannot go on, either.
    set_stuck(&error);
    Err(error)
}

/// Notes that the current thread cannot go on. Without effect in the main one, whose error nobody
/// else has to raise.
pub(super) fn set_stuck(error: &PyBaseExceptionRef) {
    if depth() > 0 {
        TURNS.with(|turns| turns.stuck.replace(Some(error.clone())));
    }
}
