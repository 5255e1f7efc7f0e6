//! Rust code of the host's that threads under control call.
//!
//! Nobody knows what it shares, so all of it counts as one thing that each call changes: no order of two
//! calls is left out. It may not block by itself; what waits for other threads does so by
//! [`wait_outside`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustpython_vm::{AsObject, PyResult, VirtualMachine};

use super::execution::Abandoned;
use super::{Access, Part, Step, hook, lab, places};

/// Whether there is a lab in the process: calls need not look for their execution otherwise.
static IS_USED: AtomicBool = AtomicBool::new(false);

pub(crate) fn use_from_now_on() {
    IS_USED.store(true, Ordering::Relaxed);
}

/// Announces a call of Rust code that other threads may tell. Does nothing in a thread that is
/// not under control.
///
/// # Errors
/// What unwinds a thread whose execution is over.
#[inline]
pub fn call_outside(vm: &VirtualMachine) -> PyResult<()> {
    if IS_USED.load(Ordering::Relaxed) { announce(vm) } else { Ok(()) }
}

fn announce(vm: &VirtualMachine) -> PyResult<()> {
    let Some((execution, me)) = hook::me() else { return Ok(()) };
    let access = outside(vm, &mut execution.state.lock().objects);
    let step = Step { accesses: vec![access], sync: None, site: places::here() };
    hook::announce(vm, &execution, me, step)?;
    // Under a GIL: behind the call.
    execution.state.lock().pass_switch_point(me);
    Ok(())
}

/// Waits until another thread calls something outside, or gives up after `timeout` of virtual time.
/// Returns whether there was a call; `None` at once in a thread that is not under control, which is to wait
/// by itself.
///
/// # Errors
/// What unwinds a thread whose execution is over.
pub fn wait_outside(vm: &VirtualMachine, timeout: Option<Duration>) -> Option<PyResult<bool>> {
    if !IS_USED.load(Ordering::Relaxed) {
        return None;
    }
    let (execution, me) = hook::me()?;
    let access = {
        let mut state = execution.state.lock();
        // A write: if it finds what it waits for, it takes it.
        let access = outside(vm, &mut state.objects);
        state.block(me, access);
        access
    };
    let step = Step { accesses: vec![access], sync: None, site: places::here() };
    let done = execution.announce(vm, me, step, timeout);
    Some(done.map_err(|Abandoned| lab::abandoned(vm, &execution)))
}

fn outside(vm: &VirtualMachine, objects: &mut super::objects::Objects) -> Access {
    // Stands for it: an object that no instrumented code touches as a whole.
    let object = objects.number(vm.builtins.as_object());
    Access { object, part: Part::Whole, write: true }
}
