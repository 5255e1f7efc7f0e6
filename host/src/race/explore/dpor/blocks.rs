//! Exploration where a thread can be taken off in few places only: between two of them it does a
//! block of steps, and what the next block will touch is not known before it has run.
//!
//! Source sets and sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Source sets, J. ACM 2017, algorithm 1), with blocks
//! as the transitions: what a block has touched is known when it has run, and which blocks could have come in
//! the other order is asked only then ([`block_order`](super::block_order)). A thread that is to come earlier need not
//! do the same block there, as one that waits ends a block early; it is looked at again then. So nothing is lost, no two
//! complete executions are told apart by nothing but where blocks ended, and some are given up on the way: that
//! another thread's block would have been needed to see what is left to do cannot be known earlier.

use super::super::turns::{stay, turn_of, turns};
use super::block_order::{Announced, Block, clock_of, initials, races};
use super::footprint::Footprint;
use togil_interp::race::{Pending, Point, Sync, ThreadId, Turn};

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
    /// The threads that are to be tried here.
    wanted: Vec<ThreadId>,
    /// What the threads waited to do.
    pending: Vec<Waiting>,
    sleep: Vec<Asleep>,
    footprint: Option<Footprint>,
}

/// What else is known of a block that was done. See [`Block`].
struct Note {
    clock: Vec<u32>,
    nth: u32,
    announced: Announced,
}

/// Two blocks that could have come in the other order.
#[derive(Clone, Copy)]
struct Race {
    /// The earlier one.
    block: usize,
    /// The later one. The number of blocks if it was not done.
    at: usize,
    /// The thread of the later one.
    thread: ThreadId,
}

/// A thread that waits to be chosen.
struct Waiting {
    thread: ThreadId,
    sync: Option<Sync>,
    announced: Announced,
}

impl Waiting {
    fn of(pending: &Pending) -> Self {
        let sync = pending.step.sync;
        let waits = !pending.ready && !pending.may_time_out && sync.is_none();
        let announced = Announced { timed: pending.may_time_out, waits };
        Self { thread: pending.thread, sync, announced }
    }
}

/// Depth-first.
#[derive(Default)]
pub(super) struct Blocks {
    frames: Vec<Frame>,
    /// Of the blocks of the last execution.
    notes: Vec<Note>,
    /// By the later block.
    races: Vec<Race>,
    /// The choices made in the execution that runs.
    depth: usize,
    /// The first one that the last execution did not have.
    fresh: usize,
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
        let pending = Footprint::of(None, point.pending.iter().map(|pending| &pending.step));
        let known = self.frames.last().map_or(0, |frame| {
            frame.known.max(frame.footprint.as_ref().map_or(0, Footprint::known))
        });
        self.frames.push(Frame {
            turn,
            start: point.trace.len(),
            known: known.max(pending.known()),
            turns: turns(point).filter(|&other| other == turn || !self.lost).collect(),
            wanted: vec![turn.thread],
            pending: point.pending.iter().map(Waiting::of).collect(),
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
        if !self.lost {
            self.analyse(point);
        }
        (self.gave_up, self.lost) = (false, false);
        self.depth = 0;
        while let Some(frame) = self.frames.last_mut() {
            let footprint = frame.footprint.take().unwrap_or_default();
            frame.sleep.push(Asleep { turn: frame.turn, footprint, known: frame.known });
            let is_next =
                |turn: &&Turn| frame.wanted.contains(&turn.thread) && !sleeps(&frame.sleep, **turn);
            if let Some(&turn) = frame.turns.iter().find(is_next) {
                frame.turn = turn;
                self.fresh = self.frames.len() - 1;
                return true;
            }
            self.frames.pop();
        }
        false
    }

    /// Finds what could have been done in the other order, and has it tried.
    fn analyse(&mut self, point: Point<'_>) {
        self.notes.truncate(self.fresh);
        let old = self.races.partition_point(|race| race.at < self.fresh);
        self.races.truncate(old);
        let mut found = std::mem::take(&mut self.races);
        for at in self.notes.len()..self.frames.len() {
            let nothing = Footprint::default();
            let Frame { turn: Turn { thread, .. }, start, ref footprint, .. } = self.frames[at];
            let footprint = footprint.as_ref().unwrap_or(&nothing);
            let blocks = self.blocks();
            let nth = 1 + blocks.iter().filter(|block| block.thread == thread).count() as u32;
            let clock = clock_of(&blocks, thread, footprint, nth);
            let (announced, sync) = self.waiting(at, thread);
            let last = Block { thread, footprint, start, announced, clock: &[], nth };
            races(&blocks, &last, point.trace, sync, |block| {
                found.push(Race { block, at, thread });
            });
            self.notes.push(Note { clock, nth, announced });
        }
        let blocks = self.blocks();
        for pending in point.pending {
            let Waiting { thread, sync, announced } = Waiting::of(pending);
            let footprint = Footprint::of(Some(thread), std::iter::once(&pending.step));
            let start = point.trace.len();
            let last =
                Block { thread, footprint: &footprint, start, announced, clock: &[], nth: 0 };
            races(&blocks, &last, point.trace, sync, |block| {
                found.push(Race { block, at: blocks.len(), thread });
            });
        }
        // The old ones too: what follows them is new.
        let first = |race: &Race| (race.block, initials(&blocks, race.block, race.thread));
        let wanted: Vec<_> = found.iter().map(first).collect();
        wanted.into_iter().for_each(|(block, initials)| self.want(block, &initials));
        self.races = found;
    }

    /// The first blocks of the execution: those of which all is known.
    fn blocks(&self) -> Vec<Block<'_>> {
        let known = self.frames.iter().zip(&self.notes);
        let known = known.filter_map(|(frame, note)| {
            let Frame { turn: Turn { thread, .. }, start, ref footprint, .. } = *frame;
            let Note { ref clock, nth, announced } = *note;
            Some(Block { thread, footprint: footprint.as_ref()?, start, announced, clock, nth })
        });
        known.collect()
    }

    /// How the thread's block was announced that was done there: right after its thread's last block.
    fn waiting(&self, at: usize, thread: ThreadId) -> (Announced, Option<Sync>) {
        let last = self.frames[..at].iter().rposition(|frame| frame.turn.thread == thread);
        let first = last.map_or(0, |last| last + 1);
        let found = self.frames[first..=at]
            .iter()
            .find_map(|frame| frame.pending.iter().find(|pending| pending.thread == thread));
        found.map_or((Announced::default(), None), |found| (found.announced, found.sync))
    }

    /// Has one of the threads tried before a block, unless that was done or is going to be.
    fn want(&mut self, block: usize, initials: &[ThreadId]) {
        let frame = &mut self.frames[block];
        let is_covered = |thread: &ThreadId| {
            frame.wanted.contains(thread)
                || frame.sleep.iter().any(|asleep| asleep.turn.thread == *thread)
        };
        if initials.iter().any(is_covered) {
            return;
        }
        let can = |thread: &&ThreadId| frame.turns.iter().any(|turn| turn.thread == **thread);
        match initials.iter().find(can) {
            Some(&thread) => frame.wanted.push(thread),
            None => frame.wanted.extend(frame.turns.iter().map(|turn| turn.thread)),
        }
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
