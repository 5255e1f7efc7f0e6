//! Every execution that can be told from the others, once.
//!
//! Two executions are told apart if they differ in the order of two steps whose order
//! matters: two accesses to the same thing of which one writes, or two operations on the same lock.
//! Whatever else differs, no thread can see.
//!
//! - [`steps`]: optimal dynamic partial-order reduction (Abdulla, Aronis, Jonsson, Sagonas: Source
//!   sets: A foundation for optimal dynamic partial order reduction, J. ACM 2017). Exactly one
//!   execution of each class, and none is given up. [`order`] tells what must come before what,
//!   [`races`] what could have come in the other order, [`sequence`] how, [`wakeup`] what is still
//!   to be tried. Only objects that are numbered by touch can make it run more than that, rarely.
//! - [`blocks`]: for steps that form blocks, as they do under a GIL, by source sets ([`footprint`], [`block_order`]).
//!
//! Both need a program that does the same when it is scheduled the same. One that does not is
//! noticed only when a thread that is to go on cannot; then [`Strategy::is_exhaustive`] says no.

mod block_order;
mod blocks;
mod footprint;
mod order;
mod races;
mod sequence;
mod steps;
mod wakeup;

#[cfg(test)]
mod tests;

use blocks::Blocks;
use steps::Steps;
use togil_interp::race::{Point, Strategy, Turn};

/// Explores everything, as long as executions end.
pub(crate) struct Dpor(Mode);

enum Mode {
    Steps(Box<Steps>),
    Blocks(Blocks),
}

impl Dpor {
    /// For threads that can be taken off before each step. When it sees a block, it starts over as
    /// [`with_blocks`](Self::with_blocks): the execution that shows it is lost.
    pub(crate) fn new() -> Self {
        Self(Mode::Steps(Box::default()))
    }

    /// For threads that cannot be taken off before each step.
    pub(crate) fn with_blocks() -> Self {
        Self(Mode::Blocks(Blocks::default()))
    }

    /// For threads that can be taken off before each step, and objects that have the same numbers
    /// in all executions. Without that some executions may be superfluous.
    #[cfg(test)]
    fn with_fixed_names() -> Self {
        let mut steps = Box::<Steps>::default();
        steps.names_are_fixed = true;
        Self(Mode::Steps(steps))
    }

    /// Whether the execution has shown that steps form blocks, and is not to be looked at further.
    fn sees_block(&self, point: Point<'_>) -> bool {
        matches!(self.0, Mode::Steps(_)) && point.trace.iter().any(|event| event.continues)
    }
}

impl Strategy for Dpor {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        if self.sees_block(point) {
            return None;
        }
        match &mut self.0 {
            Mode::Steps(steps) => steps.choose(point),
            Mode::Blocks(blocks) => blocks.choose(point),
        }
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        if self.sees_block(point) {
            *self = Self::with_blocks();
            return true;
        }
        match &mut self.0 {
            Mode::Steps(steps) => steps.end(point),
            Mode::Blocks(blocks) => blocks.end(point),
        }
    }

    fn is_exhaustive(&self) -> bool {
        match &self.0 {
            Mode::Steps(steps) => steps.is_exhaustive(),
            Mode::Blocks(blocks) => blocks.is_exhaustive(),
        }
    }
}
