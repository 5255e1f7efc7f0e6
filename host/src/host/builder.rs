//! Configuring a host.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use parking_lot::{Condvar, Mutex};
use togil_interp::vm::builtins::PyModuleDef;
use togil_interp::{Handle, InterpreterBuilder, NativeModule, bytecode};

use super::interpreters::{Factory, Interpreters, Setup};
use super::stats::Counters;
use super::worker::Worker;
use super::{Host, Inbox, Inner, Queues, Shutdown, Slot};
use crate::error::HostError;
use crate::host::policy::ImportPolicy;
use crate::job::install_crews;
use crate::limits::Limits;
use crate::limits::watchdog::Watchdog;
use crate::output::Output;
use crate::shared;

/// Configures a [`Host`].
#[derive(Default)]
#[must_use]
pub struct HostBuilder {
    workers: Option<usize>,
    queue: Option<usize>,
    isolated: bool,
    interpreter: InterpreterBuilder,
    setup: Setup,
    limits: Limits,
    output: Output,
    on_drop: Option<Shutdown>,
}

impl HostBuilder {
    /// How many threads run jobs. As many as the process may use processors, by default.
    pub fn workers(mut self, number: usize) -> Self {
        self.workers = Some(number);
        self
    }

    /// How many jobs may wait. 64 for each worker by default.
    pub fn queue_capacity(mut self, jobs: usize) -> Self {
        self.queue = Some(jobs);
        self
    }

    /// Gives every worker an interpreter of its own: modules, globals and garbage collection are
    /// not shared. In a gil build all take turns under the one GIL of the process.
    pub fn isolated(mut self, yes: bool) -> Self {
        self.isolated = yes;
        self
    }

    /// Changes the settings of the interpreter: arguments, environment, GIL, signals.
    pub fn interpreter(
        mut self,
        change: impl FnOnce(InterpreterBuilder) -> InterpreterBuilder,
    ) -> Self {
        self.interpreter = change(self.interpreter);
        self
    }

    /// Adds a native module.
    pub fn native_module(mut self, module: &'static PyModuleDef) -> Self {
        self.interpreter = self.interpreter.native_module(module);
        self
    }

    /// Lends a [`Module`](crate::Module) of Rust functions, classes and values to the scripts.
    pub fn module(mut self, module: impl Into<NativeModule>) -> Self {
        self.interpreter = self.interpreter.module(module);
        self
    }

    /// Adds a directory from which scripts import.
    pub fn import_path(mut self, directory: impl Into<String>) -> Self {
        self.interpreter = self.interpreter.path(directory);
        self
    }

    /// Whether imports write `.pyc` files into `__pycache__` beside the sources. They do by default, as
    /// in a program that embeds CPython; a host whose sources lie where nothing may be written loses
    /// nothing but time. Isolated workers share what they compile in any case.
    pub fn write_bytecode(mut self, yes: bool) -> Self {
        self.interpreter = self.interpreter.write_bytecode(yes);
        self
    }

    /// The directory below which `.pyc` files are written and looked for, instead of beside the
    /// sources.
    pub fn pycache_prefix(mut self, directory: impl Into<String>) -> Self {
        self.interpreter = self.interpreter.pycache_prefix(directory);
        self
    }

    /// A module from source, loaded once when the host starts, that all scripts can import.
    pub fn prelude(mut self, name: impl Into<String>, source: impl Into<String>) -> Self {
        self.setup.prelude.push((name.into(), source.into()));
        self
    }

    /// Which modules scripts may import.
    pub fn import_policy(mut self, policy: ImportPolicy) -> Self {
        self.setup.policy = Some(policy);
        self
    }

    /// What a job may use unless it says otherwise.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where a job's output goes unless it says otherwise.
    pub fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// What becomes of the jobs when the host is dropped. [`Shutdown::Cancel`] by default.
    pub fn on_drop(mut self, how: Shutdown) -> Self {
        self.on_drop = Some(how);
        self
    }

    /// Starts the interpreter and the workers.
    ///
    /// # Errors
    /// [`HostError`] for settings that make no sense, an interpreter or a prelude that
    /// fails, and threads that the system does not give.
    pub fn build(self) -> Result<Host, HostError> {
        let workers = match self.workers {
            Some(0) => return Err(HostError::NoWorkers),
            Some(number) => number,
            None => thread::available_parallelism().map_or(1, NonZero::get),
        };
        let capacity = match self.queue {
            Some(0) => return Err(HostError::NoQueue),
            Some(jobs) => jobs,
            None => workers.saturating_mul(64),
        };
        install_crews();
        if self.isolated {
            bytecode::shared::share();
        }
        let interpreter = shared::add_to(self.interpreter);
        let policy = self.setup.policy.clone();
        let interpreters = Interpreters::start(interpreter, self.setup)?;
        let (shared, shared_inbox) = crossbeam_channel::bounded(capacity);
        let (own, inboxes): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| crossbeam_channel::bounded(capacity)).unzip();
        let inner = Arc::new(Inner {
            queue: Mutex::new(Some(Queues { shared, own })),
            capacity,
            isolated: self.isolated,
            limits: self.limits,
            output: self.output,
            inboxes: inboxes
                .into_iter()
                .map(|own| Inbox { shared: shared_inbox.clone(), own })
                .collect(),
            workers: Mutex::new((0..workers).map(|_| Slot::default()).collect()),
            live: Mutex::new(0),
            gone: Condvar::new(),
            watchdog: Watchdog::new(),
            counters: Counters::default(),
            next_worker: AtomicUsize::new(0),
            leftovers: Mutex::default(),
            cancels_queued: AtomicBool::new(false),
        });
        let staff = Staff {
            main: interpreters.main(),
            factory: self.isolated.then(|| interpreters.factory()),
        };
        let mut host = Host {
            inner: inner.clone(),
            policy,
            // Until all is well there are no jobs to wait for.
            on_drop: Shutdown::Cancel,
            interpreters: Some(interpreters),
            watchdog_thread: None,
        };
        for index in 0..workers {
            staff.hire(&inner, index)?;
        }
        let weak = Arc::downgrade(&inner);
        let on_given_up = Box::new(move |index| {
            let Some(inner) = weak.upgrade() else { return };
            let generation = inner.abandon(index);
            if !inner.is_closed()
                && let Err(error) = staff.replace(&inner, index, generation)
            {
                tracing::error!(index, %error, "a worker that is stuck could not be replaced");
            }
        });
        host.watchdog_thread = Some(inner.watchdog.start(on_given_up).map_err(HostError::Thread)?);
        host.on_drop = self.on_drop.unwrap_or(Shutdown::Cancel);
        Ok(host)
    }
}

/// What it takes to start a worker.
struct Staff {
    main: Handle,
    /// For isolated workers.
    factory: Option<Factory>,
}

impl Staff {
    /// Starts a worker once it has its interpreter.
    fn hire(&self, inner: &Arc<Inner>, index: usize) -> Result<(), HostError> {
        let handle = match &self.factory {
            Some(factory) => factory.make()?,
            None => self.main.clone(),
        };
        let worker = Worker { inner: inner.clone(), index, generation: 0 };
        worker.start(move || Some(handle)).map_err(HostError::Thread)
    }

    /// Starts a worker in the place of one that is stuck: nothing here may wait for that one.
    fn replace(&self, inner: &Arc<Inner>, index: usize, generation: u64) -> Result<(), HostError> {
        let (main, factory) = (self.main.clone(), self.factory.clone());
        let handle = move || match factory {
            None => Some(main),
            Some(factory) => factory
                .make()
                .inspect_err(|error| tracing::error!(index, %error, "no interpreter for a worker"))
                .ok(),
        };
        let worker = Worker { inner: inner.clone(), index, generation };
        worker.start(handle).map_err(HostError::Thread)
    }
}

impl std::fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostBuilder")
            .field("workers", &self.workers)
            .field("isolated", &self.isolated)
            .finish_non_exhaustive()
    }
}
