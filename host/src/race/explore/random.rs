//! A random walk: at each choice, each thread that can go on is as likely as any other.

use super::rng::Rng;
use super::turns::turns;
use togil_interp::race::{Point, Strategy, Turn};

/// Walks for ever, each time by other random numbers.
pub(crate) struct Random {
    seed: u64,
    execution: u64,
    rng: Rng,
}

impl Random {
    /// Walks from the execution with this number on, which is the same whatever was run
    /// before it.
    pub(crate) fn new(seed: u64, execution: u64) -> Self {
        Self { seed, execution, rng: Rng::of_execution(seed, execution) }
    }
}

impl Strategy for Random {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let count = turns(point).count();
        (count > 0).then(|| turns(point).nth(self.rng.below(count)))?
    }

    fn end(&mut self, _point: Point<'_>) -> bool {
        *self = Self::new(self.seed, self.execution + 1);
        true
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}
