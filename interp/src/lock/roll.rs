//! Turning the GIL on while threads run without it.
//!
//! Each thread that runs without a GIL is on the roll. Once the GIL is on, a thread takes it, and
//! strikes itself off, before it goes on: at a safepoint, or where it comes back from a wait. Whoever
//! turns the GIL on waits until nobody on the roll is at work. From then on no two threads run
//! at once, because those that are left on the roll are in a wait and look when they come back.

use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, fence};

/// Says, from another thread, whether a thread may be running Python.
pub type AtWork = Box<dyn Fn() -> bool + Send + Sync>;

/// A thread's place on the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

struct Entries {
    next: u64,
    threads: Vec<(Ticket, AtWork)>,
}

/// The threads of the process that run without a GIL.
pub struct Roll {
    /// 1 once the GIL is on.
    on: AtomicU64,
    entries: Mutex<Entries>,
}

impl Default for Roll {
    fn default() -> Self {
        let entries = Entries { next: 0, threads: Vec::new() };
        Self { on: AtomicU64::new(0), entries: Mutex::new(entries) }
    }
}

impl Roll {
    /// Puts the calling thread on the roll. It must look at [`is_on`](Self::is_on) after that and before
    /// it runs Python, and again whenever it comes back from a wait.
    pub fn join(&self, at_work: AtWork) -> Ticket {
        let mut entries = self.entries.lock();
        let ticket = Ticket(entries.next);
        entries.next += 1;
        entries.threads.push((ticket, at_work));
        ticket
    }

    /// Strikes a thread off: it has taken the GIL, or ends.
    pub fn leave(&self, ticket: Ticket) {
        self.entries.lock().threads.retain(|(other, _)| *other != ticket);
    }

    /// Whether the GIL is on. For a thread that was not at work before: the answer is at least as new
    /// as what [`all_in`](Self::all_in) saw of it.
    pub fn is_on(&self) -> bool {
        // Between "I am at work" and "is it on?" here, between "it is on" and "is anybody at work?"
        // there. Without both fences each side could miss the other.
        fence(Ordering::SeqCst);
        self.on.load(Ordering::Acquire) == 1
    }

    /// Says that the GIL is on. It must be there to be taken.
    pub fn turn_on(&self) {
        self.on.store(1, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// After [`turn_on`](Self::turn_on): whether no thread runs without the GIL, nor ever will.
    pub fn all_in(&self) -> bool {
        self.entries.lock().threads.iter().all(|(_, at_work)| !at_work())
    }

    /// Stops the roll from changing while the guard lives. To be held across `fork`.
    pub fn prepare_fork(&self) -> RollGuard<'_> {
        RollGuard(self.entries.lock())
    }
}

/// Holds the roll still across a `fork`.
pub struct RollGuard<'a>(MutexGuard<'a, Entries>);

impl RollGuard<'_> {
    /// In the child of a fork, in which only the forking thread lives on.
    pub fn keep_only(&mut self, survivor: Option<Ticket>) {
        self.0.threads.retain(|(ticket, _)| Some(*ticket) == survivor);
    }
}
