//! All executions with few preemptions, as most failures need few (Musuvathi, Qadeer: Iterative
//! context bounding for systematic testing of multithreaded programs, PLDI 2007).
//!
//! Not combined with the reduction of [`dpor`](super::dpor): of the executions of a class, the one
//! that the reduction picks may need more preemptions than another one.

use super::turns::{running, stay, turn_of, turns};
use togil_interp::race::{Point, Strategy, ThreadId, Turn};

/// Depth-first: all executions without preemption, then with up to one, and so on. An execution
/// is run again under each higher bound.
pub(crate) struct Bounded {
    bound: u32,
    /// The highest bound to go to.
    most: u32,
    frames: Vec<Frame>,
    depth: usize,
    /// Something was not tried because of the bound.
    hit: bool,
    /// This execution did not repeat. Nothing is tried instead of what it does, or there might be
    /// no end.
    lost: bool,
    /// Something was left out: an execution was stopped, or did not repeat.
    cut: bool,
}

struct Frame {
    turn: Turn,
    /// What is to be tried instead.
    others: Vec<Turn>,
    /// Preemptions up to this choice, without it.
    before: u32,
    /// The thread that every other choice preempts.
    running: Option<ThreadId>,
}

impl Frame {
    /// Preemptions up to this choice, with it.
    fn preemptions(&self) -> u32 {
        let preempts = self.running.is_some_and(|thread| thread != self.turn.thread);
        self.before + u32::from(preempts)
    }
}

impl Bounded {
    /// With up to `most` preemptions. `u32::MAX` for all executions.
    pub(crate) fn new(most: u32) -> Self {
        Self::starting_with(0, most)
    }

    /// Begins with up to `bound` preemptions.
    pub(super) fn starting_with(bound: u32, most: u32) -> Self {
        Self { bound, most, frames: Vec::new(), depth: 0, hit: false, lost: false, cut: false }
    }

    fn new_frame(&mut self, point: Point<'_>, before: u32) -> Option<Frame> {
        // Goes on with the thread if it is ready, so this one is no preemption.
        let turn = stay(point, |_| true)?;
        let mut others: Vec<_> = turns(point).filter(|&other| other != turn).collect();
        let running = running(point);
        if self.lost {
            others.clear();
        } else if before == self.bound && running.is_some() {
            self.hit |= !others.is_empty();
            others.clear();
        }
        others.reverse();
        Some(Frame { turn, others, before, running })
    }
}

impl Strategy for Bounded {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let depth = self.depth;
        self.depth += 1;
        if let Some(frame) = self.frames.get(depth) {
            if turns(point).any(|turn| turn == frame.turn) {
                return Some(frame.turn);
            }
            self.cut = true;
            self.lost = true;
            self.frames.truncate(depth);
        }
        let before = self.frames.last().map_or(0, Frame::preemptions);
        let frame = self.new_frame(point, before)?;
        let turn = frame.turn;
        self.frames.push(frame);
        Some(turn)
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        self.cut |= point.pending.iter().any(|pending| turn_of(pending).is_some());
        self.cut |= self.frames.len() > self.depth;
        self.frames.truncate(self.depth);
        self.depth = 0;
        self.lost = false;
        while let Some(frame) = self.frames.last_mut() {
            if let Some(turn) = frame.others.pop() {
                frame.turn = turn;
                return true;
            }
            self.frames.pop();
        }
        let goes_on = self.hit && self.bound < self.most;
        if goes_on {
            self.bound += 1;
            self.hit = false;
        }
        goes_on
    }

    fn is_exhaustive(&self) -> bool {
        !self.hit && !self.cut
    }
}
