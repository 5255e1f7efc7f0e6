//! One execution: which threads there are, what each is about to do, and who goes next.
//!
//! The threads are real, but one runs at a time: whoever announces a step chooses the next thread,
//! calls it, and waits for its own turn. So the state is only ever touched by the thread that
//! runs, and its lock is never contended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyTypeRef;

use super::objects::Objects;
use super::outcome::{Blocked, End, Failure};
use super::sharing::Watch;
use super::spin::Spin;
use super::stepping;
use super::turn_calls::TurnCalls;
use super::values::Noted;
use super::{
    Access, Discipline, Event, ObjectId, Pending, Point, Sharing, SiteId, Step, Strategy, Sync,
    ThreadId, Turn, progress,
};
use crate::attach;
use crate::lock::Seat;

/// The turns of all loops in an execution. One that nobody else can tell has no steps to be counted.
const MAX_TURNS: u64 = 3_000_000;

/// The execution is over for this thread: it unwinds.
#[derive(Debug)]
pub(crate) struct Abandoned;

pub(crate) struct Execution {
    pub(crate) state: Mutex<State>,
    /// What unwinds its threads when it is over.
    pub(crate) abandoned: PyTypeRef,
    /// Whether what steps read and write is to be noted.
    pub(crate) notes: bool,
    /// The driver waits here until all threads have ended.
    driver: Seat,
}

pub(crate) struct State {
    strategy: Box<dyn Strategy>,
    discipline: Discipline,
    max_steps: usize,
    threads: Vec<Thread>,
    /// What the threads that wait for their turn announced, by thread.
    pending: Vec<Pending>,
    trace: Vec<Event>,
    /// What is known of steps besides, by their place in the trace.
    noted: BTreeMap<usize, Noted>,
    /// The free units of the objects that threads synchronise by; a lock has one at first.
    units: Vec<u32>,
    /// Who took the last unit: shown where threads wait for it.
    holders: Vec<Option<ThreadId>>,
    pub(crate) objects: Objects,
    pub(crate) watch: Watch,
    /// The turns of loops.
    turns: u64,
    /// Whether there were units before the last step.
    had_units: bool,
    /// Virtual time since the execution began.
    now: Duration,
    end: Option<End>,
    live: usize,
    outlived: bool,
    /// Whether a thread was ended in the middle of something.
    torn: bool,
    /// Whether a loop that waits was not followed as far as it goes.
    cut: bool,
}

struct Thread {
    seat: Arc<Seat>,
    name: String,
    daemon: bool,
    ended: bool,
    /// How long its pending step waits before it may time out.
    timeout: Option<Duration>,
    /// Whether its last turn timed out.
    timed_out: bool,
    /// Under a GIL: whether it has passed a place to switch since its last step.
    may_switch: bool,
    /// Whether it had not before the step that it has announced.
    held: bool,
    spin: Spin,
    /// What it has changed if the native call in which it was woken has gone through: known when it
    /// does something else.
    owes: Vec<Access>,
}

impl Thread {
    fn new(seat: Arc<Seat>, name: String, daemon: bool) -> Self {
        Self {
            seat,
            name,
            daemon,
            ended: false,
            timeout: None,
            timed_out: false,
            may_switch: true,
            held: false,
            spin: Spin::default(),
            owes: Vec::new(),
        }
    }
}

/// What an execution has come to.
pub(crate) struct Finished {
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) trace: Vec<Event>,
    pub(crate) noted: BTreeMap<usize, Noted>,
    /// The steps of threads that waited for ever.
    pub(crate) pending: Vec<Pending>,
    pub(crate) end: End,
    pub(crate) objects: Objects,
    pub(crate) names: Vec<String>,
    pub(crate) sharing: Sharing,
    pub(crate) torn: bool,
    pub(crate) cut: bool,
}

impl Execution {
    /// An execution whose first thread is the calling one.
    pub(crate) fn new(
        strategy: Box<dyn Strategy>,
        discipline: Discipline,
        max_steps: usize,
        sharing: Sharing,
        abandoned: PyTypeRef,
    ) -> Self {
        let main = Thread::new(Arc::default(), "main".to_owned(), false);
        let notes = sharing.is_all();
        let state = State {
            strategy,
            discipline,
            max_steps,
            threads: vec![main],
            pending: Vec::with_capacity(8),
            trace: Vec::with_capacity(64),
            noted: BTreeMap::new(),
            units: Vec::new(),
            holders: Vec::new(),
            objects: Objects::default(),
            watch: Watch::new(sharing),
            turns: 0,
            had_units: false,
            now: Duration::ZERO,
            end: None,
            live: 1,
            outlived: false,
            torn: false,
            cut: false,
        };
        Self { state: Mutex::new(state), abandoned, notes, driver: Seat::default() }
    }

    /// Says what the thread is about to do, and returns when it may. Returns whether it shall do it:
    /// otherwise the wait has timed out.
    pub(crate) fn announce(
        &self,
        vm: &VirtualMachine,
        me: ThreadId,
        step: Step,
        timeout: Option<Duration>,
    ) -> Result<bool, Abandoned> {
        let mut state = self.state.lock();
        if state.end.is_some() {
            return Err(Abandoned);
        }
        state.settle(me);
        if state.is_alone(me, &step) {
            // Nobody can come before it or after it: it is done, and not told.
            state.apply(Turn { thread: me, times_out: false }, &step);
            return Ok(true);
        }
        if state.must_go_on(me, &step) {
            state.perform(Turn { thread: me, times_out: false }, step, true);
            return Ok(true);
        }
        state.announce(me, step, timeout);
        let next = state.choose();
        if next != Some(me) {
            let called = state.seat_of(next);
            let seat = state.threads[me.0 as usize].seat.clone();
            // Before the call: who is called looks at the state at once.
            drop(state);
            stepping::remind();
            called.call();
            attach::without_gil(vm, || vm.allow_threads(|| seat.wait()));
            state = self.state.lock();
        }
        match state.end {
            Some(_) => Err(Abandoned),
            None => Ok(!state.threads[me.0 as usize].timed_out),
        }
    }

    /// Adds a thread that waits at its beginning; its seat is called when it is its turn.
    pub(crate) fn add(&self, seat: Arc<Seat>, name: String, daemon: bool) -> ThreadId {
        let mut state = self.state.lock();
        let id = ThreadId(state.threads.len() as u32);
        state.threads.push(Thread::new(seat, name, daemon));
        state.live += 1;
        id
    }

    /// Announces the beginning of a thread that was added, once its start was announced.
    pub(crate) fn begin(&self, id: ThreadId) {
        self.state.lock().announce(id, Step::default(), None);
    }

    /// The thread has come to its end, or has unwound.
    pub(crate) fn leave(&self, me: ThreadId) {
        let mut state = self.state.lock();
        state.settle(me);
        state.threads[me.0 as usize].ended = true;
        state.live -= 1;
        if state.live == 0 {
            drop(state);
            return self.driver.call();
        }
        if state.end.is_none() && state.only_daemons() {
            state.end = Some(End::Finished);
        } else if me.0 == 0 {
            state.outlived |= state.end.is_none();
        }
        let next = match state.end {
            Some(_) => state.next_to_unwind(),
            None => state.choose().or_else(|| state.next_to_unwind()),
        };
        let called = state.seat_of(next);
        drop(state);
        stepping::remind();
        called.call();
    }

    /// Waits, as the first thread after its [`leave`](Self::leave), until all others have ended.
    pub(crate) fn finish(&self, vm: &VirtualMachine) -> Finished {
        attach::without_gil(vm, || vm.allow_threads(|| self.driver.wait()));
        let mut state = self.state.lock();
        let end = match state.end.take() {
            None | Some(End::Finished) if state.outlived => End::Outlived,
            end => end.unwrap_or(End::Finished),
        };
        let is_whole = matches!(end, End::Finished | End::Failed(_));
        Finished {
            strategy: std::mem::replace(&mut state.strategy, Box::new(Nobody)),
            trace: std::mem::take(&mut state.trace),
            noted: std::mem::take(&mut state.noted),
            pending: std::mem::take(&mut state.pending),
            end,
            objects: std::mem::take(&mut state.objects),
            names: state.threads.iter().map(|thread| thread.name.clone()).collect(),
            sharing: std::mem::take(&mut state.watch.sharing),
            torn: state.torn || !is_whole,
            cut: state.cut,
        }
    }

    /// Ends the execution: something has gone wrong in the thread.
    pub(crate) fn fail(&self, failure: Failure) {
        let mut state = self.state.lock();
        state.torn |= state.live > 1;
        state.end.get_or_insert(End::Failed(failure));
    }

    /// Whether there were units before the step that was just done, which is the calling thread's.
    pub(crate) fn had_units(&self) -> bool {
        self.state.lock().had_units
    }

    /// Notes something about the step that was just announced, which is the calling thread's and in the
    /// trace.
    pub(crate) fn note(&self, noted: Noted) {
        let mut state = self.state.lock();
        if let Some(last) = state.trace.len().checked_sub(1) {
            state.noted.insert(last, noted);
        }
    }

    /// Whether the execution is over, and threads only unwind.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().end.is_some()
    }
}

/// In the place of a strategy that was taken out.
struct Nobody;

impl Strategy for Nobody {
    fn choose(&mut self, _: Point<'_>) -> Option<Turn> {
        None
    }

    fn end(&mut self, _: Point<'_>) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }
}

impl State {
    fn announce(&mut self, me: ThreadId, mut step: Step, timeout: Option<Duration>) {
        let thread = &mut self.threads[me.0 as usize];
        thread.timeout = timeout;
        // It waits for a change of anything that the loop reads.
        thread.spin.add_reads(&mut step);
        let place = self.pending.partition_point(|pending| pending.thread < me);
        let held = thread.held;
        let pending = Pending { thread: me, step, ready: false, may_time_out: false, held };
        self.pending.insert(place, pending);
    }

    /// Whether there is no other thread whose steps this one could be before or after.
    fn is_alone(&self, me: ThreadId, step: &Step) -> bool {
        self.live == 1
            && !self.threads[me.0 as usize].spin.is_blocked()
            && !matches!(step.sync, Some(Sync::Start(_) | Sync::Join(_)))
            && self.is_possible(step)
    }

    /// Under a GIL a thread keeps it from one place to switch to the next, if it need not wait.
    fn must_go_on(&mut self, me: ThreadId, step: &Step) -> bool {
        let thread = &mut self.threads[me.0 as usize];
        thread.held = false;
        if thread.spin.is_blocked() {
            return false;
        }
        thread.held = self.discipline == Discipline::Gil && !std::mem::take(&mut thread.may_switch);
        thread.held && self.is_possible(step)
    }

    fn is_possible(&self, step: &Step) -> bool {
        match step.sync {
            Some(Sync::Acquire(object)) => self.units_of(object) > 0,
            Some(Sync::Join(thread)) => self.threads[thread.0 as usize].ended,
            _ => true,
        }
    }

    fn units_of(&self, object: ObjectId) -> u32 {
        self.units.get(object.0 as usize).copied().unwrap_or(1)
    }

    fn set_units(&mut self, object: ObjectId, units: u32, holder: Option<ThreadId>) {
        let index = object.0 as usize;
        if index >= self.units.len() {
            self.units.resize(index + 1, 1);
            self.holders.resize(index + 1, None);
        }
        self.units[index] = units;
        self.holders[index] = holder;
    }

    /// Chooses who goes next, and does its step. `None` if the execution has come to its end.
    fn choose(&mut self) -> Option<ThreadId> {
        if self.trace.len() >= self.max_steps {
            self.end = Some(End::TooLong);
            return None;
        }
        if !self.look_who_can() {
            return None;
        }
        let point = Point { trace: &self.trace, pending: &self.pending };
        let chosen = self.strategy.choose(point).and_then(|turn| {
            let index = self.pending.binary_search_by_key(&turn.thread, |p| p.thread).ok()?;
            let pending = &self.pending[index];
            let may_time_out = pending.may_time_out && !pending.ready;
            let fits = if turn.times_out { may_time_out } else { pending.ready };
            fits.then_some((turn, index))
        });
        let Some((turn, index)) = chosen else {
            self.end = Some(End::GivenUp);
            return None;
        };
        let step = self.pending.remove(index).step;
        self.perform(turn, step, false);
        Some(turn.thread)
    }

    /// Notes which of the pending steps can be done. Returns whether any can; if none, the
    /// execution has ended.
    fn look_who_can(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.pending.len() {
            let pending = &self.pending[index];
            let thread = &self.threads[pending.thread.0 as usize];
            let possible = self.is_possible(&pending.step);
            let ready = possible && !thread.spin.waits();
            let may_time_out = thread.timeout.is_some();
            any |= ready || may_time_out;
            self.pending[index].ready = ready;
            self.pending[index].may_time_out = may_time_out;
        }
        any || self.let_a_loop_go_on() || {
            self.end = Some(self.stuck());
            false
        }
    }

    /// Nobody can go on but loops that wait and count. Whoever does so may come to the end of its
    /// count.
    fn let_a_loop_go_on(&mut self) -> bool {
        let threads = &mut self.threads;
        let mut found = false;
        for pending in &mut self.pending {
            if threads[pending.thread.0 as usize].spin.go_on() {
                pending.ready = true;
                found = true;
            }
        }
        self.cut |= found;
        found
    }

    fn stuck(&self) -> End {
        let blocked = self.pending.iter().map(|pending| {
            let (object, holder) = match pending.step.sync {
                Some(Sync::Acquire(object)) => {
                    (Some(object), self.holders.get(object.0 as usize).copied().flatten())
                }
                Some(Sync::Join(thread)) => (None, Some(thread)),
                _ => (None, None),
            };
            let thread = &self.threads[pending.thread.0 as usize];
            Blocked {
                thread: pending.thread,
                site: pending.step.site,
                object,
                holder,
                spins: thread.spin.waits() && !thread.spin.is_blocked(),
            }
        });
        let blocked: Vec<_> = blocked.collect();
        match blocked.iter().any(|blocked| blocked.spins) {
            true => End::Livelock(blocked),
            false => End::Deadlock(blocked),
        }
    }

    /// Notes a step as done, and tells it.
    fn perform(&mut self, turn: Turn, step: Step, continues: bool) {
        let units = self.apply(turn, &step);
        self.trace.push(Event { turn, step, units, continues });
    }

    /// Does what a step does to what threads synchronise by. Returns the units that there were.
    fn apply(&mut self, turn: Turn, step: &Step) -> u32 {
        progress::stepped(turn.thread, step.site);
        let units = match step.sync {
            Some(Sync::Acquire(object) | Sync::TryAcquire(object)) => {
                let units = self.units_of(object);
                if units > 0 && !turn.times_out {
                    self.set_units(object, units - 1, Some(turn.thread));
                }
                units
            }
            Some(Sync::Look(object)) => self.units_of(object),
            Some(Sync::Release(object)) => {
                let units = self.units_of(object);
                // Of a lock that is free: an error, which the primitive raises.
                self.set_units(object, 1, None);
                units
            }
            _ => 0,
        };
        let me = turn.thread.0 as usize;
        let thread = &mut self.threads[me];
        thread.timed_out = turn.times_out;
        if turn.times_out {
            self.now += thread.timeout.unwrap_or_default();
        }
        let was_blocked = thread.spin.was_blocked();
        thread.spin.did(step);
        let written = step.accesses.iter().filter(|access| access.write);
        if was_blocked {
            thread.owes = written.copied().filter(|_| !turn.times_out).collect();
        } else {
            written.for_each(|access| self.others_see(turn.thread, access));
        }
        self.had_units = units > 0;
        units
    }

    /// Wakes those who wait for a change of this.
    fn others_see(&mut self, me: ThreadId, access: &Access) {
        let others = self.threads.iter_mut().enumerate();
        let others = others.filter(|(other, _)| *other != me.0 as usize);
        others.for_each(|(_, thread)| thread.spin.others_wrote(access));
    }

    /// The native call in which the thread was woken, if it was in one, has gone through.
    fn settle(&mut self, me: ThreadId) {
        let owed = std::mem::take(&mut self.threads[me.0 as usize].owes);
        owed.iter().for_each(|access| self.others_see(me, access));
    }

    fn only_daemons(&self) -> bool {
        self.threads.iter().all(|thread| thread.ended || thread.daemon)
    }

    /// Somebody who has not ended. All of them wait.
    fn next_to_unwind(&self) -> Option<ThreadId> {
        let index = self.threads.iter().position(|thread| !thread.ended)?;
        Some(ThreadId(index as u32))
    }

    /// Where the next thread sits; the execution has ended where there is none, and somebody is told.
    fn seat_of(&self, next: Option<ThreadId>) -> Arc<Seat> {
        let next = next.or_else(|| self.next_to_unwind()).unwrap_or(ThreadId(0));
        self.threads[next.0 as usize].seat.clone()
    }

    /// The thread waits until another one writes to what it is about to read.
    pub(crate) fn block(&mut self, me: ThreadId, read: Vec<Access>) {
        let thread = &mut self.threads[me.0 as usize];
        thread.spin.block(read);
        thread.owes.clear();
    }

    /// Whether others can tell what the thread is about to do. What they cannot need not be
    /// announced.
    pub(crate) fn is_seen(&mut self, me: ThreadId, site: SiteId, step: &Step) -> bool {
        if self.live == 1 {
            return false;
        }
        let shared = self.watch.is_shared(me, site, &step.accesses);
        let spin = &mut self.threads[me.0 as usize].spin;
        if !shared && !spin.waits() {
            spin.did(step);
            return false;
        }
        true
    }

    /// Whether there are several threads.
    pub(crate) fn has_several(&self) -> bool {
        self.live > 1
    }

    /// Whether threads keep a GIL from one place to switch to the next.
    pub(crate) fn is_gil(&self) -> bool {
        self.discipline == Discipline::Gil
    }

    /// Under a GIL: the thread is where it may be switched.
    pub(crate) fn pass_switch_point(&mut self, me: ThreadId) {
        self.threads[me.0 as usize].may_switch = true;
    }

    /// What the thread has called in the turn of the loop that it is in, if the loop stores nothing.
    pub(crate) fn calls_in_loop(&mut self, me: ThreadId) -> Option<&mut TurnCalls> {
        self.threads[me.0 as usize].spin.calls()
    }

    /// A loop of the thread has come to the end of a turn.
    pub(crate) fn end_turn_of_loop(&mut self, me: ThreadId, site: SiteId, pure: bool) {
        self.turns += 1;
        if self.turns > MAX_TURNS {
            self.end.get_or_insert(End::TooLong);
        }
        let spin = &mut self.threads[me.0 as usize].spin;
        spin.turn(site, pure);
        self.cut |= spin.waits() && !spin.is_exact();
    }

    /// Virtual time passes.
    pub(crate) fn advance(&mut self, by: Duration) -> Duration {
        self.now += by;
        self.now
    }
}
