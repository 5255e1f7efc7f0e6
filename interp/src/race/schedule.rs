//! What the controlled threads of an execution, and whoever chooses among them, say to each other.
//! Knows no Python.
//!
//! One thread runs at a time. Each announces its next [`Step`] and waits until it is chosen; then
//! it does the step and runs on to its next announcement. What lies between two steps is seen by no
//! other thread, so an execution is told by the order of its steps alone.

#[cfg(not(togil_loom))]
use serde::{Deserialize, Serialize};

/// A thread, by the order of starts. 0 is the one that the execution begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(togil_loom), derive(Serialize, Deserialize))]
pub struct ThreadId(pub u32);

/// Something that threads can share, by the order of first touches in this execution: the same
/// beginning of a schedule gives the same objects the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(togil_loom), derive(Serialize, Deserialize))]
pub struct ObjectId(pub u32);

/// Where in the sources a step is. Schedulers do not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(not(togil_loom), derive(Serialize, Deserialize))]
pub struct SiteId(pub u32);

/// What is touched of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// All of it, as an iteration does. Overlaps with every field.
    Whole,
    /// An attribute or an item. Different numbers do not overlap.
    Field(u64),
}

/// One memory access of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// What is touched.
    pub object: ObjectId,
    /// How much of it.
    pub part: Part,
    /// Whether it changes something.
    pub write: bool,
}

impl Access {
    /// Whether the order of the two matters.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let overlap = self.part == other.part
            || matches!(self.part, Part::Whole)
            || matches!(other.part, Part::Whole);
        self.object == other.object && overlap && (self.write || other.write)
    }
}

/// How a step synchronises. Everything that blocks is a count of units: a lock has one at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sync {
    /// Takes a unit, and waits for one if there is none. With a time-out it may give up instead:
    /// that is a choice ([`Turn::times_out`]).
    Acquire(ObjectId),
    /// Takes a unit if there is one, and finds that there is none otherwise. Never waits.
    TryAcquire(ObjectId),
    /// Sees whether there are units. Never waits, and changes nothing.
    Look(ObjectId),
    /// Gives a unit back. Never waits.
    Release(ObjectId),
    /// Starts a thread, whose first step cannot come before.
    Start(ThreadId),
    /// Waits until a thread has ended.
    Join(ThreadId),
    /// Ends the thread that does it: its last step. Who joins it with a time-out competes with this
    /// one. May be left out of a thread that nobody joins so.
    End,
}

/// What a thread is about to do, or has done, in one go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What it touches.
    pub accesses: Vec<Access>,
    /// How it synchronises, if it does.
    pub sync: Option<Sync>,
    /// Where it is.
    pub site: SiteId,
}

/// A thread that waits to be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Who waits.
    pub thread: ThreadId,
    /// For what.
    pub step: Step,
    /// Whether the step can be done now. An `Acquire` without units, a `Join` of a thread that
    /// runs, and a loop that waits for somebody to write cannot.
    pub ready: bool,
    /// Whether it waits with a time-out: while it is not ready, it can be chosen to time out. Told
    /// of a ready one too, since in another order of steps it would not be.
    pub may_time_out: bool,
    /// Under a GIL: it is not at a place to switch, and waits because it has to. If it had been ready, it would have
    /// gone on with the step before as one block.
    pub held: bool,
}

/// Who goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// The thread.
    pub thread: ThreadId,
    /// The step is not done: it gives up waiting.
    pub times_out: bool,
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who did it, and how.
    pub turn: Turn,
    /// What.
    pub step: Step,
    /// The units that there were before an `Acquire`, `TryAcquire`, `Look` or `Release`.
    pub units: u32,
    /// Nobody could be chosen between the thread's last step and this one: they are one block. Under a
    /// GIL, steps without a place to switch between them.
    pub continues: bool,
}

/// Where a choice is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Point<'a> {
    /// What was done so far.
    pub trace: &'a [Event],
    /// All threads that have not ended, by number. At least one is ready or may time out, except at
    /// the end.
    pub pending: &'a [Pending],
}

/// Chooses among threads, execution after execution.
pub trait Strategy: Send {
    /// Chooses a thread that is ready, or may time out. `None` gives the execution up: nothing that was
    /// not seen already can come of it.
    fn choose(&mut self, point: Point<'_>) -> Option<Turn>;

    /// The execution is over: all threads have ended, those that are left (`point.pending`) wait for
    /// ever, or it was given up. Returns whether there is another one to run.
    fn end(&mut self, point: Point<'_>) -> bool;

    /// Whether every execution that can be told from the others was run. Only to be asked after
    /// [`end`](Self::end) has returned false.
    fn is_exhaustive(&self) -> bool;
}
