//! Exploration where a thread can be taken off in few places only: between two of them it does a
//! block of steps, and what the next block will touch is not known before it has run.
//!
//! Sleep sets alone (Godefroid: Partial-Order Methods for the Verification of Concurrent Systems,
//! 1996, chapter 5), by what a block has touched when it last ran from the same state. Every thread
//! is tried in every state unless it sleeps. So nothing is lost, no two complete executions are
//! told apart by nothing, but some are given up on the way: that another thread's block would have
//! been needed to see what is left to do cannot be known earlier.

use super::super::turns::{stay, turn_of, turns};
use super::order::{Deed, dependent, units_object};
use togil_interp::race::{Event, Pending, Point, Step, ThreadId, Turn};

/// What a block has touched.
#[derive(Clone, Default)]
struct Footprint {
    thread: Option<ThreadId>,
    steps: Vec<Step>,
}

impl Footprint {
    /// The block that ends where the point is. What the thread does next belongs to it if the
    /// thread must wait: with the lock free, say, the block would have gone on.
    fn of_block(block: &[Event], pending: &[Pending]) -> Self {
        let Some(first) = block.first() else { return Self::default() };
        let thread = first.turn.thread;
        let next = pending.iter().find(|pending| pending.thread == thread);
        let waits = next.filter(|next| !next.ready).map(|next| &next.step);
        let steps = block.iter().map(|event| &event.step).chain(waits).cloned().collect();
        Self { thread: Some(thread), steps }
    }

    fn is_independent_of(&self, other: &Self, known: u32) -> bool {
        let (Some(mine), Some(theirs)) = (self.thread, other.thread) else { return false };
        mine != theirs
            && self.steps.iter().all(|a| {
                let a = Deed { thread: mine, step: a };
                other.steps.iter().all(|b| !dependent(a, Deed { thread: theirs, step: b }, known))
            })
    }

    /// One more than the highest number of an object.
    fn known(&self) -> u32 {
        let units = self.steps.iter().filter_map(|step| units_object(step.sync));
        let accesses = self.steps.iter().flat_map(|step| &step.accesses);
        accesses.map(|access| access.object).chain(units).map(|o| o.0 + 1).max().unwrap_or(0)
    }
}

/// A turn that is not to be taken: all that begins with it was explored.
#[derive(Clone)]
struct Asleep {
    turn: Turn,
    footprint: Footprint,
    /// Objects known where the block began: only these have the same numbers now.
    known: u32,
}

/// A choice of the execution that runs.
struct Frame {
    turn: Turn,
    /// Events before it.
    start: usize,
    known: u32,
    /// All turns that there are.
    turns: Vec<Turn>,
    sleep: Vec<Asleep>,
    footprint: Option<Footprint>,
}

/// Depth-first.
#[derive(Default)]
pub(super) struct Blocks {
    frames: Vec<Frame>,
    /// The choices made in the execution that runs.
    depth: usize,
    gave_up: bool,
    /// This execution did not repeat. Nothing is tried instead of what it does, or there might be
    /// no end.
    lost: bool,
    /// Something was left out: an execution was stopped, or did not repeat.
    cut: bool,
}

impl Blocks {
    pub(super) fn is_exhaustive(&self) -> bool {
        !self.cut
    }

    pub(super) fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        self.catch_up(point);
        let depth = self.depth;
        self.depth += 1;
        if let Some(frame) = self.frames.get(depth) {
            if frame.start == point.trace.len() && turns(point).eq(frame.turns.iter().copied()) {
                return Some(frame.turn);
            }
            self.cut = true;
            self.lost = true;
            self.frames.truncate(depth);
        }
        let sleep = self.inherited_sleep();
        let Some(turn) = stay(point, |turn| !sleeps(&sleep, turn)) else {
            self.gave_up = true;
            return None;
        };
        let pending = point.pending.iter().map(|pending| &pending.step).cloned().collect();
        let pending = Footprint { steps: pending, ..Footprint::default() };
        let known = self.frames.last().map_or(0, |frame| {
            frame.known.max(frame.footprint.as_ref().map_or(0, Footprint::known))
        });
        self.frames.push(Frame {
            turn,
            start: point.trace.len(),
            known: known.max(pending.known()),
            turns: turns(point).filter(|&other| other == turn || !self.lost).collect(),
            sleep,
            footprint: None,
        });
        Some(turn)
    }

    pub(super) fn end(&mut self, point: Point<'_>) -> bool {
        self.catch_up(point);
        if self.frames.len() > self.depth {
            self.cut = true;
            self.frames.truncate(self.depth);
        }
        self.cut |= !self.gave_up && point.pending.iter().any(|pending| turn_of(pending).is_some());
        (self.gave_up, self.lost) = (false, false);
        self.depth = 0;
        while let Some(frame) = self.frames.last_mut() {
            let footprint = frame.footprint.take().unwrap_or_default();
            frame.sleep.push(Asleep { turn: frame.turn, footprint, known: frame.known });
            if let Some(&turn) = frame.turns.iter().find(|&&turn| !sleeps(&frame.sleep, turn)) {
                frame.turn = turn;
                return true;
            }
            self.frames.pop();
        }
        false
    }

    /// Notes what the last block has touched, when it has just run for the first time.
    fn catch_up(&mut self, point: Point<'_>) {
        if let Some(depth) = self.depth.checked_sub(1)
            && let Some(frame) = self.frames.get_mut(depth)
            && frame.footprint.is_none()
            && let Some(block) = point.trace.get(frame.start..)
        {
            frame.footprint = Some(Footprint::of_block(block, point.pending));
        }
    }

    /// Who sleeps where the last choice was made goes on sleeping if the block does not matter to
    /// it.
    fn inherited_sleep(&self) -> Vec<Asleep> {
        let Some(last) = self.frames.last() else { return Vec::new() };
        let Some(done) = &last.footprint else { return Vec::new() };
        let unaffected = |asleep: &&Asleep| asleep.footprint.is_independent_of(done, asleep.known);
        last.sleep.iter().filter(unaffected).cloned().collect()
    }
}

fn sleeps(sleep: &[Asleep], turn: Turn) -> bool {
    sleep.iter().any(|asleep| asleep.turn.thread == turn.thread)
}
