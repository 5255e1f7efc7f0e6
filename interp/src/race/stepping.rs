//! Threads that may be switched before any instruction of the code that is explored
//! ([`Discipline::AnyBytecode`](super::Discipline::AnyBytecode)).
//!
//! Such a thread single-steps: it rings before each instruction, so that it is at the safepoint before the next one,
//! too, and there it announces a step that touches nothing. What nobody can see coming is found so: what C code does to
//! containers that it is not handed directly, for one. Code that is not explored runs on to its end, and so do the
//! instructions that only announce something.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::{AsObject, Py, PyRef, PyResult, VirtualMachine};

use super::execution::Abandoned;
use super::site::SiteKind;
use super::{SiteId, Step, hook, lab, places};
use crate::safepoint;
use crate::switch_point::with_current_frame;

/// Whether the execution that runs is one.
static ON: AtomicBool = AtomicBool::new(false);

/// Of a code object: whether one of the program's own instructions begins at a code unit, before which a thread may be
/// switched.
type Starts = Arc<[bool]>;

/// By the code object's address, which is kept.
static KNOWN: RwLock<Option<HashMap<usize, (PyRef<PyCode>, Starts)>>> = RwLock::new(None);

thread_local! {
    /// The code object that was looked up last.
    static LAST: RefCell<(usize, Option<Starts>)> = const { RefCell::new((0, None)) };
}

/// Notes where the instructions of a code object begin that is explored.
pub(crate) fn note(code: &PyRef<PyCode>, starts: &[usize]) {
    let mut units = vec![false; code.instructions.len()];
    for start in starts {
        // The one behind the last is none.
        if let Some(unit) = units.get_mut(*start) {
            *unit = true;
        }
    }
    let known = (code.clone(), units.into());
    KNOWN.write().get_or_insert_default().insert(code.get_id(), known);
}

/// Single-steps all threads of an execution while `f` runs.
pub(crate) fn while_on<R>(f: impl FnOnce() -> R) -> R {
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            ON.store(false, Ordering::Relaxed);
        }
    }
    ON.store(true, Ordering::Relaxed);
    let _off = Off;
    safepoint::ring();
    f()
}

/// Called at the safepoint.
pub(crate) fn on_ring(vm: &VirtualMachine) -> PyResult<()> {
    if !ON.load(Ordering::Relaxed) {
        return Ok(());
    }
    // First, as another thread may go on before this one does.
    safepoint::ring();
    if !with_current_frame(|frame| begins(frame.code(), frame.get_lasti())).unwrap_or(false) {
        return Ok(());
    }
    let Some((execution, me)) = hook::me_outside_imports() else { return Ok(()) };
    // Where it is takes long to say, and only reports ask.
    let site = if execution.notes { places::here_as(SiteKind::Entry) } else { SiteId::default() };
    let announced = execution.announce(vm, me, Step { site, ..Step::default() }, None);
    announced.map(drop).map_err(|Abandoned| lab::abandoned(vm, &execution))
}

/// Whether an instruction of the program's is about to run.
fn begins(code: &Py<PyCode>, lasti: u32) -> bool {
    // The VM counts an instruction as begun before it looks at the eval breaker.
    let Some(unit) = (lasti as usize).checked_sub(1) else { return false };
    let address = code.get_id();
    LAST.with_borrow_mut(|(last, starts)| {
        if *last != address {
            let known = KNOWN.read();
            let found = known.as_ref().and_then(|known| known.get(&address));
            (*last, *starts) = (address, found.map(|(_, starts)| starts.clone()));
        }
        starts.as_ref().is_some_and(|starts| starts.get(unit).copied().unwrap_or(false))
    })
}
