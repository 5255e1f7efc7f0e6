//! Where the threads' time goes, by line: a clock ticks, and each thread books the ticks since its
//! last booking on the stack that it stands on.
//!
//! A thread books when it answers the bell, which the clock rings, and when it begins or
//! ends a wait. So a tick is booked once by each thread, whatever it did, and on the line
//! where it did it. With several threads running one of them answers each ring: it books as
//! many ticks as it has missed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustpython_vm::frame::InterpreterFrame;

use crate::activity::{self, Activity, Watcher};
use crate::python::Python;
use crate::{safepoint, switch_point};

/// The innermost frames are kept.
const DEEPEST: usize = 100;

/// Of a thread. What comes on top of so many is booked without a stack.
const MOST_STACKS: usize = 20_000;

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

type Tally = HashMap<(Vec<Line>, Activity), u64>;

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
    /// Starts the clock, for all threads of the process. One at a time.
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
        let mut total = Tally::new();
        for tally in lock(&TALLIES).drain(..) {
            for (key, ticks) in lock(&tally).drain() {
                *total.entry(key).or_default() += ticks;
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
        let stack = if tally.len() < MOST_STACKS { stack() } else { Vec::new() };
        *tally.entry((stack, activity)).or_default() += ticks;
    });
}

fn new_part(now: u64) -> Part {
    let tally = Arc::new(Mutex::new(Tally::new()));
    lock(&TALLIES).push(tally.clone());
    Part { booked: now, tally }
}

/// The calling thread's frames, outermost first.
fn stack() -> Vec<Line> {
    let mut lines = Vec::new();
    switch_point::with_current_frame(|innermost| {
        let mut frame: *const InterpreterFrame = ptr::from_ref(innermost);
        // SAFETY: the frames below the one that this thread executes are its callers: they wait
        // for it, and live as long as it runs. The outermost has no previous one.
        while let Some(here) = unsafe { frame.as_ref() }
            && lines.len() < DEEPEST
        {
            lines.push(line(here));
            frame = here.previous();
        }
    });
    lines.reverse();
    lines
}

fn line(frame: &InterpreterFrame) -> Line {
    let code = &frame.code().code;
    // As `FrameObject::current_location` has it: the instruction that has begun is the one before.
    let place = (frame.get_lasti() as usize).checked_sub(1);
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
