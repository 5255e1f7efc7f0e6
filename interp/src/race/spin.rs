//! Loops that wait for another thread: `while not ready: pass`.
//!
//! A turn of a loop that only reads, and reads what it read before, changes nothing. So the thread
//! waits until somebody writes to what it has read, as if it had asked to be told. That is exact
//! if the loop keeps nothing of its own; one that may count its turns is followed for a few, and
//! for many once nobody else can go on (Kokologiannakis et al., "Awaiting for Godot", OOPSLA 2021,
//! has the idea for C). Calls are looked at as they happen ([`turn_calls`](super::turn_calls)); sleeping is one that keeps nothing,
//! as time that nobody asks for does not matter.

use super::turn_calls::TurnCalls;
use super::{Access, SiteId, Step};

/// Turns of a loop that changes nothing that others see before it has to wait.
const TURNS: u32 = 3;

/// Turns of it once nobody else can go on, before it is said to run for ever.
const LAST_TURNS: u32 = 1000;

/// What a thread has done in the turn of the loop that it is in.
#[derive(Debug, Default)]
pub(crate) struct Spin {
    site: Option<SiteId>,
    read: Vec<Access>,
    /// It has written or synchronised, or somebody has written to what it read.
    moved: bool,
    idle_turns: u32,
    last_turns: u32,
    waits: bool,
    /// A turn changes nothing, that of the loop and that of its calls.
    pure: bool,
    /// Of a loop that stores nothing: what was called in its turn.
    calls: Option<TurnCalls>,
    /// It is in no loop: it waits in a native call.
    blocked: bool,
}

impl Spin {
    /// Whether the thread waits for a write to what it has read.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether it does so in no loop of Python's.
    pub(crate) fn is_blocked(&self) -> bool {
        self.waits && self.blocked
    }

    /// Whether it has waited so before the step that it does now.
    pub(crate) fn was_blocked(&self) -> bool {
        self.blocked
    }

    /// Waits from now on until somebody writes to what is read, in no loop of Python's.
    pub(crate) fn block(&mut self, read: Vec<Access>) {
        *self = Self { read, waits: true, pure: true, blocked: true, ..Self::default() };
    }

    /// Makes the step of a thread that waits one that reads all that its loop does.
    pub(crate) fn add_reads(&self, step: &mut Step) {
        if self.waits {
            let new = self.read.iter().filter(|read| !step.accesses.contains(read)).copied();
            let new: Vec<_> = new.collect();
            step.accesses.extend(new);
        }
    }

    pub(crate) fn did(&mut self, step: &Step) {
        self.blocked = false;
        self.moved |= step.sync.is_some() || step.accesses.iter().any(|access| access.write);
        if !self.moved {
            for access in &step.accesses {
                if !self.read.contains(access) {
                    self.read.push(*access);
                }
            }
        }
    }

    pub(crate) fn others_wrote(&mut self, access: &Access) {
        if self.read.iter().any(|read| read.conflicts_with(access)) {
            self.moved = true;
            self.waits = false;
            self.last_turns = 0;
        }
    }

    /// What was called in the turn that runs, of a loop that stores nothing.
    pub(crate) fn calls(&mut self) -> Option<&mut TurnCalls> {
        self.calls.as_mut()
    }

    /// Whether it waits for a change that alone can end its loop.
    pub(crate) fn is_exact(&self) -> bool {
        self.pure
    }

    /// The loop at `site` begins another turn. `pure`: it stores nothing.
    pub(crate) fn turn(&mut self, site: SiteId, pure: bool) {
        let calls = self.calls.take();
        self.calls = pure.then(TurnCalls::default);
        let pure = pure && calls.is_some_and(|calls| calls.keep_nothing());
        let idle = self.site == Some(site) && !self.moved && !self.read.is_empty();
        self.idle_turns = if idle { self.idle_turns + 1 } else { 0 };
        self.pure = pure;
        self.blocked = false;
        self.waits = idle && (pure || self.idle_turns >= TURNS);
        if !self.waits {
            self.read.clear();
        }
        self.site = Some(site);
        self.moved = false;
    }

    /// Lets a loop that waits take another turn, if it may count them. Returns whether it does.
    pub(crate) fn go_on(&mut self) -> bool {
        let may = self.waits && !self.pure && self.last_turns < LAST_TURNS;
        if may {
            self.last_turns += 1;
            self.waits = false;
        }
        may
    }
}
