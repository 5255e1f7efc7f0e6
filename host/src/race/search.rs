//! What is asked of the lab.

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

    pub(super) fn build(self, discipline: Discipline) -> Box<dyn Strategy> {
        match self {
            Self::Exhaustive if discipline == Discipline::Gil => Box::new(Dpor::with_blocks()),
            // Steps that touch nothing: for the reduction all orders of them would be one.
            Self::Exhaustive if discipline == Discipline::AnyBytecode => {
                Box::new(Bounded::new(u32::MAX))
            }
            Self::Exhaustive => Box::new(Dpor::new()),
            Self::Bounded(preemptions) => Box::new(Bounded::new(preemptions)),
            Self::Pct { seed, depth } => Box::new(Pct::new(seed, depth)),
            Self::Random { seed } => Box::new(Random::new(seed, 0)),
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

/// What is asked of the lab. By default: every execution, free-threaded, for 30 seconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Search {
    /// How schedules are chosen.
    pub strategy: StrategyKind,
    /// Where threads can be switched.
    pub discipline: Discipline,
    /// How much is explored.
    pub limits: Limits,
}
