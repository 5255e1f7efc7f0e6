//! What a host is asked to run.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use togil_interp::Python;
use togil_interp::stop;
use togil_interp::vm::PyObjectRef;
use togil_interp::vm::compiler::Mode;

use super::call::arguments;
use super::context::{Context, Failure, conversion};
use super::core::JobCore;
use super::handle::{JobHandle, Slot};
use super::recursion::RecursionLimit;
use super::script::{Script, show_source};
use super::session::{Session, new_globals};
use super::target::Callable;
use crate::error::Error;
use crate::function::panic_message;
use crate::limits::Limits;
use crate::limits::watchdog::Watchdog;
use crate::output::{self, Output, Sink};
use crate::value::{ConversionError, to_python};

type Task<T> = Box<dyn FnOnce(&Context<'_>) -> Result<T, Failure> + Send>;
type MakeValue = Box<dyn FnOnce(Python<'_>) -> Result<PyObjectRef, ConversionError> + Send>;

/// One piece of work for a [`Host`](crate::Host), and how it is to be run. `T` is what comes out:
/// any type that `serde` can deserialize.
#[must_use = "a job does nothing until a host runs it"]
pub struct Job<T> {
    name: String,
    task: Task<T>,
    variables: Vec<(String, MakeValue)>,
    session: Option<Session>,
    limits: Option<Limits>,
    output: Option<Output>,
}

impl<T: Send + 'static> Job<T> {
    /// Runs Rust code that is attached to an interpreter.
    pub fn new<F>(f: F) -> Self
    where
        F: FnOnce(Python<'_>) -> Result<T, Error> + Send + 'static,
    {
        Self::from_task("closure", Box::new(move |context| Ok(f(context.py)?)))
    }

    fn from_task(name: impl Into<String>, task: Task<T>) -> Self {
        Self {
            name: name.into(),
            task,
            variables: Vec::new(),
            session: None,
            limits: None,
            output: None,
        }
    }

    /// What reports and logs call the job.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets a global before the job runs.
    pub fn var(mut self, name: impl Into<String>, value: impl Serialize + Send + 'static) -> Self {
        self.variables.push((name.into(), Box::new(move |py| to_python(py, &value))));
        self
    }

    /// Runs in the globals of a session, instead of in its own.
    pub fn session(mut self, session: &Session) -> Self {
        self.session = Some(session.clone());
        self
    }

    /// What the job may use, instead of the host's default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// The limits so far, or none, with a time-out.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits = Some(self.limits.unwrap_or_default().timeout(limit));
        self
    }

    /// Where the job's output goes, instead of the host's default.
    pub fn output(mut self, output: Output) -> Self {
        self.output = Some(output);
        self
    }

    pub(crate) fn session_ref(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Ready for a queue, with its handle.
    pub(crate) fn into_queued(
        self,
        limits: &Limits,
        output: &Output,
    ) -> (Box<Typed<T>>, JobHandle<T>) {
        let limits = self.limits.clone().unwrap_or_else(|| limits.clone());
        let sink =
            Sink::new(self.output.clone().unwrap_or_else(|| output.clone()), limits.output_size);
        let slot = Slot::new();
        let failed = slot.clone();
        let fail = Box::new(move |error| failed.complete(Err(error)));
        let core = JobCore::new(self.name.clone(), limits, fail);
        let handle = JobHandle::new(core.clone(), slot.clone(), sink.clone());
        (Box::new(Typed { core, slot, sink, job: self }), handle)
    }
}

impl<T: DeserializeOwned + Send + 'static> Job<T> {
    /// Evaluates an expression.
    pub fn eval(expression: impl Into<String>) -> Self {
        let expression = expression.into();
        Self::from_task(
            "eval",
            Box::new(move |context| {
                let code = context.compile(expression.trim_start(), Mode::Eval, "<eval>")?;
                context.result(context.run(code))
            }),
        )
    }

    /// Runs a compiled script, for the value of its last expression.
    pub fn run(script: &Script) -> Self {
        let script = script.clone();
        Self::from_task(
            script.name().to_owned(),
            Box::new(move |context| context.result(context.run(script.code(context.py)))),
        )
    }

    /// Calls a function. `args` is a tuple, or an array, of its positional arguments.
    pub fn call(function: impl Into<Callable>, args: impl Serialize + Send + 'static) -> Self {
        Self::call_with(function, args, ())
    }

    /// Calls a function with keyword arguments, too: a struct or a map with string keys.
    pub fn call_with(
        function: impl Into<Callable>,
        args: impl Serialize + Send + 'static,
        kwargs: impl Serialize + Send + 'static,
    ) -> Self {
        let function = function.into();
        Self::from_task(
            function.describe(),
            Box::new(move |context| {
                let py = context.py;
                let args = arguments(py, to_python(py, &args), to_python(py, &kwargs))?;
                let function = function.resolve(context)?;
                context.result(function.call(args, py.vm()))
            }),
        )
    }
}

impl Job<()> {
    /// Runs statements.
    pub fn exec(source: impl Into<String>) -> Self {
        let source = source.into();
        Self::from_task(
            "exec",
            Box::new(move |context| {
                let code = context.compile(&source, Mode::Exec, "<exec>")?;
                show_source(context.py, &code, &source);
                context.run(code)?;
                Ok(())
            }),
        )
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a worker needs besides the job.
pub(crate) struct Bench<'a> {
    pub(crate) worker: usize,
    pub(crate) watchdog: &'a Arc<Watchdog>,
    /// Told how the job ended, before whoever waits for it is.
    pub(crate) ended: &'a dyn Fn(Ending),
}

/// A job without its type, as it lies in a queue.
pub(crate) trait Queued: Send {
    fn core(&self) -> &Arc<JobCore>;
    /// Runs it on the calling thread. `false` if it was not wanted any more.
    fn run(self: Box<Self>, py: Python<'_>, bench: &Bench<'_>) -> bool;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// How a job ended, for the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished,
    Failed,
    Stopped,
}

/// A job with everything that belongs to one run of it.
pub(crate) struct Typed<T> {
    core: Arc<JobCore>,
    slot: Arc<Slot<T>>,
    sink: Arc<Sink>,
    job: Job<T>,
}

impl<T> Typed<T> {
    pub(crate) fn into_job(self) -> Job<T> {
        self.job
    }
}

impl<T: Send + 'static> Queued for Typed<T> {
    fn core(&self) -> &Arc<JobCore> {
        &self.core
    }

    fn run(self: Box<Self>, py: Python<'_>, bench: &Bench<'_>) -> bool {
        let Self { core, slot, sink, job } = *self;
        let (outcome, last) = stop::stoppable(py, |stopper| {
            if !core.start(stopper, bench.worker) {
                return None;
            }
            bench.watchdog.watch_limits(&core);
            let _depth = RecursionLimit::set(py, &core.limits);
            let run =
                || catch_unwind(AssertUnwindSafe(|| job.perform(py, core.limits.result_size)));
            Some(output::with_sink(&sink, &core, run))
        });
        let Some(outcome) = outcome else { return false };
        bench.watchdog.forget(&core);
        let stopped = core.finish(last);
        sink.finish();
        let result = match (outcome, stopped) {
            // Nothing told its own thread that the value may be wrong.
            (Ok(Ok(_)), Some((report, false))) => Err(Error::Stopped(report)),
            (Ok(Ok(value)), _) => Ok(value),
            (Ok(Err(_)), Some((report, _))) => Err(Error::Stopped(report)),
            (Ok(Err(failure)), None) => Err(failure.into_error(py)),
            (Err(panic), _) => Err(Error::Panicked(panic_message(&*panic))),
        };
        (bench.ended)(match &result {
            Ok(_) => Ending::Finished,
            Err(Error::Stopped(_)) => Ending::Stopped,
            Err(_) => Ending::Failed,
        });
        slot.complete(result);
        true
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T> Job<T> {
    fn perform(self, py: Python<'_>, result_size: Option<usize>) -> Result<T, Failure> {
        let globals = match &self.session {
            Some(session) => session.globals(py),
            None => new_globals(py),
        };
        for (name, make) in self.variables {
            let value =
                make(py).map_err(|error| conversion(format!("the variable '{name}'"), error))?;
            globals.set_item(name.as_str(), value, py.vm())?;
        }
        (self.task)(&Context { py, globals, result_size })
    }
}
