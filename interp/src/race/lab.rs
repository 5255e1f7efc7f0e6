//! What scripts that are explored see of the scheduler, and how an execution is run.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::execution::{Execution, Finished};
use super::kernel::kernel;
use super::objects::{self, Kept};
use super::outcome::End;
use super::pool::Pool;
use super::values::Noted;
use super::{
    Discipline, Event, Pending, Sharing, Strategy, ThreadId, deaths, hook, outside, stepping,
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
