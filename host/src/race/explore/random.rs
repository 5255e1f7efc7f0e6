//! A random walk: at each choice, each thread that can go on is as likely as any other.

use std::num::NonZero;

use super::rng::Rng;
use super::turns::turns;
use togil_interp::race::{Point, Strategy, Turn};

/// Walks for ever, each time by other random numbers.
pub(crate) struct Random {
    seed: u64,
    execution: u64,
    every: NonZero<u32>,
    rng: Rng,
}

impl Random {
    /// Runs the execution with this number, and each that comes so many after one: they are the same whatever
    /// was run before them.
    pub(crate) fn new(seed: u64, first: u32, every: NonZero<u32>) -> Self {
        Self::at(seed, first.into(), every)
    }

    fn at(seed: u64, execution: u64, every: NonZero<u32>) -> Self {
        Self { seed, execution, every, rng: Rng::of_execution(seed, execution) }
    }
}

impl Strategy for Random {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let count = turns(point).count();
        (count > 0).then(|| turns(point).nth(self.rng.below(count)))?
    }

    fn end(&mut self, _point: Point<'_>) -> bool {
        *self = Self::at(self.seed, self.execution + u64::from(self.every.get()), self.every);
        true
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}
