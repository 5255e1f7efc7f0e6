//! What each thread did when: running Python, waiting for the GIL, blocked in a call, collecting
//! garbage. Off unless asked for.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{PyResult, VirtualMachine};

use crate::activity::{self, Watcher};
use crate::python::Python;

pub use crate::activity::Activity;

/// A piece of a thread's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it did.
    pub activity: Activity,
    /// Since the timeline was turned on.
    pub start: Duration,
    /// Since the timeline was turned on.
    pub end: Duration,
}

/// What one thread did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadTimeline {
    /// The system's number of the thread.
    pub id: i32,
    /// The name of the thread when it was first seen.
    pub name: String,
    /// One after the other, without [`Activity::Away`].
    pub spans: Vec<Span>,
}

static ORIGIN: OnceLock<Instant> = OnceLock::new();
static LINES: Mutex<Vec<Arc<Line>>> = Mutex::new(Vec::new());

struct Line {
    id: i32,
    name: String,
    /// When the thread began to do what. Locked by its own thread, and at the end.
    changes: Mutex<Vec<(Duration, Activity)>>,
}

thread_local! {
    static LINE: RefCell<Option<Arc<Line>>> = const { RefCell::new(None) };
}

/// The calling thread does something else from now on.
pub(crate) fn began(activity: Activity) {
    let line = LINE.try_with(|line| line.borrow_mut().get_or_insert_with(new_line).clone());
    // A thread that is being torn down has nothing more to tell.
    let Ok(line) = line else { return };
    line.changes.lock().unwrap_or_else(PoisonError::into_inner).push((now(), activity));
}

fn now() -> Duration {
    ORIGIN.get_or_init(Instant::now).elapsed()
}

fn new_line() -> Arc<Line> {
    // SAFETY: takes nothing and cannot fail.
    let id = unsafe { libc::gettid() };
    let name = std::fs::read_to_string(format!("/proc/self/task/{id}/comm"));
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    let line = Arc::new(Line { id, name, changes: Mutex::default() });
    LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
    line
}

static ON_COLLECTION: PyMethodDef = PyMethodDef::new_raw_const(
    "togil_timeline",
    on_collection,
    PyMethodFlags::empty(),
    ItemDoc::NONE,
);

/// `gc.callbacks`: called with "start" or "stop".
fn on_collection(vm: &VirtualMachine, args: FuncArgs, _callee: Callee) -> PyResult {
    let phase = args.args.first().map(|phase| phase.str(vm)).transpose()?;
    let starts = phase.is_some_and(|phase| phase.as_wtf8() == "start");
    activity::to(if starts { Activity::Collecting } else { Activity::Running });
    Ok(vm.ctx.none())
}

/// Turns the timeline on for the process, and for the collections of this interpreter.
///
/// # Errors
/// What Python raises when the `gc` module has been tampered with.
pub fn start(py: Python<'_>) -> PyResult<()> {
    let vm = py.vm();
    let callbacks = vm.import("gc", 0)?.get_attr("callbacks", vm)?;
    vm.call_method(&callbacks, "append", (ON_COLLECTION.build_function(&vm.ctx),))?;
    ORIGIN.get_or_init(Instant::now);
    Watcher::Timeline.start();
    activity::to(Activity::Running);
    Ok(())
}

/// Turns the timeline off, and gives what it has.
pub fn finish() -> Vec<ThreadTimeline> {
    Watcher::Timeline.stop();
    let end = now();
    let lines = std::mem::take(&mut *LINES.lock().unwrap_or_else(PoisonError::into_inner));
    let mut threads: Vec<_> = lines.iter().map(|line| line.timeline(end)).collect();
    threads.sort_by_key(|thread| thread.spans.first().map(|span| span.start));
    threads
}

impl Line {
    fn timeline(&self, end: Duration) -> ThreadTimeline {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = changes.iter().skip(1).map(|(start, _)| *start).chain([end]);
        let spans = changes.iter().zip(ends).map(|((start, activity), end)| Span {
            activity: *activity,
            start: *start,
            end,
        });
        let spans = spans.filter(|span| span.activity != Activity::Away).collect();
        ThreadTimeline { id: self.id, name: self.name.clone(), spans }
    }
}
