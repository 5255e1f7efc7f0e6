//! The calling thread's part in a watch.

use std::cell::RefCell;
use std::collections::HashSet;

use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

use super::clock::VectorClock;
use super::detector::{Detector, Found, detector};
use super::interned::Codes;
use super::sites::{List, Watched};
use super::thread::{Ended, Held, Thread};
use super::variable::{Access, Mode, Told};
use super::words;

/// An access that was remembered since the thread has last told anybody anything: another one of its kind
/// finds nothing new (FastTrack's "same epoch").
#[derive(Clone, Copy, PartialEq, Eq)]
struct Remembered {
    address: usize,
    part: u64,
    mode: Mode,
    round: u64,
    sweeps: u64,
}

const REMEMBERED: usize = 256;

/// The calling thread.
pub(super) struct Me {
    pub(super) thread: Thread,
    /// What the tasks that it has run knew at their ends, and those under way were begun by.
    pub(super) tasks: Ended,
    pub(super) suspended: Vec<Thread>,
    /// The number that it has outside of tasks.
    pub(super) root: u32,
    pub(super) sites: List,
    codes: Codes,
    remembered: Box<[Option<Remembered>; REMEMBERED]>,
    /// Counts up when what was remembered no longer counts.
    round: u64,
    /// The number of the set of locks that it holds.
    locks: Option<u32>,
    /// The nestings of locks that are in the graph.
    nestings: HashSet<(u64, u64, u32)>,
    pub(super) iterated: Option<PyObjectRef>,
    pub(super) iterators: Vec<(usize, PyObjectRef)>,
    /// The dict whose view was last asked for.
    pub(super) viewed: Option<PyObjectRef>,
    garbage: Vec<PyObjectRef>,
    /// The stack, once the site that is looked at has asked for it.
    stack: Option<u32>,
}

thread_local! {
    static ME: RefCell<Option<Box<Me>>> = const { RefCell::new(None) };
}

/// Puts the calling thread under watch.
pub(super) fn enter(thread: Thread) {
    let me = Me {
        root: thread.number,
        thread,
        tasks: Ended::default(),
        suspended: Vec::new(),
        sites: List::default(),
        codes: Codes::new(),
        remembered: Box::new([None; REMEMBERED]),
        round: 0,
        locks: None,
        nestings: HashSet::new(),
        iterated: None,
        iterators: Vec::new(),
        viewed: None,
        garbage: Vec::new(),
        stack: None,
    };
    let before = ME.replace(Some(Box::new(me)));
    drop(before);
}

/// Ends the calling thread's watch.
pub(super) fn leave() -> Option<Box<Me>> {
    ME.replace(None)
}

/// Looks at the calling thread, if it is watched and does not look already: what a look itself calls is
/// not looked at.
pub(super) fn with<R>(look: impl FnOnce(&mut Me) -> R) -> Option<R> {
    let (result, garbage) = ME.with(|me| {
        let mut me = me.try_borrow_mut().ok()?;
        let me = me.as_mut()?;
        me.stack = None;
        let result = look(me);
        Some((result, std::mem::take(&mut me.garbage)))
    })?;
    // Outside of the borrow: destructors run Python code.
    drop(garbage);
    Some(result)
}

impl Me {
    /// What it has remembered no longer counts.
    pub(super) fn turn(&mut self) {
        self.round += 1;
    }

    fn slot(address: usize, part: u64, mode: Mode) -> usize {
        let mixed = (address as u64 >> 4) ^ part ^ (mode as u64) << 3;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % REMEMBERED
    }

    /// Whether an access like this one was remembered already.
    pub(super) fn is_remembered(&self, object: &PyObject, part: u64, mode: Mode) -> bool {
        let address = object.get_id();
        let (round, sweeps) = (self.round, detector().shadow.sweeps());
        let new = Remembered { address, part, mode, round, sweeps };
        self.remembered[Self::slot(address, part, mode)] == Some(new)
    }

    pub(super) fn stack(&mut self) -> u32 {
        let codes = &mut self.codes;
        *self.stack.get_or_insert_with(|| detector().interned.stack(codes))
    }

    fn locks(&mut self) -> u32 {
        self.forget_given_back();
        let held = &self.thread.held;
        *self.locks.get_or_insert_with(|| detector().interned.locks(held))
    }

    /// Remembers an access, and what it races with. `key`: of an item, for reports.
    pub(super) fn touch(
        &mut self,
        vm: &VirtualMachine,
        site: &Watched,
        object: &PyObject,
        (part, mode): (u64, Mode),
        (number, key): (u32, Option<&PyObject>),
    ) {
        if self.is_remembered(object, part, mode) {
            return;
        }
        let detector = detector();
        // Before: a sweep meanwhile makes it void.
        let sweeps = detector.shadow.sweeps();
        let (stack, locks) = (self.stack(), self.locks());
        let told = Told { site: number, stack, locks, thread: self.thread.number };
        let access = Access { epoch: self.thread.epoch(), told };
        let clock = &self.thread.clock;
        let mut outcome = detector.shadow.access(object, part, (access, mode), clock, vm);
        self.garbage.append(&mut outcome.garbage);
        if outcome.is_kept {
            let (address, round) = (object.get_id(), self.round);
            let new = Remembered { address, part, mode, round, sweeps };
            self.remembered[Self::slot(address, part, mode)] = Some(new);
        }
        if let Some((other, how, made)) = outcome.race {
            let first = (other.told, how);
            detector.found((other.told.site, number), || Found {
                what: words::what(&site.known.site.kind, object, key),
                made,
                first,
                second: (told, mode),
            });
        }
    }

    /// Tells a primitive what the thread knows.
    pub(super) fn release(&mut self, into: &mut VectorClock) {
        self.thread.release(into);
        self.turn();
    }

    /// The order in which it takes a lock, if it holds another.
    pub(super) fn is_about_to_take(&mut self, lock: u64, made: u32) {
        if self.thread.held.is_empty() {
            return;
        }
        self.forget_given_back();
        let at = self.stack();
        let is_new = |held: &Held| !self.nestings.contains(&(held.lock, lock, at));
        if self.thread.held.iter().any(is_new) {
            let nestings = self.thread.held.iter().map(|held| (held.lock, lock, at));
            self.nestings.extend(nestings);
            detector().order.lock().add(&self.thread, Held { lock, made, at });
        }
    }

    pub(super) fn has_taken(&mut self, lock: u64, made: u32) {
        let at = self.stack();
        self.thread.held.push(Held { lock, made, at });
        self.locks = None;
    }

    /// Returns whether it had the lock.
    pub(super) fn gives_back(&mut self, lock: u64) -> bool {
        let at = self.thread.held.iter().rposition(|held| held.lock == lock);
        self.locks = None;
        at.map(|at| self.thread.held.remove(at)).is_some()
    }

    fn forget_given_back(&mut self) {
        let held = &mut self.thread.held;
        let is_mine = |lock| held.iter().any(|held| held.lock == lock);
        for lock in detector().take_given_back(is_mine) {
            held.retain(|held| held.lock != lock);
            self.locks = None;
        }
    }

    /// Starts or joins a thread: the same nesting of locks may now meet others.
    pub(super) fn forked(&mut self) {
        self.nestings.clear();
    }

    /// Goes on as another thread, one that this one starts: a task of a pool could as well have
    /// run in another of its threads.
    pub(super) fn enter_task(&mut self, knows: &VectorClock) {
        let detector = detector();
        let mut task = detector.slots.lock().fork(&mut self.thread);
        task.acquire(knows);
        detector.set_name(task.number, detector.name(self.root));
        self.suspended.push(std::mem::replace(&mut self.thread, task));
        self.locks = None;
        self.nestings.clear();
        self.turn();
    }

    pub(super) fn leave_task(&mut self) {
        if let Some(thread) = self.suspended.pop() {
            let task = std::mem::replace(&mut self.thread, thread);
            let ended = detector().slots.lock().end(task);
            self.tasks.clock.join(&ended.clock);
            self.tasks.forks.join(&ended.forks);
            self.locks = None;
            self.nestings.clear();
            self.turn();
        }
    }

    /// All that it knows, and the tasks that it has run.
    pub(super) fn end(mut self: Box<Self>, detector: &Detector) -> Ended {
        while !self.suspended.is_empty() {
            self.leave_task();
        }
        let tasks = std::mem::take(&mut self.tasks);
        let mut ended = detector.slots.lock().end(self.thread);
        ended.clock.join(&tasks.clock);
        ended.forks.join(&tasks.forks);
        ended
    }
}
