//! Threads that may be switched before any instruction of the code that is explored
//! ([`Discipline::AnyBytecode`](super::Discipline::AnyBytecode)).
//!
//! Such a thread single-steps: it rings at the safepoint before each instruction, so that it is there before the next
//! one, too, and announces a step that touches nothing. On the way to a call of the hook it does not, as a ring is what
//! costs most: the hook rings then. What nobody can see coming is found so: what C code does to
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
use super::{SiteId, Step, hook, kernel, places};
use crate::safepoint;
use crate::switch_point::with_current_frame;

/// Whether the execution that runs is one.
static ON: AtomicBool = AtomicBool::new(false);

/// What is at a code unit.
#[derive(Debug, Clone, Copy, Default)]
struct Unit {
    /// One of the program's own instructions begins here, before which a thread may be switched.
    starts: bool,
    /// The hook is called before the next one that does not lead there.
    to_hook: bool,
}

/// Those of a code object.
type Units = Arc<[Unit]>;

/// By the address of the code object, which is kept.
type Known = HashMap<usize, (PyRef<PyCode>, Units)>;

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

thread_local! {
    /// The code object that was looked up last.
    static LAST: RefCell<(usize, Option<Units>)> = const { RefCell::new((0, None)) };
}

/// Notes where the instructions of a code object begin that is explored, and which of its units lead to the hook.
pub(crate) fn note(code: &PyRef<PyCode>, starts: &[usize], to_hook: &[bool]) {
    let unit = |&to_hook: &bool| Unit { starts: false, to_hook };
    let mut units: Vec<_> = to_hook.iter().map(unit).collect();
    for start in starts {
        // The one behind the last is none.
        if let Some(unit) = units.get_mut(*start) {
            unit.starts = true;
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

/// Has the calling thread, or whoever goes on instead of it, come to the safepoint, if threads single-step.
pub(crate) fn remind() {
    if ON.load(Ordering::Relaxed) {
        safepoint::ring();
    }
}

/// Called at the safepoint.
pub(crate) fn on_ring(vm: &VirtualMachine) -> PyResult<()> {
    if !ON.load(Ordering::Relaxed) {
        return Ok(());
    }
    let Some((execution, me)) = hook::me() else { return Ok(()) };
    // The start of another thread rings again.
    if !execution.state.lock().has_several() {
        return Ok(());
    }
    let unit = with_current_frame(|frame| unit(frame.code(), frame.get_lasti()));
    let Unit { starts, to_hook } = unit.unwrap_or_default();
    if !to_hook {
        safepoint::ring();
    }
    if !starts || hook::is_importing() {
        return Ok(());
    }
    // Where it is takes long to say, and only reports ask.
    let site = if execution.notes { places::here_as(SiteKind::Entry) } else { SiteId::default() };
    let announced = execution.announce(vm, me, Step { site, ..Step::default() }, None);
    announced.map(drop).map_err(|Abandoned| kernel::abandoned(vm, &execution))
}

/// What is about to run.
fn unit(code: &Py<PyCode>, lasti: u32) -> Unit {
    // The VM counts an instruction as begun before it looks at the eval breaker.
    let Some(unit) = (lasti as usize).checked_sub(1) else { return Unit::default() };
    let address = code.get_id();
    LAST.with_borrow_mut(|(last, units)| {
        if *last != address {
            let known = KNOWN.read();
            let found = known.as_ref().and_then(|known| known.get(&address));
            (*last, *units) = (address, found.map(|(_, units)| units.clone()));
        }
        units.as_ref().and_then(|units| units.get(unit)).copied().unwrap_or_default()
    })
}
