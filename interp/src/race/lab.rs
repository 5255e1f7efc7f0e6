//! What scripts that are explored see of the scheduler, and how an execution is run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyCode, PyTypeRef};
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::execution::{Abandoned, Execution, Finished};
use super::objects::{self, Kept};
use super::outcome::{End, Failure};
use super::pool::Pool;
use super::values::Noted;
use super::{
    Access, Discipline, Event, ObjectId, Part, Pending, Sharing, Step, Strategy, Sync, ThreadId,
    deaths, hook, outside, places, sites, stepping,
};
use crate::python::Python;

/// What is Python of the lab, in the order in which it is executed, with what its code objects name
/// as their files: `threading` and its kin, for threads under control; what a model is; what is
/// explored; tests as models.
const PYTHON: [(&str, &str); 4] = [
    (include_str!("shim.py"), SHIM_PATH),
    MODELS,
    (include_str!("sources.py"), "<togil.race.sources>"),
    (include_str!("tests.py"), "<togil.race.tests>"),
];

/// What a model is: for the watch, too.
pub(super) const MODELS: (&str, &str) = (include_str!("models.py"), "<togil.race.models>");

/// The file of the primitives.
pub(crate) const SHIM_PATH: &str = "<togil.race>";

/// Explores what threads can do. One at a time in a process.
pub struct Lab {
    shim: PyObjectRef,
    pool: Arc<Pool>,
    abandoned: PyTypeRef,
    runs: usize,
}

/// One execution, as it was.
pub struct Run {
    /// To be told of the end by whoever goes on.
    pub strategy: Box<dyn Strategy>,
    /// What was done while there was more than one thread.
    pub trace: Vec<Event>,
    /// What its steps have read and written, by their place in the trace. Only where every step was
    /// announced ([`Sharing::all`]).
    pub noted: BTreeMap<usize, Noted>,
    /// The steps of threads that waited for ever.
    pub pending: Vec<Pending>,
    /// How it ended.
    pub end: End,
    /// What the model returned, as Python shows it; `None` where it did not return.
    pub outcome: Option<String>,
    /// The names of the threads.
    pub threads: Vec<String>,
    /// What is known of the sites now.
    pub sharing: Sharing,
    /// Whether a loop was not followed as far as it goes: then other executions may be missing.
    pub cut: bool,
    /// The classes and, of those that have one, the names of the objects.
    pub objects: Vec<String>,
}

/// Executions between two collections of garbage. None happens in an execution: its time depends
/// on what came before.
const COLLECT_EVERY: usize = 256;

impl Lab {
    /// Puts the controlled primitives in the place of `threading`, `queue` and the clocks of `time`.
    /// Modules that are imported from now on use them.
    ///
    /// # Errors
    /// What the standard library raises while it is set up.
    pub fn new(py: Python<'_>) -> PyResult<Self> {
        let vm = py.vm();
        let scope = vm.new_scope_with_builtins();
        let pool = Arc::new(Pool::default());
        outside::use_from_now_on();
        for (name, function) in kernel(vm, &pool) {
            scope.globals.set_item(name, function, vm)?;
        }
        for (source, path) in PYTHON {
            vm.run_string(scope.clone(), source, path)?;
        }
        let abandoned = scope.globals.get_item("Abandoned", vm)?;
        let abandoned = abandoned.downcast().map_err(|_| vm.new_type_error("a class"))?;
        Ok(Self { shim: scope.globals.into(), pool, abandoned, runs: 0 })
    }

    /// A name of its Python code's.
    pub fn get(&self, py: Python<'_>, name: &str) -> PyResult {
        self.shim.get_item(name, py.vm())
    }

    /// Runs a function without arguments under a strategy.
    pub fn run(
        &mut self,
        py: Python<'_>,
        model: &PyObject,
        strategy: Box<dyn Strategy>,
        discipline: Discipline,
        max_steps: usize,
        sharing: Sharing,
    ) -> Run {
        let vm = py.vm();
        self.runs += 1;
        if self.runs.is_multiple_of(COLLECT_EVERY) {
            vm.state.gc.collect_force(0);
        }
        let enabled = vm.state.gc.is_enabled();
        vm.state.gc.disable();
        let execution =
            Execution::new(strategy, discipline, max_steps, sharing, self.abandoned.clone());
        let execution = Arc::new(execution);
        let main = ThreadId(0);
        let call = || {
            let result = model.call((), vm);
            deaths::let_go(vm)?;
            result
        };
        let controlled = || hook::controlled(&execution, main, call);
        let result = match discipline {
            Discipline::AnyBytecode => stepping::while_on(controlled),
            Discipline::FreeThreaded | Discipline::Gil => controlled(),
        };
        let outcome = match result {
            Ok(value) => value.repr(vm).ok().map(|repr| repr.to_string_lossy().into_owned()),
            Err(error) => {
                execution.fail_with(vm, main, &error);
                None
            }
        };
        execution.leave(main);
        let Finished {
            strategy,
            trace,
            noted,
            pending,
            end,
            mut objects,
            names,
            sharing,
            torn,
            cut,
        } = execution.finish(vm);
        if torn {
            // What was left half done may be anything.
            objects::change_unseen();
        }
        let objects = objects.take();
        let named = match end {
            End::Finished | End::GivenUp => Vec::new(),
            _ => objects.iter().map(|kept| describe(vm, kept)).collect(),
        };
        drop(objects);
        if enabled {
            vm.state.gc.enable();
        }
        let threads = names;
        Run { strategy, trace, noted, pending, end, outcome, threads, sharing, cut, objects: named }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.pool.dismiss();
    }
}

fn describe(vm: &VirtualMachine, kept: &Kept) -> String {
    let object = match kept {
        Kept::Object(object) => object,
        Kept::Gone(class) => return class.name().to_string(),
        Kept::Not => return "object".to_owned(),
    };
    let name = object.get_attr("__name__", vm).ok();
    let name = name.and_then(|name| name.str(vm).ok());
    match name {
        Some(name) => format!("{} {}", object.class().name(), name.to_string_lossy()),
        None => object.class().name().to_string(),
    }
}

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
fn kernel(vm: &VirtualMachine, pool: &Arc<Pool>) -> Vec<(&'static str, PyObjectRef)> {
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
