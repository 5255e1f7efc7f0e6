//! A strategy that chooses nobody.

use crate::race::{Point, Strategy, Turn};

/// In the place of a strategy that was taken out.
pub(super) struct Nobody;

impl Strategy for Nobody {
    fn choose(&mut self, _: Point<'_>) -> Option<Turn> {
        None
    }

    fn end(&mut self, _: Point<'_>) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}
