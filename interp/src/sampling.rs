//! Where the threads' time goes, by line: a clock ticks, and each thread books the ticks since its
//! last booking on the stack that it stands on.
//!
//! A thread books when it answers the bell, which the clock rings, and when it begins or
//! ends a wait. So a tick is booked once by each thread, whatever it did, and on the line
//! where it did it. With several threads running one of them answers each ring: it books as
//! many ticks as it has missed.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustpython_vm::Py;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::frame::InterpreterFrame;

use crate::activity::{self, Activity, Watcher};
use crate::python::Python;
use crate::{safepoint, switch_point};

/// The innermost frames are kept.
const DEEPEST: usize = 100;

/// Of a thread. What comes on top of so many is booked without a stack.
const MOST_STACKS: usize = 50_000;

/// A line that is executed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line {
    /// As in tracebacks.
    pub file: String,
    /// Qualified name.
    pub function: String,
    /// Counts from 1.
    pub number: usize,
}

/// Time that was spent on a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Outermost first.
    pub stack: Vec<Line>,
    /// With what.
    pub activity: Activity,
    /// In ticks, of all threads together.
    pub ticks: u64,
}

/// Where a frame stands: its code by its address, and the index of the instruction. Names cost too
/// much to be looked up a thousand times a second.
type Place = (usize, u32);

/// What one thread has booked.
#[derive(Default)]
struct Tally {
    ticks: HashMap<(Vec<Place>, Activity), u64>,
    /// The code that places are in. It is leaked, so an address is that of one code object only.
    codes: HashSet<usize>,
}

static TICKS: AtomicU64 = AtomicU64::new(0);
static TALLIES: Mutex<Vec<Arc<Mutex<Tally>>>> = Mutex::new(Vec::new());

/// The part of one thread.
struct Part {
    booked: u64,
    tally: Arc<Mutex<Tally>>,
}

thread_local! {
    static PART: RefCell<Option<Part>> = const { RefCell::new(None) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that ticks. Its end is [`finish`](Self::finish).
#[derive(Debug)]
pub struct Sampler {
    clock: JoinHandle<()>,
    ends: Arc<AtomicBool>,
    /// A child of a fork has no clock.
    process: u32,
}

impl Sampler {
    /// Starts the clock, for all threads of the process. One at a time. Code that is seen is leaked.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(_py: Python<'_>, tick: Duration) -> std::io::Result<Self> {
        lock(&TALLIES).clear();
        TICKS.store(0, Ordering::Relaxed);
        let ends = Arc::new(AtomicBool::new(false));
        let told = ends.clone();
        let clock =
            std::thread::Builder::new().name("togil-sampler".to_owned()).spawn(move || {
                let origin = Instant::now();
                while !told.load(Ordering::Relaxed) {
                    std::thread::sleep(tick);
                    // Not one more: the system may wake us late.
                    let ticks = origin.elapsed().as_nanos() / tick.as_nanos().max(1);
                    TICKS.store(ticks as u64, Ordering::Relaxed);
                    safepoint::ring();
                }
            })?;
        Watcher::Sampler.start();
        activity::to(Activity::Running);
        Ok(Self { clock, ends, process: std::process::id() })
    }

    /// Stops the clock, and tells where the time went, the most first.
    pub fn finish(self) -> Vec<Spent> {
        Watcher::Sampler.stop();
        self.ends.store(true, Ordering::Relaxed);
        if std::process::id() == self.process {
            // It cannot panic, and there is nobody to tell if it has.
            let _ = self.clock.join();
        }
        let mut total: HashMap<(Vec<Line>, Activity), u64> = HashMap::new();
        for tally in lock(&TALLIES).drain(..) {
            for ((places, activity), ticks) in lock(&tally).ticks.drain() {
                let stack = places.into_iter().map(line).collect();
                *total.entry((stack, activity)).or_default() += ticks;
            }
        }
        let spent = |((stack, activity), ticks)| Spent { stack, activity, ticks };
        let mut spent: Vec<Spent> = total.into_iter().map(spent).collect();
        spent.sort_by(|a, b| b.ticks.cmp(&a.ticks).then_with(|| a.stack.cmp(&b.stack)));
        spent
    }
}

/// The calling thread answers the bell.
pub(crate) fn answer() {
    if Watcher::Sampler.watches() {
        // One that has done nothing else since the clock was started runs all the same.
        let current = activity::current();
        book(if current == Activity::Away { Activity::Running } else { current });
    }
}

/// The calling thread has ended what it did.
pub(crate) fn ended(activity: Activity) {
    book(activity);
}

/// Books the time since the last call on the line where the thread stands.
fn book(activity: Activity) {
    let now = TICKS.load(Ordering::Relaxed);
    // Fails while the thread is torn down, and inside itself: the allocator calls nobody.
    let _ = PART.try_with(|part| {
        let Ok(mut part) = part.try_borrow_mut() else { return };
        let part = part.get_or_insert_with(|| new_part(now));
        let ticks = now.saturating_sub(part.booked);
        part.booked = now;
        if ticks == 0 || activity == Activity::Away {
            return;
        }
        let mut tally = lock(&part.tally);
        let full = tally.ticks.len() >= MOST_STACKS;
        let stack = if full { Vec::new() } else { stack(&mut tally.codes) };
        *tally.ticks.entry((stack, activity)).or_default() += ticks;
    });
}

fn new_part(now: u64) -> Part {
    let tally = Arc::new(Mutex::new(Tally::default()));
    lock(&TALLIES).push(tally.clone());
    Part { booked: now, tally }
}

/// The calling thread's frames, outermost first.
fn stack(codes: &mut HashSet<usize>) -> Vec<Place> {
    let mut places = Vec::new();
    switch_point::with_current_frame(|innermost| {
        let mut frame: *const InterpreterFrame = ptr::from_ref(innermost);
        // SAFETY: the frames below the one that this thread executes are its callers: they wait
        // for it, and live as long as it runs. The outermost has no previous one.
        while let Some(here) = unsafe { frame.as_ref() }
            && places.len() < DEEPEST
        {
            let code = ptr::from_ref(here.code()).expose_provenance();
            if codes.insert(code) {
                std::mem::forget(here.code().to_owned());
            }
            places.push((code, here.get_lasti()));
            frame = here.previous();
        }
    });
    places.reverse();
    places
}

fn line((code, instruction): Place) -> Line {
    let code: *const Py<PyCode> = ptr::with_exposed_provenance(code);
    // SAFETY: the address is that of a code object of which `stack` has leaked a reference.
    let code = &unsafe { &*code }.code;
    // As `FrameObject::current_location` has it: the instruction that has begun is the one before.
    let place = (instruction as usize).checked_sub(1);
    let number = place
        .and_then(|index| code.locations.get(index))
        .map(|(start, _)| start.line)
        .or(code.first_line_number);
    Line {
        file: code.source_path.as_wtf8().to_string(),
        function: code.qualname.as_wtf8().to_string(),
        number: number.map_or(0, |line| line.get()),
    }
}
