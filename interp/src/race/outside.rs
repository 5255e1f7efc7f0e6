//! Rust code of the host's that threads under control call, and objects that are written in Rust.
//!
//! An object whose state is its own is a variable: [`Touch::reads`], [`Touch::changes`]. What a closure of the
//! host's shares nobody knows, so all of that counts as one thing besides ([`Touch::ANYTHING`]): no order of
//! two calls is left out that both may touch it, and one changes it. None of it may block by itself; what waits for
//! other threads does so by [`wait_outside`].

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustpython_vm::builtins::PyGetSet;
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

use super::execution::Abandoned;
use super::objects::Objects;
use super::{Access, Part, Step, hook, kernel, places};

/// Something that Rust code reads or changes.
#[derive(Debug, Clone, Copy)]
pub struct Touch<'a> {
    /// `None` for whatever nobody knows of.
    object: Option<&'a PyObject>,
    write: bool,
}

impl<'a> Touch<'a> {
    /// Anything that Rust code of the host's may share is changed.
    pub const ANYTHING: Self = Self { object: None, write: true };

    /// It is read.
    pub const READS_ANYTHING: Self = Self { object: None, write: false };

    /// The state of an object is read.
    pub fn reads(object: &'a PyObject) -> Self {
        Self { object: Some(object), write: false }
    }

    /// The state of an object is changed, or read and changed.
    pub fn changes(object: &'a PyObject) -> Self {
        Self { object: Some(object), write: true }
    }

    fn access(self, vm: &VirtualMachine, objects: &mut Objects) -> Access {
        // Stands for all that is not known: an object that no instrumented code touches as a whole.
        let object = self.object.unwrap_or(vm.builtins.as_object());
        Access { object: objects.number(object), part: Part::Whole, write: self.write }
    }
}

/// Whether there is a lab in the process: calls need not look for their execution otherwise.
static IS_USED: AtomicBool = AtomicBool::new(false);

/// Tells the objects whose properties are [`call_outside`]s.
static IS_OF_HOST: OnceLock<fn(&PyObject) -> bool> = OnceLock::new();

pub(crate) fn use_from_now_on() {
    IS_USED.store(true, Ordering::Relaxed);
}

/// Whether threads may be under control in this process: calls need not be announced otherwise.
#[inline]
pub fn is_exploring() -> bool {
    IS_USED.load(Ordering::Relaxed)
}

/// From now on the properties of objects for which this is true, those that are written in Rust, tell themselves
/// what they touch. The first to be given stays.
pub fn know_objects_of_host(is_of_host: fn(&PyObject) -> bool) {
    IS_OF_HOST.get_or_init(|| is_of_host);
}

/// Whether an attribute of the object's tells itself what it touches: to be announced as an attribute, too, would
/// make two steps of one.
pub(crate) fn tells_itself(object: &PyObject, name: &str, vm: &VirtualMachine) -> bool {
    IS_OF_HOST.get().is_some_and(|is_of_host| is_of_host(object))
        && vm.ctx.interned_str(name).is_some_and(|name| {
            let found = object.class().get_attr(name);
            found.is_some_and(|found| found.downcast_ref::<PyGetSet>().is_some())
        })
}

/// Announces that Rust code is about to touch something that other threads may tell, as one step. Does nothing in
/// a thread that is not under control, or if nothing is touched.
///
/// # Errors
/// What unwinds a thread whose execution is over.
#[inline]
pub fn call_outside(vm: &VirtualMachine, touched: &[Touch<'_>]) -> PyResult<()> {
    announce(vm, touched, true)
}

/// The same for a getter or a setter: under a GIL no thread is switched behind it, as nothing is called.
///
/// # Errors
/// What unwinds a thread whose execution is over.
#[inline]
pub fn access_outside(vm: &VirtualMachine, touched: &[Touch<'_>]) -> PyResult<()> {
    announce(vm, touched, false)
}

#[inline]
fn announce(vm: &VirtualMachine, touched: &[Touch<'_>], is_call: bool) -> PyResult<()> {
    if !is_exploring() || touched.is_empty() {
        return Ok(());
    }
    let Some((execution, me)) = hook::me() else { return Ok(()) };
    let accesses = accesses(vm, touched, &mut execution.state.lock().objects);
    let step = Step { accesses, sync: None, site: places::here() };
    hook::announce(vm, &execution, me, step)?;
    if is_call {
        // Under a GIL: behind the call.
        execution.state.lock().pass_switch_point(me);
    }
    Ok(())
}

/// Waits until another thread changes one of these, or gives up after `timeout` of virtual time.
/// Returns whether one was changed; `None` at once in a thread that is not under control, which is to wait
/// by itself. If it finds what it waits for it takes it: that is a change of all of them.
///
/// # Errors
/// What unwinds a thread whose execution is over.
pub fn wait_outside(
    vm: &VirtualMachine,
    timeout: Option<Duration>,
    objects: &[&PyObject],
) -> Option<PyResult<bool>> {
    if !is_exploring() {
        return None;
    }
    let (execution, me) = hook::me()?;
    let touched: Vec<_> = objects.iter().map(|object| Touch::changes(object)).collect();
    let accesses = {
        let mut state = execution.state.lock();
        let accesses = accesses(vm, &touched, &mut state.objects);
        state.block(me, accesses.clone());
        accesses
    };
    let step = Step { accesses, sync: None, site: places::here() };
    let done = execution.announce(vm, me, step, timeout);
    Some(done.map_err(|Abandoned| kernel::abandoned(vm, &execution)))
}

fn accesses(vm: &VirtualMachine, touched: &[Touch<'_>], objects: &mut Objects) -> Vec<Access> {
    touched.iter().map(|touch| touch.access(vm, objects)).collect()
}
