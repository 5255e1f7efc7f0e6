//! Little programs to try strategies on, without an interpreter.

pub(super) mod brute;
pub(super) mod programs;

use togil_interp::race::{
    Access, Event, ObjectId, Part, Pending, Point, Step, Strategy, Sync, ThreadId, Turn,
};

/// What a thread does. Each thread has one register, which holds what was last read or tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Read(u32),
    Write(u32, i64),
    /// Writes the register plus this.
    WriteSum(u32, i64),
    /// Reads the variable and the one beside it in one go, and sums them up.
    Scan(u32),
    Lock(u32),
    /// Gives a unit back, whoever took it.
    Unlock(u32),
    /// 1 if it got it.
    TryLock(u32),
    /// 1 if it could have got it.
    Look(u32),
    /// 1 if it got it, waiting.
    TimedLock(u32),
    /// Ends the thread, as a step of its own.
    End,
    Start(u32),
    Join(u32),
    /// 1 if it has ended.
    TimedJoin(u32),
    /// Reads until it finds this value.
    Spin(u32, i64),
    /// Skips some operations if the register is something else. Not a step.
    Unless(i64, usize),
}

/// Threads that are not started by another are there from the beginning. Every lock has one unit.
pub(super) type Program = Vec<Vec<Op>>;

/// How objects are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Fixed,
    ByTouch,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Thread {
    next: usize,
    register: i64,
    started: bool,
    /// Has read in vain, when the variable had been written so often.
    spins_since: Option<u32>,
}

const VARIABLES: usize = 6;
const LOCKS: usize = 3;

#[derive(Debug, Clone)]
pub(super) struct Sim<'a> {
    program: &'a Program,
    names: Names,
    variables: [i64; VARIABLES],
    writes: [u32; VARIABLES],
    units: [u32; LOCKS],
    threads: Vec<Thread>,
    touched: Vec<u32>,
    pub(super) pending: Vec<Pending>,
}

/// How an execution ends: the variables, and the register and what is left to do of each thread.
pub(super) type End = (Vec<i64>, Vec<(i64, usize)>);

impl<'a> Sim<'a> {
    pub(super) fn new(program: &'a Program, names: Names) -> Self {
        let is_started =
            |thread| !program.iter().flatten().any(|op| *op == Op::Start(thread as u32));
        let threads = (0..program.len()).map(|thread| Thread {
            next: 0,
            register: 0,
            started: is_started(thread),
            spins_since: None,
        });
        let mut sim = Self {
            program,
            names,
            variables: [0; VARIABLES],
            writes: [0; VARIABLES],
            units: [1; LOCKS],
            threads: threads.collect(),
            touched: Vec::new(),
            pending: Vec::new(),
        };
        (0..program.len()).for_each(|thread| sim.announce(thread));
        sim.look_who_is_ready();
        sim
    }

    pub(super) fn end(&self) -> End {
        let threads = self
            .threads
            .iter()
            .enumerate()
            .map(|(thread, state)| (state.register, self.program[thread].len() - state.next));
        (self.variables.to_vec(), threads.collect())
    }

    fn object(&mut self, number: u32) -> ObjectId {
        if self.names == Names::Fixed {
            return ObjectId(number);
        }
        let known = self.touched.iter().position(|&touched| touched == number);
        ObjectId(known.unwrap_or_else(|| {
            self.touched.push(number);
            self.touched.len() - 1
        }) as u32)
    }

    fn access(&mut self, variable: u32, whole: bool, write: bool) -> Vec<Access> {
        let object = self.object(variable / 2);
        let part = if whole { Part::Whole } else { Part::Field(u64::from(variable % 2)) };
        vec![Access { object, part, write }]
    }

    /// Goes on to the thread's next step.
    fn announce(&mut self, thread: usize) {
        let state = &mut self.threads[thread];
        while let Some(&Op::Unless(value, ops)) = self.program[thread].get(state.next) {
            state.next += if state.register == value { 1 } else { 1 + ops };
        }
        let id = ThreadId(thread as u32);
        let place = self.pending.partition_point(|pending| pending.thread < id);
        if self.pending.get(place).is_some_and(|pending| pending.thread == id) {
            self.pending.remove(place);
        }
        let state = &self.threads[thread];
        let Some(&op) = self.program[thread].get(state.next).filter(|_| state.started) else {
            return;
        };
        let mut step = Step::default();
        let lock = |sim: &mut Self, lock| sim.object(100 + lock);
        match op {
            Op::Read(x) | Op::Spin(x, _) => step.accesses = self.access(x, false, false),
            Op::Scan(x) => step.accesses = self.access(x, true, false),
            Op::Write(x, _) | Op::WriteSum(x, _) => step.accesses = self.access(x, false, true),
            Op::Lock(l) | Op::TimedLock(l) => step.sync = Some(Sync::Acquire(lock(self, l))),
            Op::Look(l) => step.sync = Some(Sync::Look(lock(self, l))),
            Op::TryLock(l) => step.sync = Some(Sync::TryAcquire(lock(self, l))),
            Op::Unlock(l) => step.sync = Some(Sync::Release(lock(self, l))),
            Op::Start(other) => step.sync = Some(Sync::Start(ThreadId(other))),
            Op::Join(other) | Op::TimedJoin(other) => step.sync = Some(Sync::Join(ThreadId(other))),
            Op::End => step.sync = Some(Sync::End),
            Op::Unless(..) => unreachable!("not a step"),
        }
        let may_time_out = matches!(op, Op::TimedLock(_) | Op::TimedJoin(_));
        self.pending
            .insert(place, Pending { thread: id, step, ready: true, may_time_out, held: false });
    }

    fn look_who_is_ready(&mut self) {
        for pending in &mut self.pending {
            let thread = pending.thread.0 as usize;
            let state = &self.threads[thread];
            pending.ready = match self.program[thread][state.next] {
                Op::Lock(l) | Op::TimedLock(l) => self.units[l as usize] > 0,
                Op::Join(other) | Op::TimedJoin(other) => {
                    let other = other as usize;
                    self.threads[other].started
                        && self.threads[other].next >= self.program[other].len()
                }
                Op::Spin(x, _) => state.spins_since != Some(self.writes[x as usize]),
                _ => true,
            };
        }
    }

    /// Does a step.
    pub(super) fn step(&mut self, turn: Turn) -> Event {
        let thread = turn.thread.0 as usize;
        let place = self.pending.iter().position(|pending| pending.thread == turn.thread);
        let pending = &mut self.pending[place.expect("the thread waits to be chosen")];
        assert_ne!(pending.ready, turn.times_out, "{turn:?} of {pending:?}");
        assert!(pending.ready || pending.may_time_out, "{turn:?} of {pending:?}");
        let step = std::mem::take(&mut pending.step);
        let state = &mut self.threads[thread];
        let op = self.program[thread][state.next];
        let mut units = 0;
        state.next += 1;
        match op {
            Op::Read(x) => state.register = self.variables[x as usize],
            Op::Scan(x) => {
                let x = x as usize / 2 * 2;
                state.register = self.variables[x] + self.variables[x + 1];
            }
            Op::Write(x, _) | Op::WriteSum(x, _) => {
                self.variables[x as usize] = match op {
                    Op::Write(_, value) => value,
                    Op::WriteSum(_, value) => state.register + value,
                    _ => unreachable!(),
                };
                self.writes[x as usize] += 1;
            }
            Op::Lock(l) | Op::TryLock(l) | Op::TimedLock(l) => {
                units = self.units[l as usize];
                self.units[l as usize] = units.saturating_sub(1);
                if op != Op::Lock(l) {
                    state.register = i64::from(units > 0);
                }
            }
            Op::Look(l) => {
                units = self.units[l as usize];
                state.register = i64::from(units > 0);
            }
            Op::Unlock(l) => {
                units = self.units[l as usize];
                self.units[l as usize] += 1;
            }
            Op::Start(other) => {
                self.threads[other as usize].started = true;
                self.announce(other as usize);
            }
            Op::Join(_) | Op::End => {}
            Op::TimedJoin(_) => state.register = i64::from(!turn.times_out),
            Op::Spin(x, value) => {
                state.register = self.variables[x as usize];
                let found = state.register == value;
                state.spins_since = (!found).then_some(self.writes[x as usize]);
                state.next -= usize::from(!found);
            }
            Op::Unless(..) => unreachable!("not a step"),
        }
        self.announce(thread);
        self.look_who_is_ready();
        Event { turn, step, units, continues: false }
    }

    /// Does a step, and those after it up to where the thread can be taken off or has to wait.
    fn block(&mut self, turn: Turn, switches: Switches, mut each: impl FnMut(Event)) {
        each(self.step(turn));
        let thread = turn.thread;
        let goes_on = |sim: &Self| {
            let next = sim.threads[thread.0 as usize].next;
            sim.pending.iter().any(|pending| pending.thread == thread && pending.ready)
                && !switches(thread.0 as usize, next)
        };
        while goes_on(self) {
            let event = self.step(Turn { thread, times_out: false });
            each(Event { continues: true, ..event });
        }
        let is_held = !switches(thread.0 as usize, self.threads[thread.0 as usize].next);
        let mut pending = self.pending.iter_mut();
        if let Some(pending) = pending.find(|pending| pending.thread == thread) {
            pending.held = is_held;
        }
    }
}

/// An execution that is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Execution {
    pub(super) turns: Vec<Turn>,
    pub(super) trace: Vec<Event>,
    pub(super) pending: Vec<Pending>,
    pub(super) end: End,
    /// The strategy did not choose.
    pub(super) given_up: bool,
}

/// Where a thread can be taken off: before which of its operations.
pub(super) type Switches = fn(thread: usize, op: usize) -> bool;

/// Runs the program once. Does not tell the strategy of the end.
pub(super) fn run(sim: &Sim<'_>, strategy: &mut dyn Strategy, switches: Switches) -> Execution {
    let mut sim = sim.clone();
    let mut execution = Execution::default();
    while sim.pending.iter().any(|pending| pending.ready || pending.may_time_out) {
        let point = Point { trace: &execution.trace, pending: &sim.pending };
        let Some(turn) = strategy.choose(point) else {
            execution.given_up = true;
            break;
        };
        execution.turns.push(turn);
        sim.block(turn, switches, |event| execution.trace.push(event));
    }
    execution.end = sim.end();
    execution.pending = sim.pending;
    execution
}

/// Runs the program until the strategy has enough.
pub(super) fn explore(
    program: &Program,
    names: Names,
    strategy: &mut dyn Strategy,
    switches: Switches,
    mut each: impl FnMut(&Execution),
) {
    let sim = Sim::new(program, names);
    loop {
        let execution = run(&sim, strategy, switches);
        let goes_on = strategy.end(Point { trace: &execution.trace, pending: &execution.pending });
        each(&execution);
        if !goes_on {
            break;
        }
    }
}

/// Threads can be taken off before each step.
pub(super) fn everywhere(_thread: usize, _op: usize) -> bool {
    true
}
