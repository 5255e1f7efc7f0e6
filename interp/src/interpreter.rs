//! An interpreter under the lock discipline: built, attached to, finalized.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyModuleDef};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::vm::thread::{
    ThreadedVirtualMachine, cleanup_current_thread_frames, current_vm_is_set, with_current_vm,
};
use rustpython_vm::{AsObject, Py, PyResult, Settings, VirtualMachine};

use crate::attach;
use crate::lock::Handoff;
use crate::mode::{GilRequest, GilRequired};
use crate::modules::{self, NativeModule};
use crate::python::Python;
use crate::subinterpreter::SubInterpreter;
use crate::{
    ast, blocking, bytecode, fork, frozen, immortal, import_lock, imports, patch, safepoint,
    signals, streams, switch_point,
};

/// Why an interpreter could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A gil build was asked to run without its GIL.
    #[error(transparent)]
    GilRequired(#[from] GilRequired),
    /// The first interpreter of the process decided whether there is a GIL, and otherwise.
    #[error(
        "the first interpreter of this process decided whether there is a GIL; \
         ask for the same in all of them"
    )]
    GilDecided,
    /// The first interpreter of the process decided who gets the GIL next, and otherwise.
    #[error(
        "the first interpreter of this process decided by which rule the GIL changes hands; \
         ask for the same in all of them"
    )]
    HandoffDecided,
    /// The VM started, and our own set-up of it failed.
    #[error("cannot set up the interpreter: {0}")]
    Setup(String),
}

/// Configures an [`Interpreter`]. Starts isolated: no environment variables, no user site, no
/// signal handlers.
#[must_use]
pub struct InterpreterBuilder {
    settings: Settings,
    gil: GilRequest,
    switch_anywhere: bool,
    handoff: Option<Handoff>,
    immortalize: bool,
    modules: Vec<&'static PyModuleDef>,
    lent: Vec<NativeModule>,
    env: Option<Vec<(String, String)>>,
}

impl Default for InterpreterBuilder {
    fn default() -> Self {
        let mut settings = Settings::default();
        settings.install_signal_handlers = false;
        settings.isolated = true;
        settings.ignore_environment = true;
        settings.user_site_directory = false;
        // As PEP 686 has it, and `import locale` costs a third of the start.
        settings.utf8_mode = 1;
        Self {
            settings,
            gil: GilRequest::Default,
            switch_anywhere: false,
            handoff: None,
            immortalize: false,
            modules: Vec::new(),
            lent: Vec::new(),
            env: None,
        }
    }
}

impl InterpreterBuilder {
    /// `sys.argv`.
    pub fn argv(mut self, argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.argv = argv.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a directory to `sys.path`, before the standard library.
    pub fn path(mut self, directory: impl Into<String>) -> Self {
        self.settings.path_list.push(directory.into());
        self
    }

    /// What scripts see as `os.environ` instead of the process's environment.
    pub fn env(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.env = Some(pairs.collect());
        self
    }

    /// Adds a native module.
    pub fn native_module(mut self, module: &'static PyModuleDef) -> Self {
        self.modules.push(module);
        self
    }

    /// Adds a module of the host's, which `import` then finds by its name, in sub-interpreters
    /// too. One that is added later, and one of the host's that has the name of a module of
    /// the standard library, comes first.
    pub fn module(mut self, module: impl Into<NativeModule>) -> Self {
        let module = module.into();
        self.modules.push(module.definition);
        self.lent.push(module);
        self
    }

    /// Lets this interpreter handle Ctrl-C and the signals that scripts ask for. The thread
    /// that builds it becomes the one on which handlers run.
    pub fn signal_handlers(mut self, yes: bool) -> Self {
        self.settings.install_signal_handlers = yes;
        self
    }

    /// `-X gil`, `PYTHON_GIL`. Counts for the process, and only before its first interpreter.
    pub fn gil(mut self, request: GilRequest) -> Self {
        self.gil = request;
        self
    }

    /// `-X gil_switch=any`: lets the GIL change hands at every instruction, not only where
    /// CPython 3.14 lets it. Counts for the process. No effect without a GIL.
    pub fn switch_anywhere(mut self, yes: bool) -> Self {
        self.switch_anywhere = yes;
        self
    }

    /// `-X gil_handoff`: by which rule the GIL changes hands. Counts for the process, and only
    /// before its first interpreter. No effect without a GIL.
    pub fn handoff(mut self, handoff: Handoff) -> Self {
        self.handoff = Some(handoff);
        self
    }

    /// Lets threads make the functions, classes and modules that they share immortal, so that they
    /// need not count references to them: free-threaded code that calls shared functions then scales.
    /// What is immortal is never freed, not even with the interpreter, so it suits a process with one
    /// interpreter that lives as long as it does; `togil run` asks for it. Counts for the process. No
    /// effect with a GIL.
    pub fn immortalize(mut self, yes: bool) -> Self {
        self.immortalize = yes;
        self
    }

    /// `-B`: whether imports write `.pyc` files into `__pycache__` beside the sources. They do by
    /// default, as in a program that embeds CPython. What is there is read in any case, if this
    /// version wrote it.
    pub fn write_bytecode(mut self, yes: bool) -> Self {
        self.settings.write_bytecode = yes;
        self
    }

    /// `-X pycache_prefix`: the directory below which `.pyc` files are written and looked for,
    /// instead of beside the sources.
    pub fn pycache_prefix(mut self, directory: impl Into<String>) -> Self {
        bytecode::set_prefix(&mut self.settings, directory.into());
        self
    }

    /// Changes any other setting of the VM.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts the interpreter on this thread, which becomes its main thread.
    ///
    /// # Errors
    /// [`BuildError`] if the GIL is asked for in a way that this build or this process
    /// cannot follow, or if the set-up fails.
    pub fn build(self) -> Result<Interpreter, BuildError> {
        let handoff = self.handoff;
        if handoff.is_some_and(|handoff| !attach::decide_handoff(handoff)) {
            return Err(BuildError::HandoffDecided);
        }
        if !attach::decide(self.gil.resolve()?, self.gil) {
            return Err(BuildError::GilDecided);
        }
        if self.switch_anywhere {
            switch_point::allow_anywhere();
        }
        if self.immortalize {
            immortal::allow();
        }
        fork::install();
        blocking::hook_lock_waits();
        let handles_signals = self.settings.install_signal_handlers;
        BUILD_ENV.set(self.env);
        let build = || {
            let builder = rustpython_vm::Interpreter::builder(self.settings);
            let stdlib = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
            builder
                .add_native_modules(&stdlib)
                .add_frozen_modules(frozen::modules())
                .add_native_modules(&self.modules)
                .init_hook(prepare)
                .build()
        };
        let inner = attach::while_building(|| ast::put_off(build));
        BUILD_ENV.set(None);
        let template = inner.enter(|vm| {
            attached(vm, |_| {
                set_up_main(vm, handles_signals).map_err(|error| describe(vm, &error))?;
                Ok(vm.new_thread())
            })
        });
        let id = inner.id();
        let handle = Handle::new(id, template.map_err(BuildError::Setup)?);
        modules::remember(id, self.lent);
        Ok(Interpreter { inner, handle })
    }
}

thread_local! {
    /// `os.environ` of the interpreter that this thread builds.
    static BUILD_ENV: RefCell<Option<Vec<(String, String)>>> = const { RefCell::new(None) };
}

/// Runs before the VM does anything: the only moment at which its tables can be changed.
fn prepare(vm: &mut VirtualMachine) {
    if let Some(state) = PyRc::get_mut(&mut vm.state) {
        state.config.paths.stdlib_dir = Some(rustpython_pylib::LIB_PATH.to_owned());
        patch::apply(&mut state.module_defs);
    }
    // Nothing that the start makes is garbage; it is a tenth faster without looking.
    vm.state.gc.disable();
}

/// When `posix` is loaded: its `environ` is what `os.environ` is made of.
pub(crate) fn set_environ(vm: &VirtualMachine, posix: &Py<PyModule>) -> PyResult<()> {
    BUILD_ENV.with_borrow(|env| {
        let Some(env) = env else { return Ok(()) };
        let environ = vm.ctx.new_dict();
        for (name, value) in env {
            let name = vm.ctx.new_bytes(name.clone().into_bytes());
            environ.set_item(
                name.as_object(),
                vm.ctx.new_bytes(value.clone().into()).into(),
                vm,
            )?;
        }
        posix.set_attr("environ", environ, vm)
    })
}

fn set_up_main(vm: &VirtualMachine, handles_signals: bool) -> PyResult<()> {
    // What the start has made is old, as after the collections that it would have had.
    vm.state.gc.freeze();
    vm.state.gc.unfreeze();
    vm.state.gc.enable();
    ast::forget(vm)?;
    imports::install(vm)?;
    safepoint::install(vm)?;
    if handles_signals {
        signals::adopt(vm)?;
    }
    Ok(())
}

fn describe(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        Ok(()) => text,
        Err(_) => error.class().name().to_string(),
    }
}

/// A Python interpreter. Belongs to the thread that built it, its main thread; other threads
/// use its [`Handle`].
///
/// ```
/// use togil_interp::Interpreter;
///
/// let interpreter = Interpreter::builder().build()?;
/// let answer: i64 = interpreter.attach(|py| {
///     let scope = py.new_scope_with_builtins();
///     let object = py.run_block_expr(scope, "6 * 7").expect("valid Python");
///     object.try_into_value(py.vm()).expect("an int")
/// });
/// assert_eq!(answer, 42);
/// # Ok::<(), togil_interp::BuildError>(())
/// ```
pub struct Interpreter {
    inner: rustpython_vm::Interpreter,
    handle: Handle,
}

impl Interpreter {
    /// Starts to configure an interpreter.
    pub fn builder() -> InterpreterBuilder {
        InterpreterBuilder::default()
    }

    /// Attaches this thread and runs `f`. Takes the GIL if there is one.
    pub fn attach<R>(&self, f: impl FnOnce(Python<'_>) -> R) -> R {
        self.inner.enter(|vm| attached(vm, f))
    }

    /// Makes an interpreter of its own modules and globals that ends before this one does. In
    /// a gil build it shares this one's GIL.
    pub fn create_subinterpreter(&self) -> SubInterpreter {
        let build = || self.inner.create_subinterpreter();
        SubInterpreter::new(attach::while_building(|| ast::put_off(build)))
    }

    /// For other threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends the interpreter as `Py_FinalizeEx` does: reports `error` if there is one, waits
    /// for the threads that are not daemons, runs the `atexit` functions, and stops whoever
    /// is left. Returns the exit status of the process.
    ///
    /// Not to be called inside an `attach`.
    pub fn finalize(self, error: Option<PyBaseExceptionRef>) -> u32 {
        let Self { inner, handle } = self;
        let entered = inner.enter(attach::enter);
        let status = inner.enter(|vm| {
            let status = error.map_or(0, |error| {
                flush_stdout(vm);
                vm.handle_exit_exception(error)
            });
            wait_for_threads(vm);
            if let Ok(atexit) = vm.import("atexit", 0)
                && let Ok(run) = atexit.get_attr("_run_exitfuncs", vm)
            {
                // Errors in exit functions are reported where they happen.
                let _ = run.call((), vm);
            }
            forgo_threading(vm);
            drop(handle);
            let streams = streams::renew(vm);
            signals::forget(vm);
            import_lock::shut_down_others(vm, attach::close);
            streams.install(vm);
            immortal::let_go(vm);
            status
        });
        let root = inner.id();
        let flushed = inner.finalize(None);
        modules::forget(root);
        if entered {
            attach::leave();
        }
        if status == 0 { flushed } else { status }
    }
}

/// What was printed comes before the traceback. An error is found again, and reported,
/// when the VM flushes at the end.
fn flush_stdout(vm: &VirtualMachine) {
    if let Ok(stdout) = vm.sys_module.get_attr("stdout", vm) {
        let _ = vm.call_method(&stdout, "flush", ());
    }
}

fn wait_for_threads(vm: &VirtualMachine) {
    // Not imported means no threads; importing it here would be late and slow.
    let modules = vm.sys_module.get_attr("modules", vm);
    let threading = modules.and_then(|modules| modules.get_item("threading", vm));
    if let Ok(threading) = threading
        && let Ok(shutdown) = threading.get_attr("_shutdown", vm)
        && let Err(error) = shutdown.call((), vm)
    {
        let what = "Exception ignored on threading shutdown".to_owned();
        vm.run_unraisable(error, Some(what), threading);
    }
}

/// The VM imports `threading` to wait for threads. Where nobody has, there are none, and the import
/// takes a tenth of an empty script's time. The VM passes over the error that it gets instead.
fn forgo_threading(vm: &VirtualMachine) {
    if let Ok(modules) = vm.sys_module.get_attr("modules", vm)
        && modules.get_item("threading", vm).is_err()
    {
        // A dict that refuses is a script's, and then the import happens.
        let _ = modules.set_item("threading", vm.ctx.none(), vm);
    }
}

/// Lets any thread attach to an [`Interpreter`].
#[derive(Clone)]
pub struct Handle {
    id: i64,
    template: Arc<Mutex<ThreadedVirtualMachine>>,
}

impl Handle {
    pub(crate) fn new(id: i64, template: ThreadedVirtualMachine) -> Self {
        Self { id, template: Arc::new(Mutex::new(template)) }
    }

    /// Attaches this thread and runs `f`. Takes the GIL if there is one. A thread that is
    /// attached already just runs `f`. After the interpreter was finalized the call does
    /// not return.
    pub fn attach<R>(&self, f: impl FnOnce(Python<'_>) -> R) -> R {
        crate::doorbell::start();
        if current_vm_is_set() && with_current_vm(|vm| vm.state.interpreter_id) == self.id {
            return with_current_vm(|vm| attached(vm, f));
        }
        let thread = self.template.lock().run(VirtualMachine::new_thread);
        thread.run(|vm| {
            let result = attached(vm, |py| {
                // Without a safepoint the thread would run, but could not be asked for the GIL.
                if let Err(error) = safepoint::install(vm) {
                    vm.run_unraisable(error, None, vm.ctx.none());
                }
                f(py)
            });
            cleanup_current_thread_frames(vm);
            result
        })
    }

    /// Starts a thread that attaches and runs `f`.
    ///
    /// # Errors
    /// What the system says when it cannot start a thread.
    pub fn spawn<R: Send + 'static>(
        &self,
        name: impl Into<String>,
        f: impl FnOnce(Python<'_>) -> R + Send + 'static,
    ) -> std::io::Result<JoinHandle<R>> {
        let handle = self.clone();
        std::thread::Builder::new().name(name.into()).spawn(move || handle.attach(f))
    }
}

pub(crate) fn attached<R>(vm: &VirtualMachine, f: impl FnOnce(Python<'_>) -> R) -> R {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            if self.0 {
                attach::leave();
            }
        }
    }
    let _leave = Leave(attach::enter(vm));
    f(Python::new(vm))
}
