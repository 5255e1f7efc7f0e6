//! What must come before what among the blocks of an execution, and which could have come in the other order: vector
//! clocks, as [`order`](super::order) has them for steps.

use super::footprint::Footprint;
use super::order::units_object;
use togil_interp::race::{Event, Sync, ThreadId};

/// A block of an execution.
pub(super) struct Block<'a> {
    pub(super) thread: ThreadId,
    pub(super) footprint: &'a Footprint,
    /// Where in the trace it begins. Its end, for one that was not done.
    pub(super) start: usize,
    /// How it was announced.
    pub(super) announced: Announced,
    /// How many blocks of each thread must come before it, itself included.
    pub(super) clock: &'a [u32],
    /// Which block of its thread it is, from 1 on.
    pub(super) nth: u32,
}

/// How a block's first step was announced.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Announced {
    /// With a time-out.
    pub(super) timed: bool,
    /// As waiting for somebody to write.
    pub(super) waits: bool,
}

/// Whether a block could have been done before another one.
#[derive(PartialEq, Eq)]
enum Possible {
    Yes,
    /// It was waiting for a write, which may be one of those that are kept.
    Perhaps,
    No,
}

/// What must come before the block of a thread at `at`, without what it depends on itself: what comes before its
/// thread's last block, or before the start of its thread.
pub(super) fn clock_before(blocks: &[Block<'_>], thread: ThreadId) -> Vec<u32> {
    let comes = |block: &&Block<'_>| block.thread == thread || block.footprint.starts(thread);
    let last = blocks.iter().rev().find(comes);
    last.map_or_else(Vec::new, |last| last.clock.to_vec())
}

/// The same, with what the block depends on, and with itself as the `nth` of its thread.
pub(super) fn clock_of(
    blocks: &[Block<'_>],
    thread: ThreadId,
    footprint: &Footprint,
    nth: u32,
) -> Vec<u32> {
    let mut clock = clock_before(blocks, thread);
    for block in blocks.iter().rev().filter(|block| block.thread != thread) {
        let comes = footprint.joins(block.thread) || footprint.depends_on(block.footprint);
        if !within(block, &clock) && comes {
            join(&mut clock, block.clock);
        }
    }
    set(&mut clock, thread, nth);
    clock
}

/// Calls `found` with each of these blocks that the last one, which may not have been done, could have come before.
pub(super) fn races(
    blocks: &[Block<'_>],
    last: &Block<'_>,
    trace: &[Event],
    first_step: Option<Sync>,
    mut found: impl FnMut(usize),
) {
    let mut clock = clock_before(blocks, last.thread);
    for (index, block) in blocks.iter().enumerate().rev() {
        if block.thread == last.thread
            || within(block, &clock)
            || !last.footprint.depends_on(block.footprint)
        {
            continue;
        }
        match is_possible(blocks, index, last, trace, first_step) {
            Possible::No => continue,
            Possible::Perhaps => {}
            Possible::Yes => join(&mut clock, block.clock),
        }
        found(index);
    }
}

/// Whether the last block could begin if an earlier one, and all that needs that one, were not there.
fn is_possible(
    blocks: &[Block<'_>],
    earlier: usize,
    last: &Block<'_>,
    trace: &[Event],
    first_step: Option<Sync>,
) -> Possible {
    let is_kept = |index: usize| index < earlier || !within(&blocks[earlier], blocks[index].clock);
    let yes = |yes: bool| if yes { Possible::Yes } else { Possible::No };
    match first_step {
        _ if last.announced.timed => Possible::Yes,
        Some(Sync::Acquire(object)) => {
            // Operations that change an object are ordered: what is kept of them is a beginning.
            let lost = (earlier..blocks.len()).filter(|&index| !is_kept(index));
            let mut events = lost.flat_map(|index| {
                let end = blocks.get(index + 1).map_or(last.start, |next| next.start);
                trace[blocks[index].start..end].iter()
            });
            let next = events.find(|event| units_object(event.step.sync) == Some(object));
            match next {
                Some(next) => yes(next.units > 0),
                None => yes(last.start < trace.len()),
            }
        }
        Some(Sync::Join(other)) => {
            let last_of = blocks.iter().rposition(|block| block.thread == other);
            yes(last.start < trace.len() && last_of.is_none_or(is_kept))
        }
        _ if last.announced.waits => Possible::Perhaps,
        _ => Possible::Yes,
    }
}

/// The threads with which one can begin what does not need a block that was done before it, and then a thread whose block
/// could have come before that one. That thread may do something else then, which may need all the others: it is no
/// way to begin while there is another.
pub(super) fn initials(blocks: &[Block<'_>], earlier: usize, thread: ThreadId) -> Vec<ThreadId> {
    let rest = blocks[earlier + 1..].iter();
    let kept: Vec<_> = rest.filter(|block| !within(&blocks[earlier], block.clock)).collect();
    if kept.is_empty() {
        return vec![thread];
    }
    let mut found = Vec::new();
    for (place, block) in kept.iter().enumerate() {
        let mut before = kept[..place].iter();
        if before.all(|other| other.thread != block.thread && !within(other, block.clock)) {
            found.push(block.thread);
        }
    }
    // What that thread does first is best.
    if let Some(place) = found.iter().position(|other| *other == thread) {
        found.swap(0, place);
    }
    found
}

fn within(block: &Block<'_>, clock: &[u32]) -> bool {
    clock.get(block.thread.0 as usize).is_some_and(|&nth| block.nth <= nth)
}

fn join(clock: &mut Vec<u32>, other: &[u32]) {
    if clock.len() < other.len() {
        clock.resize(other.len(), 0);
    }
    for (mine, other) in clock.iter_mut().zip(other) {
        *mine = (*mine).max(*other);
    }
}

fn set(clock: &mut Vec<u32>, thread: ThreadId, nth: u32) {
    let index = thread.0 as usize;
    if clock.len() <= index {
        clock.resize(index + 1, 0);
    }
    clock[index] = nth;
}
