//! Optimal exploration where a thread can be taken off before each step.

use super::super::turns::{pending_of, stay, turn_of, turn_of_thread};
use super::order::{ALL, Deed, NONE, Order, dependent};
use super::races::races;
use super::sequence::{Sequence, Target};
use super::wakeup::{Popped, Wakeup};
use togil_interp::race::{Event, Pending, Point, ThreadId, Turn};

/// A choice of the execution that runs.
struct Frame {
    turn: Turn,
    /// Objects known before the choice: in all executions that begin so, they have these numbers.
    known: u32,
    /// Where in [`Steps::sleep`] the choice's own part begins: the threads that are not to be
    /// chosen, as all that begins so was explored. It ends where the next one's begins.
    sleep: usize,
    /// What is to be tried instead, later.
    siblings: u32,
    /// What is to be tried after it.
    children: u32,
}

/// Two steps that could have been done in the other order.
#[derive(Clone, Copy)]
struct Race {
    /// The earlier one's place in the trace.
    event: usize,
    /// The later one's. The trace's length if it was not done.
    at: usize,
    /// How the later one's thread would go on before the earlier one.
    turn: Turn,
}

/// Depth-first. Wakeup trees say where to branch, sleep sets where not.
#[derive(Default)]
pub(super) struct Steps {
    frames: Vec<Frame>,
    sleep: Vec<ThreadId>,
    order: Order,
    wakeup: Wakeup,
    /// By the later step.
    races: Vec<Race>,
    /// The first event that the last execution did not have.
    fresh: usize,
    gave_up: bool,
    /// This execution did not repeat. It is not looked at further, or there might be no end.
    lost: bool,
    /// Objects have the same numbers in all executions.
    pub(super) names_are_fixed: bool,
    /// Something was left out: an execution was stopped, or did not repeat.
    cut: bool,
    /// Memory to use again.
    events: Vec<u32>,
    clocks: [Vec<u32>; 2],
}

impl Steps {
    pub(super) fn is_exhaustive(&self) -> bool {
        !self.cut
    }

    pub(super) fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let depth = point.trace.len();
        if let Some(frame) = self.frames.get(depth) {
            if turn_of_thread(point, frame.turn.thread) == Some(frame.turn) {
                return Some(frame.turn);
            }
            self.diverge(depth);
        }
        self.catch_up(point);
        let sleep = self.sleep.len();
        self.inherit_sleep(point);
        let Some((turn, siblings, children)) = self.next_turn(point, sleep) else {
            self.sleep.truncate(sleep);
            self.gave_up = true;
            return None;
        };
        let objects = point.pending.iter().flat_map(objects).max();
        let before = self.frames.last().map_or(0, |frame| frame.known);
        let known = match self.names_are_fixed {
            true => ALL,
            false => before.max(objects.map_or(0, |object| object + 1)),
        };
        self.frames.push(Frame { turn, known, sleep, siblings, children });
        Some(turn)
    }

    pub(super) fn end(&mut self, point: Point<'_>) -> bool {
        if self.frames.len() > point.trace.len() {
            self.diverge(point.trace.len());
        }
        self.catch_up(point);
        self.cut |= !self.gave_up && point.pending.iter().any(|pending| turn_of(pending).is_some());
        // One that was given up too: what is left of it was explored elsewhere, what it has shown
        // so far perhaps not.
        if !self.lost {
            self.analyse(point);
        }
        (self.gave_up, self.lost) = (false, false);
        self.backtrack()
    }

    /// The program did not do again what it did before.
    fn diverge(&mut self, depth: usize) {
        self.cut = true;
        self.lost = true;
        if let Some(frame) = self.frames.get(depth) {
            self.sleep.truncate(frame.sleep);
        }
        self.frames.truncate(depth);
        self.order.truncate(depth.saturating_sub(1));
        self.races.clear();
        if let Some(frame) = self.frames.last_mut() {
            frame.children = NONE;
        }
    }

    /// Takes in the events that were done since the last choice.
    fn catch_up(&mut self, point: Point<'_>) {
        let threads = point.pending.iter().map(|pending| pending.thread.0 + 1).max().unwrap_or(0);
        self.order.widen(threads as usize);
        if point.trace.is_empty() {
            self.order.begin(point.pending);
        }
        while self.order.len() < point.trace.len() {
            self.order.push(point.trace, point.pending);
        }
    }

    /// Who sleeps where the last choice was made goes on sleeping if the step does not matter to
    /// it.
    fn inherit_sleep(&mut self, point: Point<'_>) {
        let Some(depth) = point.trace.len().checked_sub(1) else { return };
        let done = Order::deed(point.trace, depth);
        for index in self.frames[depth].sleep..self.sleep.len() {
            let thread = self.sleep[index];
            if let Some(pending) = pending_of(point.pending, thread)
                && thread != done.thread
                && !dependent(Deed { thread, step: &pending.step }, done, ALL)
            {
                self.sleep.push(thread);
            }
        }
    }

    /// What to do where no execution has been: what a wakeup tree says, or else anything that does
    /// not sleep. With the trees of what to do instead and after it.
    fn next_turn(&mut self, point: Point<'_>, sleep: usize) -> Option<(Turn, u32, u32)> {
        let mut tree = self.frames.last().map_or(NONE, |frame| frame.children);
        if tree == NONE {
            let asleep = &self.sleep[sleep..];
            let awake = |turn: Turn| !asleep.contains(&turn.thread);
            return stay(point, awake).map(|turn| (turn, NONE, NONE));
        }
        while tree != NONE {
            let Popped { turn, children, siblings } = self.wakeup.pop(tree);
            if let Some(turn) = turn_of_thread(point, turn.thread) {
                return Some((turn, siblings, children));
            }
            tree = siblings;
        }
        None
    }

    /// Goes to the last choice where something else is to be tried.
    fn backtrack(&mut self) -> bool {
        while let Some(frame) = self.frames.last_mut() {
            if frame.siblings == NONE {
                self.sleep.truncate(frame.sleep);
                self.frames.pop();
                continue;
            }
            let next = self.wakeup.pop(frame.siblings);
            let done = std::mem::replace(&mut frame.turn, next.turn);
            (frame.siblings, frame.children) = (next.siblings, next.children);
            self.fresh = self.frames.len() - 1;
            self.sleep.push(done.thread);
            self.order.truncate(self.fresh);
            let old = self.races.partition_point(|race| race.at < self.fresh);
            self.races.truncate(old);
            return true;
        }
        false
    }

    /// Finds what could have been done in the other order, and has it tried.
    fn analyse(&mut self, point: Point<'_>) {
        let Point { trace, pending } = point;
        for at in self.fresh..trace.len() {
            self.find(trace, Order::deed(trace, at), at);
        }
        for &Pending { thread, ref step, .. } in pending {
            self.find(trace, Deed { thread, step }, trace.len());
        }
        // The old ones too: what follows them is new, and decides which of the other orders were
        // explored.
        for index in 0..self.races.len() {
            self.reverse(point, self.races[index]);
        }
    }

    fn find(&mut self, trace: &[Event], deed: Deed<'_>, at: usize) {
        let Self { order, races: found, clocks: [clock, _], .. } = self;
        let target = Target { deed, at, announced: order.announced(trace, deed.thread, at) };
        races(order, trace, target, clock, |event, turn| found.push(Race { event, at, turn }));
    }

    /// Has it tried that the later step of the race comes first, if that was not explored.
    fn reverse(&mut self, point: Point<'_>, race: Race) {
        let Self { frames, sleep, order, wakeup, events, clocks: [last_clock, _], .. } = self;
        let (trace, Race { event, at, turn }) = (point.trace, race);
        let step_of = |thread| pending_of(point.pending, thread).map(|pending| &pending.step);
        let step = trace.get(at).map(|event| &event.step).or_else(|| step_of(turn.thread));
        let last = step.map(|step| Deed { thread: turn.thread, step });
        order.clock_into(order.prev(trace, turn.thread, at), last_clock);
        let later = event + 1..trace.len();
        events.clear();
        events.extend(later.filter(|&later| !order.before(event, later)).map(|later| later as u32));
        let mut sequence = Sequence { order, trace, events, last, last_turn: turn, last_clock };
        let Frame { known, sleep: start, .. } = frames[event];
        let end = frames.get(event + 1).map_or(sleep.len(), |next| next.sleep);
        let explored = sleep[start..end].iter().any(|&thread| {
            let next = trace[event..].iter().find(|event| event.turn.thread == thread);
            let step = next.map(|event| &event.step).or_else(|| step_of(thread));
            step.is_some_and(|step| sequence.can_begin_with(Deed { thread, step }, ALL))
        });
        if !explored {
            wakeup.insert(&mut frames[event].siblings, &mut sequence, known);
        }
    }
}

/// The numbers of the objects that the thread's next step touches.
fn objects(pending: &Pending) -> impl Iterator<Item = u32> {
    let units = super::order::units_object(pending.step.sync);
    let accesses = pending.step.accesses.iter().map(|access| access.object);
    accesses.chain(units).map(|object| object.0)
}
