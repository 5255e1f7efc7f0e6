//! The other order of two steps, as a sequence to run.

use super::order::{ALL, Announced, Deed, Order, dependent};
use togil_interp::race::{Event, ThreadId, Turn};

/// A step whose place among the others is looked at: one of the trace, or one that a thread waits
/// to do.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) deed: Deed<'a>,
    /// Its place in the trace. The trace's length if it was not done.
    pub(super) at: usize,
    pub(super) announced: Announced,
}

/// Steps of the trace that do not need a certain earlier step, and at last the step that is to come
/// before it. To be run from where that earlier step was done.
pub(super) struct Sequence<'a> {
    pub(super) order: &'a Order,
    pub(super) trace: &'a [Event],
    /// Events of the trace, in its order.
    pub(super) events: &'a mut Vec<u32>,
    /// What comes after them, until it is removed.
    pub(super) last: Option<Deed<'a>>,
    /// How the last one's thread goes on.
    pub(super) last_turn: Turn,
    /// What must come before the last one's thread gets to it.
    pub(super) last_clock: &'a [u32],
}

impl<'a> Sequence<'a> {
    /// Whether the sequence, or one that goes on from it, means the same when it begins with this
    /// step: a "weak initial".
    pub(super) fn can_begin_with(&self, deed: Deed<'_>, known: u32) -> bool {
        if let Some(place) = self.place_of(deed.thread) {
            let event = self.events[place] as usize;
            return self.before(place).all(|earlier| !self.order.before(earlier, event));
        }
        match self.last {
            Some(last) if last.thread == deed.thread => {
                self.before(self.events.len()).all(|earlier| {
                    !self.order.within(earlier, self.last_clock)
                        && !dependent(Order::deed(self.trace, earlier), last, ALL)
                })
            }
            last => {
                let all = self.before(self.events.len());
                let mut deeds = all.map(|event| Order::deed(self.trace, event)).chain(last);
                deeds.all(|other| !dependent(deed, other, known))
            }
        }
    }

    /// Takes the thread's first step out, if it is among them.
    pub(super) fn remove_first_of(&mut self, thread: ThreadId) {
        if let Some(place) = self.place_of(thread) {
            self.events.remove(place);
        } else if self.last.is_some_and(|last| last.thread == thread) {
            self.last = None;
        }
    }

    /// All steps, from the last to the first, and how their threads are to go on.
    pub(super) fn turns_from_last(&self) -> impl Iterator<Item = (Turn, Deed<'a>)> {
        let done = self.events.iter().rev().map(|&event| {
            let event = event as usize;
            (self.trace[event].turn, Order::deed(self.trace, event))
        });
        self.last.map(|last| (self.last_turn, last)).into_iter().chain(done)
    }

    fn place_of(&self, thread: ThreadId) -> Option<usize> {
        self.events.iter().position(|&event| self.trace[event as usize].turn.thread == thread)
    }

    fn before(&self, place: usize) -> impl Iterator<Item = usize> {
        self.events[..place].iter().map(|&event| event as usize)
    }
}
