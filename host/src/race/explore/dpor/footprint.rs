//! What a block of steps has touched.

use super::order::{ALL, Deed, dependent, units_object};
use togil_interp::race::{Access, Event, Pending, Step, Sync, ThreadId};

#[derive(Clone, Default)]
pub(super) struct Footprint {
    thread: Option<ThreadId>,
    /// The first has all accesses, each of the others a way to synchronise. Each is there once.
    steps: Vec<Step>,
    /// The threads that had come to their ends.
    joined: Vec<ThreadId>,
}

impl Footprint {
    /// The block that ends where the point is. What the thread does next belongs to it if the thread is at no place to
    /// switch and must wait: with the lock free, say, the block would have gone on.
    pub(super) fn of_block(block: &[Event], pending: &[Pending]) -> Self {
        let Some(first) = block.first() else { return Self::default() };
        let thread = first.turn.thread;
        let next = pending.iter().find(|pending| pending.thread == thread);
        let waits = next.filter(|next| next.held && !next.ready).map(|next| &next.step);
        let joined = block.iter().filter_map(|event| match event.step.sync {
            Some(Sync::Join(thread)) if !event.turn.times_out => Some(thread),
            _ => None,
        });
        let all = Self::of(Some(thread), block.iter().map(|event| &event.step).chain(waits));
        Self { joined: joined.collect(), ..all }
    }

    /// Steps of a thread, or of several.
    pub(super) fn of<'a>(thread: Option<ThreadId>, steps: impl Iterator<Item = &'a Step>) -> Self {
        let mut found = vec![Step::default()];
        for step in steps {
            for access in &step.accesses {
                add(&mut found[0].accesses, *access);
            }
            if step.sync.is_some() && found.iter().all(|other| other.sync != step.sync) {
                found.push(Step { sync: step.sync, ..Step::default() });
            }
        }
        Self { thread, steps: found, joined: Vec::new() }
    }

    pub(super) fn is_independent_of(&self, other: &Self, known: u32) -> bool {
        let (Some(mine), Some(theirs)) = (self.thread, other.thread) else { return false };
        mine != theirs
            && self.steps.iter().all(|a| {
                let a = Deed { thread: mine, step: a };
                other.steps.iter().all(|b| !dependent(a, Deed { thread: theirs, step: b }, known))
            })
    }

    /// Whether the order of this block and one of another thread in the same execution matters.
    pub(super) fn depends_on(&self, other: &Self) -> bool {
        !self.is_independent_of(other, ALL)
    }

    pub(super) fn starts(&self, thread: ThreadId) -> bool {
        self.steps.iter().any(|step| step.sync == Some(Sync::Start(thread)))
    }

    /// Whether it has found that the thread had ended.
    pub(super) fn joins(&self, thread: ThreadId) -> bool {
        self.joined.contains(&thread)
    }

    /// One more than the highest number of an object.
    pub(super) fn known(&self) -> u32 {
        let units = self.steps.iter().filter_map(|step| units_object(step.sync));
        let accesses = self.steps.iter().flat_map(|step| &step.accesses);
        accesses.map(|access| access.object).chain(units).map(|o| o.0 + 1).max().unwrap_or(0)
    }
}

fn add(accesses: &mut Vec<Access>, access: Access) {
    let is_covered = |other: &Access| {
        other.object == access.object && other.part == access.part && (other.write || !access.write)
    };
    if !accesses.iter().any(is_covered) {
        accesses.push(access);
    }
}
