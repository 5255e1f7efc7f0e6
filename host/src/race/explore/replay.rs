//! An execution again.

use super::turns::{stay, turn_of_thread};
use togil_interp::race::{Point, Strategy, Turn};

/// Takes the turns of a recording as long as they fit, and goes on by itself then: with the same
/// thread as long as it is ready. One execution.
pub(crate) struct Replay {
    turns: Vec<Turn>,
    next: usize,
    left: Option<usize>,
}

impl Replay {
    pub(crate) fn new(turns: Vec<Turn>) -> Self {
        Self { turns, next: 0, left: None }
    }

    /// The first turn of the recording that could not be taken, from 0 on. To be asked at the
    /// end. An execution that goes on where the recording ends has not left it.
    pub(crate) fn left_at(&self) -> Option<usize> {
        self.left
    }
}

impl Strategy for Replay {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        if self.left.is_none()
            && let Some(&turn) = self.turns.get(self.next)
        {
            if turn_of_thread(point, turn.thread) == Some(turn) {
                self.next += 1;
                return Some(turn);
            }
            self.left = Some(self.next);
        }
        stay(point, |_| true)
    }

    fn end(&mut self, _point: Point<'_>) -> bool {
        if self.next < self.turns.len() {
            self.left = Some(self.next);
        }
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}
