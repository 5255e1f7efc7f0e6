//! An execution again, with more steps than the recording has.

use super::turns::turn_of_thread;
use togil_interp::race::{Event, Point, Step, Strategy, Turn};

/// Follows an execution of which only the steps that others could tell are known: has each thread do
/// what it does besides before its next known step.
pub(crate) struct Guided {
    known: Vec<Event>,
    next: usize,
}

impl Guided {
    pub(crate) fn new(known: Vec<Event>) -> Self {
        Self { known, next: 0 }
    }
}

impl Strategy for Guided {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let Some(known) = self.known.get(self.next) else {
            return super::turns::stay(point, |_| true);
        };
        let thread = known.turn.thread;
        let pending = point.pending.iter().find(|pending| pending.thread == thread)?;
        let turn = turn_of_thread(point, thread)?;
        if is_same(&known.step, &pending.step) && known.turn == turn {
            self.next += 1;
        }
        Some(turn)
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
