//! What all watched threads share.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::findings::{DataRace, Findings, Nesting, Side};
use super::interned::Interned;
use super::order::Order;
use super::shadow::Shadow;
use super::thread::Slots;
use super::variable::{Mode, Told};
use super::waits::Waiting;
use super::words;
use crate::race::{SiteId, sites};

/// Two places that race. More of a program are not kept.
const MOST_RACES: usize = 200;

/// A race as it was found.
pub(super) struct Found {
    pub(super) what: String,
    pub(super) made: u32,
    pub(super) first: (Told, Mode),
    pub(super) second: (Told, Mode),
}

#[derive(Default)]
struct Races {
    all: Vec<(Found, u64)>,
    numbers: HashMap<(u32, u32), usize>,
}

/// The state of the process's only watch.
pub(super) struct Detector {
    pub(super) shadow: Shadow,
    pub(super) interned: Interned,
    pub(super) slots: Mutex<Slots>,
    pub(super) order: Mutex<Order>,
    pub(super) waiting: Mutex<Waiting>,
    /// Locks that were given back by another thread than the one that took them.
    given_back: Mutex<HashSet<u64>>,
    any_given_back: AtomicBool,
    is_strict: AtomicBool,
    names: Mutex<Vec<String>>,
    races: Mutex<Races>,
}

/// Where threads find it.
pub(super) fn detector() -> &'static Detector {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    DETECTOR.get_or_init(|| Detector {
        shadow: Shadow::new(),
        interned: Interned::default(),
        slots: Mutex::default(),
        order: Mutex::default(),
        waiting: Mutex::default(),
        given_back: Mutex::default(),
        any_given_back: AtomicBool::new(false),
        is_strict: AtomicBool::new(false),
        names: Mutex::default(),
        races: Mutex::default(),
    })
}

impl Detector {
    /// Whether what is atomic by contract counts as plain.
    pub(super) fn is_strict(&self) -> bool {
        self.is_strict.load(Ordering::Relaxed)
    }

    pub(super) fn set_strict(&self, strict: bool) {
        self.is_strict.store(strict, Ordering::Relaxed);
    }

    pub(super) fn set_name(&self, thread: u32, name: String) {
        let mut names = self.names.lock();
        let index = thread as usize;
        if names.len() <= index {
            names.resize(index + 1, String::new());
        }
        names[index] = name;
    }

    pub(super) fn name(&self, thread: u32) -> String {
        self.names.lock().get(thread as usize).cloned().unwrap_or_default()
    }

    /// A lock is given back by a thread that did not take it.
    pub(super) fn give_back(&self, lock: u64) {
        self.given_back.lock().insert(lock);
        self.any_given_back.store(true, Ordering::Release);
    }

    /// Which of a thread's locks another one has given back.
    pub(super) fn take_given_back(&self, is_mine: impl Fn(u64) -> bool) -> Vec<u64> {
        if !self.any_given_back.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut all = self.given_back.lock();
        let mine = all.extract_if(|lock| is_mine(*lock)).collect();
        self.any_given_back.store(!all.is_empty(), Ordering::Release);
        mine
    }

    /// Keeps a race, unless its two places are known; `describe` is asked for the first,
    /// and must run no Python code.
    pub(super) fn found(&self, sites: (u32, u32), describe: impl FnOnce() -> Found) {
        let key = (sites.0.min(sites.1), sites.0.max(sites.1));
        let mut races = self.races.lock();
        if let Some(number) = races.numbers.get(&key).copied() {
            races.all[number].1 += 1;
            return;
        }
        if races.all.len() == MOST_RACES {
            return;
        }
        let number = races.all.len();
        races.numbers.insert(key, number);
        races.all.push((describe(), 1));
    }

    fn side(&self, what: &str, (told, mode): (Told, Mode)) -> Side {
        let site = sites::get(SiteId(told.site));
        Side {
            thread: self.name(told.thread),
            operation: words::operation(site.as_ref().map(|known| &known.site.kind), mode, what),
            writes: mode.writes(),
            stack: self.interned.places(told.stack),
            locks: self.interned.makers(told.locks),
        }
    }

    /// What was found so far, and forgets it.
    pub(super) fn take(&self) -> Findings {
        let races = std::mem::take(&mut *self.races.lock());
        let race = |(found, count): &(Found, u64)| DataRace {
            what: found.what.clone(),
            made: self.interned.places(found.made),
            first: self.side(&found.what, found.first),
            second: self.side(&found.what, found.second),
            count: *count,
        };
        let order = std::mem::take(&mut *self.order.lock());
        let places = |stack| self.interned.places(stack);
        let cycles = order.cycles().into_iter().map(|cycle| {
            let nesting = cycle.iter().map(|edge| Nesting {
                thread: self.name(edge.thread),
                holds: (places(edge.from.made), places(edge.from.at)),
                takes: (places(edge.to.made), places(edge.to.at)),
            });
            nesting.collect()
        });
        Findings {
            races: races.all.iter().map(race).collect(),
            cycles: cycles.collect(),
            hangs: self.waiting.lock().take_hangs(),
        }
    }
}
