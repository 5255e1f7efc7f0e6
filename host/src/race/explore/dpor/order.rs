//! What must come before what, in one execution: vector clocks over its steps.

use super::super::turns::pending_of;
use togil_interp::race::{Event, ObjectId, Pending, Step, Sync, ThreadId};

/// No event.
pub(super) const NONE: u32 = u32::MAX;
/// All numbers of objects mean the same: the steps are of one execution.
pub(super) const ALL: u32 = u32::MAX;

/// A step that a thread does, or would do.
#[derive(Clone, Copy)]
pub(super) struct Deed<'a> {
    pub(super) thread: ThreadId,
    pub(super) step: &'a Step,
}

/// The object that the step synchronises on, if it is one with units.
pub(super) fn units_object(sync: Option<Sync>) -> Option<ObjectId> {
    match sync {
        Some(
            Sync::Acquire(object)
            | Sync::TryAcquire(object)
            | Sync::Look(object)
            | Sync::Release(object),
        ) => Some(object),
        _ => None,
    }
}

/// Whether the order of two steps of different threads matters.
///
/// Objects are numbered as they are touched, so from a number of `known` on, two
/// executions that begin alike may call different things the same, and the same thing differently:
/// for such objects the answer is yes.
pub(super) fn dependent(a: Deed<'_>, b: Deed<'_>, known: u32) -> bool {
    let same = |a: ObjectId, b: ObjectId| a == b || (a.0 >= known && b.0 >= known);
    let accesses = || {
        a.step.accesses.iter().any(|x| {
            b.step.accesses.iter().any(|y| {
                let mut y = *y;
                if same(x.object, y.object) {
                    y.object = x.object;
                }
                x.conflicts_with(&y)
            })
        })
    };
    let units = || match (units_object(a.step.sync), units_object(b.step.sync)) {
        (Some(x), Some(y)) => same(x, y) && !(looks(a) && looks(b)),
        _ => false,
    };
    let joins = |a: Deed<'_>, b: Deed<'_>| {
        a.step.sync == Some(Sync::Join(b.thread)) && b.step.sync == Some(Sync::End)
    };
    // Threads are numbered as they start.
    let start = |deed: Deed<'_>| matches!(deed.step.sync, Some(Sync::Start(_)));
    accesses() || units() || joins(a, b) || joins(b, a) || (start(a) && start(b))
}

fn looks(deed: Deed<'_>) -> bool {
    matches!(deed.step.sync, Some(Sync::Look(_)))
}

/// How a step was announced, right after the thread's step before it.
#[derive(Clone, Copy, Default)]
pub(super) struct Announced {
    /// With a time-out.
    pub(super) timed: bool,
    /// As waiting for somebody to write.
    pub(super) waits: bool,
}

impl Announced {
    fn of(pending: Option<&Pending>) -> Self {
        pending.map_or_else(Self::default, |pending| Self {
            timed: pending.may_time_out,
            waits: !pending.ready && !pending.may_time_out && pending.step.sync.is_none(),
        })
    }
}

/// What is known of an event besides what the trace tells.
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) thread: ThreadId,
    /// Which step of its thread it is, from 1 on.
    pub(super) nth: u32,
    /// The thread's next step.
    then: Announced,
    /// The first step of the thread that this one starts.
    child: Announced,
}

/// The order of the steps of an execution. Grows with it, and is cut back to where the next one
/// branches off.
#[derive(Default)]
pub(super) struct Order {
    notes: Vec<Note>,
    /// `width` numbers for each event: how many steps of each thread must come before, the event's
    /// own included.
    clocks: Vec<u32>,
    width: usize,
    clock: Vec<u32>,
    /// The first steps of the threads that are there from the beginning.
    first: Vec<Announced>,
}

impl Order {
    pub(super) fn len(&self) -> usize {
        self.notes.len()
    }

    /// Forgets all from this event on.
    pub(super) fn truncate(&mut self, len: usize) {
        self.notes.truncate(len);
        self.clocks.truncate(len * self.width);
    }

    /// What must come before the event. All zeros for [`NONE`].
    pub(super) fn clock_into(&self, event: u32, clock: &mut Vec<u32>) {
        clock.clear();
        if event != NONE {
            clock.extend_from_slice(self.clock(event as usize));
        }
        clock.resize(self.width, 0);
    }

    fn clock(&self, event: usize) -> &[u32] {
        &self.clocks[event * self.width..][..self.width]
    }

    /// Adds what must come before the event to the clock.
    pub(super) fn join(&self, event: usize, clock: &mut [u32]) {
        for (mine, other) in clock.iter_mut().zip(self.clock(event)) {
            *mine = (*mine).max(*other);
        }
    }

    /// Whether the first event is the second or must come before it.
    pub(super) fn before(&self, first: usize, second: usize) -> bool {
        self.within(first, self.clock(second))
    }

    /// Whether the event is among what the clock says.
    pub(super) fn within(&self, event: usize, clock: &[u32]) -> bool {
        let Note { thread, nth, .. } = self.notes[event];
        nth <= clock[thread.0 as usize]
    }

    pub(super) fn deed(trace: &[Event], event: usize) -> Deed<'_> {
        Deed { thread: trace[event].turn.thread, step: &trace[event].step }
    }

    /// The thread's step before the event, or the one that has started the thread.
    pub(super) fn prev(&self, trace: &[Event], thread: ThreadId, event: usize) -> u32 {
        let found = trace[..event].iter().rposition(|earlier| {
            earlier.turn.thread == thread || earlier.step.sync == Some(Sync::Start(thread))
        });
        found.map_or(NONE, |event| event as u32)
    }

    /// How the thread's step there was announced.
    pub(super) fn announced(&self, trace: &[Event], thread: ThreadId, event: usize) -> Announced {
        match self.notes.get(self.prev(trace, thread, event) as usize) {
            Some(note) if note.thread == thread => note.then,
            Some(note) => note.child,
            None => self.first.get(thread.0 as usize).copied().unwrap_or_default(),
        }
    }

    /// Takes in what there is before the first event.
    pub(super) fn begin(&mut self, pending: &[Pending]) {
        self.first.clear();
        for pending in pending {
            self.first.resize(pending.thread.0 as usize, Announced::default());
            self.first.push(Announced::of(Some(pending)));
        }
    }

    /// Takes the trace's next event in, right after it was done.
    pub(super) fn push(&mut self, trace: &[Event], pending: &[Pending]) {
        let event = self.len();
        let Event { turn, step, .. } = &trace[event];
        let thread = turn.thread;
        let then = Announced::of(pending_of(pending, thread));
        let child = match step.sync {
            Some(Sync::Start(child)) => Announced::of(pending_of(pending, child)),
            _ => Announced::default(),
        };
        let prev = self.prev(trace, thread, event);
        let nth = match self.notes.get(prev as usize) {
            Some(note) if note.thread == thread => note.nth + 1,
            _ => 1,
        };
        self.widen(thread.0 as usize + 1);
        self.notes.push(Note { thread, nth, then, child });
        let mut clock = std::mem::take(&mut self.clock);
        self.clock_into(prev, &mut clock);
        let deed = Deed { thread, step };
        if let Some(Sync::Join(other)) = step.sync
            && !turn.times_out
            && let Some(last) = last_of(&trace[..event], other)
        {
            self.join(last, &mut clock);
        }
        for earlier in (0..event).rev() {
            if self.notes[earlier].thread != thread
                && !self.within(earlier, &clock)
                && dependent(Self::deed(trace, earlier), deed, ALL)
            {
                self.join(earlier, &mut clock);
            }
        }
        clock[thread.0 as usize] = nth;
        self.clocks.extend_from_slice(&clock);
        self.clock = clock;
    }

    /// Makes room for more threads.
    pub(super) fn widen(&mut self, threads: usize) {
        if threads <= self.width {
            return;
        }
        let width = threads.next_power_of_two().max(4);
        let mut clocks = Vec::with_capacity(self.notes.len() * width);
        for event in 0..self.notes.len() {
            clocks.extend_from_slice(self.clock(event));
            clocks.resize((event + 1) * width, 0);
        }
        self.clocks = clocks;
        self.width = width;
    }
}

/// The last event of the thread.
pub(super) fn last_of(trace: &[Event], thread: ThreadId) -> Option<usize> {
    trace.iter().rposition(|event| event.turn.thread == thread)
}
