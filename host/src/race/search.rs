//! What is asked of the lab.

use std::num::NonZero;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use togil_interp::race::{Discipline, Strategy};

use super::explore::bounded::Bounded;
use super::explore::dpor::Dpor;
use super::explore::pct::Pct;
use super::explore::random::Random;

/// How schedules are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StrategyKind {
    /// Every execution that can be told from the others, once.
    #[default]
    Exhaustive,
    /// Depth first, with so many preemptions at most.
    Bounded(u32),
    /// Threads by priorities that change at so many random steps.
    Pct {
        /// The seed of the random numbers.
        seed: u64,
        /// How many orderings a bug needs to show, at most.
        depth: usize,
    },
    /// A thread at random, at every step.
    Random {
        /// The seed of the random numbers.
        seed: u64,
    },
}

impl StrategyKind {
    pub(super) fn seed(self) -> u64 {
        match self {
            Self::Pct { seed, .. } | Self::Random { seed } => seed,
            Self::Exhaustive | Self::Bounded(_) => 0,
        }
    }

    /// Whether executions are chosen at random, each by its number.
    pub fn is_random(self) -> bool {
        matches!(self, Self::Pct { .. } | Self::Random { .. })
    }

    fn build(self, discipline: Discipline, share: Share) -> Box<dyn Strategy> {
        let Share { number, of } = share;
        match self {
            Self::Exhaustive if discipline == Discipline::Gil => Box::new(Dpor::with_blocks()),
            // Steps that touch nothing: for the reduction all orders of them would be one.
            Self::Exhaustive if discipline == Discipline::AnyBytecode => {
                Box::new(Bounded::new(u32::MAX))
            }
            Self::Exhaustive => Box::new(Dpor::new()),
            Self::Bounded(preemptions) => Box::new(Bounded::new(preemptions)),
            Self::Pct { seed, depth } => Box::new(Pct::new(seed, depth, number, of)),
            Self::Random { seed } => Box::new(Random::new(seed, number, of)),
        }
    }
}

/// How much is explored.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// Executions of one model.
    pub schedules: usize,
    /// Time for one model; `None` for as long as it takes.
    pub budget: Option<Duration>,
    /// Steps of one execution; where each instruction is one ([`Discipline::AnyBytecode`]), 50 times as many.
    pub steps: usize,
}

impl Limits {
    pub(super) fn steps_of(&self, discipline: Discipline) -> usize {
        match discipline {
            Discipline::AnyBytecode => self.steps.saturating_mul(50),
            Discipline::FreeThreaded | Discipline::Gil => self.steps,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { schedules: usize::MAX, budget: Some(Duration::from_secs(30)), steps: 20_000 }
    }
}

/// Which of its executions a random strategy runs: for processes that explore a model together. The others do not
/// look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The first one's number, from 0 on.
    pub number: u32,
    /// One of so many: every so manieth after the first.
    pub of: NonZero<u32>,
}

impl Share {
    /// How many of so many executions are its own.
    fn part(self, executions: usize) -> usize {
        let of = self.of.get() as usize;
        executions.saturating_sub(self.number as usize).div_ceil(of)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { number: 0, of: NonZero::<u32>::MIN }
    }
}

/// What is asked of the lab. By default: every execution, free-threaded, for 30 seconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Search {
    /// How schedules are chosen.
    pub strategy: StrategyKind,
    /// Where threads can be switched.
    pub discipline: Discipline,
    /// How much is explored.
    pub limits: Limits,
    /// Which part of it.
    pub share: Share,
}

impl Search {
    pub(super) fn build_strategy(&self) -> Box<dyn Strategy> {
        self.strategy.build(self.discipline, self.share)
    }

    /// How many executions it may have.
    pub(super) fn executions(&self) -> usize {
        if self.strategy.is_random() {
            self.share.part(self.limits.schedules)
        } else {
            self.limits.schedules
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_the_whole() {
        let of = NonZero::new(3).unwrap();
        let parts = |executions| [0, 1, 2].map(|number| Share { number, of }.part(executions));
        assert_eq!(
            [parts(0), parts(1), parts(8), parts(9)],
            [[0; 3], [1, 0, 0], [3, 3, 2], [3; 3]]
        );
        assert_eq!(Share::default().part(usize::MAX), usize::MAX);
    }
}
