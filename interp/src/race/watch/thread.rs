//! What a thread knows, and how threads, locks and other primitives tell each other.

use super::clock::{Epoch, VectorClock};

/// A lock that a thread holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lock: u64,
    /// The stack at which the lock was made.
    pub(crate) made: u32,
    /// The stack at which it was taken.
    pub(crate) at: u32,
}

/// One thread's knowledge.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    /// The number of its entry in vector clocks.
    pub(crate) slot: u32,
    /// Its own number; never given again.
    pub(crate) number: u32,
    /// What happened before.
    pub(crate) clock: VectorClock,
    /// What happened before by starts and joins alone: that is so in every run.
    pub(crate) forks: VectorClock,
    pub(crate) held: Vec<Held>,
}

/// What a thread knew at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ended {
    pub(crate) clock: VectorClock,
    pub(crate) forks: VectorClock,
}

impl Thread {
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch { slot: self.slot, time: self.clock.time(self.slot) }
    }

    pub(crate) fn fork_epoch(&self) -> Epoch {
        Epoch { slot: self.slot, time: self.forks.time(self.slot) }
    }

    /// What the thread does from now on is no longer known to those that it has told.
    fn tick(&mut self) {
        let Epoch { slot, time } = self.epoch();
        self.clock.set(Epoch { slot, time: time + 1 });
    }

    fn tick_forks(&mut self) {
        let Epoch { slot, time } = self.fork_epoch();
        self.forks.set(Epoch { slot, time: time + 1 });
    }

    /// Tells a primitive what the thread knows.
    pub(crate) fn release(&mut self, into: &mut VectorClock) {
        into.join(&self.clock);
        self.tick();
    }

    /// Learns what a primitive was told.
    pub(crate) fn acquire(&mut self, from: &VectorClock) {
        self.clock.join(from);
    }

    /// Learns what another thread knew at its end.
    pub(crate) fn join(&mut self, other: &Ended) {
        self.clock.join(&other.clock);
        self.forks.join(&other.forks);
    }
}

/// A slot whose thread has ended.
#[derive(Debug)]
struct Free {
    last: Epoch,
    last_fork: Epoch,
}

/// Who has which slot of the vector clocks.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: u32,
    threads: u32,
    free: Vec<Free>,
}

/// Free slots that are looked at for one that can be given again.
const LOOKS: usize = 16;

impl Slots {
    /// The first thread, which has no parent.
    pub(crate) fn first(&mut self) -> Thread {
        let nobody = Thread {
            slot: 0,
            number: 0,
            clock: VectorClock::default(),
            forks: VectorClock::default(),
            held: Vec::new(),
        };
        self.make(&nobody, 1)
    }

    /// A thread that `parent` starts.
    pub(crate) fn fork(&mut self, parent: &mut Thread) -> Thread {
        // A slot may be given again if all that its last thread did happened before: then it
        // does not matter that both look like one.
        let known =
            self.free.iter().rev().take(LOOKS).position(|free| {
                parent.clock.covers(free.last) && parent.forks.covers(free.last_fork)
            });
        let child = match known {
            Some(from_end) => {
                let free = self.free.swap_remove(self.free.len() - 1 - from_end);
                let mut child = self.child(parent, free.last.slot);
                child.tick();
                child.tick_forks();
                child
            }
            None => self.make(parent, 1),
        };
        parent.tick();
        parent.tick_forks();
        child
    }

    /// A thread has ended.
    pub(crate) fn end(&mut self, mut thread: Thread) -> Ended {
        let (last, last_fork) = (thread.epoch(), thread.fork_epoch());
        self.free.push(Free { last, last_fork });
        thread.held.clear();
        Ended { clock: thread.clock, forks: thread.forks }
    }

    fn make(&mut self, parent: &Thread, time: u64) -> Thread {
        let slot = self.slots;
        self.slots += 1;
        let mut child = self.child(parent, slot);
        child.clock.set(Epoch { slot, time });
        child.forks.set(Epoch { slot, time });
        child
    }

    fn child(&mut self, parent: &Thread, slot: u32) -> Thread {
        let number = self.threads;
        self.threads += 1;
        let (clock, forks) = (parent.clock.clone(), parent.forks.clone());
        Thread { slot, number, clock, forks, held: Vec::new() }
    }
}
