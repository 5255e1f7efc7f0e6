//! An execution again, with more steps than the recording has.

use super::turns::{pending_of, turn_of_thread};
use togil_interp::race::{Discipline, Event, Pending, Point, Step, Strategy, ThreadId, Turn};

/// Follows an execution of which only the steps that others could tell are known: has each thread do
/// what it does besides as it did there, right after its last known step. Under a GIL it may have passed the place
/// where it is switched by then: there it does that before its next known step.
pub(crate) struct Guided {
    known: Vec<Event>,
    /// What threads that are left were about to do at its end.
    left: Vec<Pending>,
    discipline: Discipline,
    next: usize,
    /// The events of this execution that were looked at.
    seen: usize,
}

impl Guided {
    pub(crate) fn new(known: Vec<Event>, left: Vec<Pending>, discipline: Discipline) -> Self {
        Self { known, left, discipline, next: 0, seen: 0 }
    }
}

impl Guided {
    /// Whether a thread is about to do its next known step, and not what it has done besides before that.
    fn waits_for_its_next(&self, point: Point<'_>, thread: ThreadId) -> bool {
        let mut known = self.known[self.next..].iter();
        let next = known.find(|event| event.turn.thread == thread).map(|event| &event.step);
        let next = next.or_else(|| pending_of(&self.left, thread).map(|left| &left.step));
        let Some(pending) = pending_of(point.pending, thread) else { return true };
        if self.discipline == Discipline::Gil {
            return true;
        }
        next.is_some_and(|next| is_same(next, &pending.step))
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
        let next = self.known.get(self.next);
        let last = point.trace.last().map(|event| event.turn.thread);
        if let Some(last) = last.filter(|last| !self.waits_for_its_next(point, *last))
            && let Some(turn) = turn_of_thread(point, last).filter(|turn| !turn.times_out)
        {
            return Some(turn);
        }
        match next {
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

/// Objects have other numbers where more steps are told, and a step that touches nothing may say where it is there only.
fn is_same(one: &Step, other: &Step) -> bool {
    let touches = one.sync.is_some() || !one.accesses.is_empty();
    (one.site == other.site || !touches)
        && one.sync.map(|sync| std::mem::discriminant(&sync))
            == other.sync.map(|sync| std::mem::discriminant(&sync))
        && one.accesses.len() == other.accesses.len()
}
