//! One execution: which threads there are, what each is about to do, and who goes next.
//!
//! The threads are real, but one runs at a time: whoever announces a step chooses the next thread,
//! calls it, and waits for its own turn. So the state is only ever touched by the thread that
//! runs, and its lock is never contended.

mod choice;
mod effects;
mod nobody;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyTypeRef;

use self::nobody::Nobody;
use super::objects::Objects;
use super::outcome::{End, Failure};
use super::sharing::Watch;
use super::spin::Spin;
use super::stepping;
use super::values::Noted;
use super::{Access, Discipline, Event, Pending, Sharing, Step, Strategy, ThreadId, Turn};
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
        stepping::remind();
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
