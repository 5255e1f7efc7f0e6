//! An execution again, with more steps than the recording has.

use super::turns::turn_of_thread;
use togil_interp::race::{Event, Point, Step, Strategy, Turn};

/// Follows an execution of which only the steps that others could tell are known: has each thread do
/// what it does besides before its next known step.
pub(crate) struct Guided {
    known: Vec<Event>,
    next: usize,
    /// The events of this execution that were looked at.
    seen: usize,
}

impl Guided {
    pub(crate) fn new(known: Vec<Event>) -> Self {
        Self { known, next: 0, seen: 0 }
    }
}

impl Strategy for Guided {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        // What was done since the last choice: under a GIL that may be several steps.
        for event in &point.trace[self.seen..] {
            let known = self.known.get(self.next);
            let is_next =
                |known: &Event| known.turn == event.turn && is_same(&known.step, &event.step);
            self.next += usize::from(known.is_some_and(is_next));
        }
        self.seen = point.trace.len();
        match self.known.get(self.next) {
            Some(known) => turn_of_thread(point, known.turn.thread),
            None => super::turns::stay(point, |_| true),
        }
    }

    fn end(&mut self, _: Point<'_>) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}

/// Objects have other numbers where more steps are told.
fn is_same(one: &Step, other: &Step) -> bool {
    one.site == other.site
        && one.sync.map(|sync| std::mem::discriminant(&sync))
            == other.sync.map(|sync| std::mem::discriminant(&sync))
        && one.accesses.len() == other.accesses.len()
}
