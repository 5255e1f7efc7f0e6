//! Random priorities, changed in few random places (Burckhardt, Kothari, Musuvathi, Nagarakatte: A
//! randomized scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010).

use std::num::NonZero;

use super::rng::Rng;
use super::turns::turns;
use togil_interp::race::{Point, Strategy, Turn};

/// How many choices the first execution is taken to have.
const GUESS: usize = 32;

/// Runs for ever. A failure that needs `depth` steps in a certain order is hit with a
/// probability of at least 1 / (threads * choices ^ (depth - 1)) in each execution.
pub(crate) struct Pct {
    seed: u64,
    depth: usize,
    execution: u64,
    every: NonZero<u32>,
    /// The most choices that an execution had so far.
    longest: Option<usize>,
    /// Choices made in this execution.
    choices: usize,
    rng: Rng,
    /// By thread. The higher goes first.
    priorities: Vec<i64>,
    /// Before which choices the thread that is first loses its priority.
    changes: Vec<usize>,
    /// Below all priorities given so far.
    lowest: i64,
}

impl Pct {
    /// With `depth` - 1 changes of priority in each execution. Runs the one with the number `first`, and each that
    /// comes so many after one.
    pub(crate) fn new(seed: u64, depth: usize, first: u32, every: NonZero<u32>) -> Self {
        let mut pct = Self {
            seed,
            depth,
            execution: first.into(),
            every,
            longest: None,
            choices: 0,
            rng: Rng::new(0),
            priorities: Vec::new(),
            changes: Vec::new(),
            lowest: 0,
        };
        pct.begin();
        pct
    }

    fn begin(&mut self) {
        self.rng = Rng::of_execution(self.seed, self.execution);
        self.choices = 0;
        self.priorities.clear();
        self.changes.clear();
        for _ in 1..self.depth {
            self.changes.push(self.rng.below(self.longest.unwrap_or(GUESS).max(1)));
        }
        self.lowest = 0;
    }

    /// Whose turn it is by priority.
    fn first(&mut self, point: Point<'_>) -> Option<Turn> {
        let threads = point.pending.iter().map(|pending| pending.thread.0 as usize + 1).max()?;
        while self.priorities.len() < threads {
            // 0 and below are for those that have lost theirs.
            self.priorities.push(1 + (self.rng.next() >> 2) as i64);
        }
        turns(point).max_by_key(|turn| self.priorities[turn.thread.0 as usize])
    }

    fn put_last(&mut self, turn: Turn) {
        self.lowest -= 1;
        self.priorities[turn.thread.0 as usize] = self.lowest;
    }
}

impl Strategy for Pct {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let mut turn = self.first(point)?;
        for _ in 0..self.changes.iter().filter(|&&change| change == self.choices).count() {
            self.put_last(turn);
            turn = self.first(point)?;
        }
        if turn.times_out {
            // It may try again at once, and keep the others from ever doing what it waits for.
            self.put_last(turn);
        }
        self.choices += 1;
        Some(turn)
    }

    fn end(&mut self, _point: Point<'_>) -> bool {
        self.longest = self.longest.max(Some(self.choices));
        self.execution += u64::from(self.every.get());
        self.begin();
        true
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}
