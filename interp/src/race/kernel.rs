//! The functions of Rust that the primitives in Python (`shim.py`) are made of.

use std::sync::Arc;
use std::time::Duration;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyCode};
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::execution::{Abandoned, Execution};
use super::outcome::Failure;
use super::pool::Pool;
use super::{Access, ObjectId, Part, Step, Sync, ThreadId, deaths, hook, objects, places, sites};

/// What unwinds a thread whose execution is over.
pub(crate) fn abandoned(vm: &VirtualMachine, execution: &Execution) -> PyBaseExceptionRef {
    vm.new_exception_empty(execution.abandoned.clone())
}

impl Execution {
    /// Ends the execution because of an exception, unless it is the one that unwinds threads.
    pub(crate) fn fail_with(
        &self,
        vm: &VirtualMachine,
        thread: ThreadId,
        error: &PyBaseExceptionRef,
    ) {
        if error.fast_isinstance(&self.abandoned) {
            return;
        }
        let mut traceback = String::new();
        // Into a string it does not fail.
        let _ = vm.write_exception(&mut traceback, error);
        let message = traceback.trim_end().lines().next_back().unwrap_or_default().to_owned();
        let class = error.class().name().to_string();
        self.fail(Failure { thread, class, message, traceback });
    }
}

fn seconds(timeout: Option<f64>) -> Option<Duration> {
    timeout.map(|timeout| Duration::try_from_secs_f64(timeout.max(0.0)).unwrap_or(Duration::MAX))
}

/// Announces what a primitive does to `object`. Returns the execution and whether it was done in time;
/// `None` outside of an execution.
fn synchronise(
    vm: &VirtualMachine,
    object: &PyObject,
    sync: impl FnOnce(ObjectId) -> Sync,
    timeout: Option<f64>,
) -> PyResult<Option<(Arc<Execution>, bool)>> {
    deaths::let_go(vm)?;
    let Some((execution, me)) = hook::me() else { return Ok(None) };
    let number = execution.state.lock().objects.number(object);
    let done = step(vm, &execution, me, sync(number), timeout)?;
    Ok(Some((execution, done)))
}

/// Announces a step of a primitive. Returns whether it was done, and did not time out.
fn step(
    vm: &VirtualMachine,
    execution: &Execution,
    me: ThreadId,
    sync: Sync,
    timeout: Option<f64>,
) -> PyResult<bool> {
    let step = Step { accesses: Vec::new(), sync: Some(sync), site: places::here() };
    hook::steps();
    let done = execution
        .announce(vm, me, step, seconds(timeout))
        .map_err(|Abandoned| abandoned(vm, execution))?;
    // Under a GIL: behind the call of the primitive. Before it only if it has to wait.
    execution.state.lock().pass_switch_point(me);
    Ok(done)
}

/// The functions that the shim is made of. Outside of an execution they do nothing.
pub(super) fn kernel(vm: &VirtualMachine, pool: &Arc<Pool>) -> Vec<(&'static str, PyObjectRef)> {
    // Nobody comes between a step and the look at what it has found.
    let acquire =
        |lock: PyObjectRef, blocking: bool, timeout: OptionalArg<f64>, vm: &VirtualMachine| {
            let sync = if blocking { Sync::Acquire } else { Sync::TryAcquire };
            let done = synchronise(vm, &lock, sync, timeout.into_option())?;
            let got = done.map(|(execution, done)| done && execution.had_units());
            PyResult::Ok(got.unwrap_or(true))
        };
    let release = |lock: PyObjectRef, vm: &VirtualMachine| {
        let done = synchronise(vm, &lock, Sync::Release, None)?;
        PyResult::Ok(done.is_none_or(|(execution, _)| !execution.had_units()))
    };
    let locked = |lock: PyObjectRef, vm: &VirtualMachine| {
        let done = synchronise(vm, &lock, Sync::Look, None)?;
        PyResult::Ok(done.is_some_and(|(execution, _)| !execution.had_units()))
    };
    let pool = pool.clone();
    let start = move |function: PyObjectRef, name: String, daemon: bool, vm: &VirtualMachine| {
        deaths::let_go(vm)?;
        let Some((execution, me)) = hook::me() else { return Ok(0) };
        let id = pool.start(vm, &execution, function, name, daemon)?;
        step(vm, &execution, me, Sync::Start(id), None)?;
        execution.begin(id);
        PyResult::Ok(id.0)
    };
    let join = |thread: u32, timeout: OptionalArg<f64>, vm: &VirtualMachine| {
        deaths::let_go(vm)?;
        let Some((execution, me)) = hook::me() else { return Ok(true) };
        step(vm, &execution, me, Sync::Join(ThreadId(thread)), timeout.into_option())
    };
    let current = || hook::me().map_or(-1, |(_, me)| i64::from(me.0));
    let pass_time = |time: f64, vm: &VirtualMachine| {
        deaths::let_go(vm)?;
        let Some((execution, me)) = hook::me() else { return Ok(()) };
        execution.state.lock().pass_switch_point(me);
        hook::announce(vm, &execution, me, Step { site: places::here(), ..Step::default() })?;
        execution.state.lock().advance(seconds(Some(time)).unwrap_or_default());
        PyResult::Ok(())
    };
    // A loop that only looks at the clock must come to its end, too.
    const TICK: Duration = Duration::from_micros(1);
    let now = || {
        let me = hook::me();
        me.map_or(0.0, |(execution, _)| execution.state.lock().advance(TICK).as_secs_f64())
    };
    let fail = |error: PyBaseExceptionRef, vm: &VirtualMachine| {
        if let Some((execution, me)) = hook::me() {
            execution.fail_with(vm, me, &error);
        }
    };
    let touch = |object: PyObjectRef, vm: &VirtualMachine| {
        let Some((execution, me)) = hook::me() else { return Ok(()) };
        let object = execution.state.lock().objects.number(&object);
        let accesses = vec![Access { object, part: Part::Whole, write: true }];
        hook::announce(vm, &execution, me, Step { accesses, sync: None, site: places::here() })
    };
    let own = |ids: PyObjectRef, vm: &VirtualMachine| {
        let ids: Vec<usize> = ids.try_into_value::<Vec<usize>>(vm)?;
        objects::own(ids.into_iter().collect());
        PyResult::Ok(())
    };
    let hook: PyObjectRef = hook::HOOK.build_function(&vm.ctx).into();
    let instrument = move |code: PyRef<PyCode>, theirs: bool, vm: &VirtualMachine| {
        let mut what = sites::What::default();
        if theirs {
            places::add(code.source_path().as_str());
            what.steps = true;
            what.drops = deaths::are_named_in(&code);
        }
        if what.drops {
            deaths::tell_from_now_on();
        }
        sites::instrument(&code, &hook, &what, vm)
    };
    vec![
        ("_acquire", vm.new_function("_acquire", acquire).into()),
        ("_release", vm.new_function("_release", release).into()),
        ("_locked", vm.new_function("_locked", locked).into()),
        ("_start", vm.new_function("_start", start).into()),
        ("_join", vm.new_function("_join", join).into()),
        ("_current", vm.new_function("_current", current).into()),
        ("_sleep", vm.new_function("_sleep", pass_time).into()),
        ("_now", vm.new_function("_now", now).into()),
        ("_import", vm.new_function("_import", hook::import).into()),
        ("_touch", vm.new_function("_touch", touch).into()),
        ("_own", vm.new_function("_own", own).into()),
        ("_is_changed", vm.new_function("_is_changed", objects::is_changed).into()),
        ("_fail", vm.new_function("_fail", fail).into()),
        ("_instrument", vm.new_function("_instrument", instrument).into()),
    ]
}
