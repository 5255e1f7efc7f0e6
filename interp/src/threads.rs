//! Threads that Python starts: each gets its safepoint, runs under the GIL if there is one, and is
//! accompanied by what the host has for it.

use std::cell::Cell;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::object::{MaybeTraverse, TraverseFn};
use rustpython_vm::{
    AsObject, Context, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

use crate::activity::{self, Activity};
use crate::patch::Original;
use crate::python::Python;
use crate::{attach, doorbell, immortal, safepoint};

/// Runs the function of a new thread, on that thread, and does what it has to before and after.
pub type Companion = Box<dyn FnOnce(Python<'_>, &mut dyn FnMut()) + Send>;

static ACCOMPANY: OnceLock<fn() -> Option<Companion>> = OnceLock::new();

/// Has the threads that scripts start accompanied. `make` is called on the thread that starts one.
/// Counts for the process, and only the first call does.
pub fn accompany(make: fn() -> Option<Companion>) {
    let _ = ACCOMPANY.set(make);
}

/// What a new thread is given.
struct Start {
    function: PyObjectRef,
    companion: Mutex<Option<Companion>>,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").finish_non_exhaustive()
    }
}

impl MaybeTraverse for Start {
    fn try_traverse(&self, _: &mut TraverseFn<'_>) {}
}

impl PyPayload for Start {
    fn class(ctx: &Context) -> &'static Py<PyType> {
        ctx.types.object_type
    }
}

static RUN: PyMethodDef =
    PyMethodDef::new_raw_const("togil_thread", run, PyMethodFlags::empty(), ItemDoc::NONE);

/// `_thread.start_new_thread(function, args[, kwargs])`.
pub(crate) fn start_new_thread(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if let Some(function) = args.args.first_mut() {
        bind(vm, function);
    }
    (original.func)(vm, args, callee)
}

/// `_thread.start_joinable_thread(function, handle=None, daemon=True)`.
pub(crate) fn start_joinable_thread(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let FuncArgs { args: positional, kwargs } = &mut args;
    let by_name = kwargs.iter_mut().find(|(name, _)| name.as_str() == Ok("function"));
    if let Some(function) = positional.first_mut().or(by_name.map(|(_, value)| value)) {
        bind(vm, function);
    }
    (original.func)(vm, args, callee)
}

/// Puts [`run`] before a thread's function. What cannot be called is left for the original
/// to complain about.
fn bind(vm: &VirtualMachine, function: &mut PyObjectRef) {
    if function.is_callable() {
        let companion = ACCOMPANY.get().and_then(|make| make());
        let start = Start { function: function.clone(), companion: Mutex::new(companion) };
        let start = PyRef::new_ref(start, Start::class(&vm.ctx).to_owned(), None);
        *function = RUN.build_bound_function(&vm.ctx, start.into()).into();
        doorbell::start();
        immortal::before_thread(vm);
    }
}

/// Python threads between the start and the end of their function.
static SETTLED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static IS_SETTLED: Cell<bool> = const { Cell::new(false) };
}

/// Counts the calling thread as settled.
struct Settled;

impl Settled {
    fn new() -> Self {
        SETTLED.fetch_add(1, Ordering::Relaxed);
        IS_SETTLED.set(true);
        Self
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        // Not in the child of a fork, which counts anew.
        if IS_SETTLED.replace(false) {
            SETTLED.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Before a fork: gives threads that start or end time to do so, a little.
///
/// Rust's std takes a lock of its own there (the table of its stack overflow handler), and does not
/// look after it in a fork: in the child it would stay taken, and no thread could start. What
/// threads there are that Python did not start, nobody can tell; they only cost the time.
pub(crate) fn settle() {
    const STEP: Duration = Duration::from_micros(100);
    const STEPS: u32 = 20;
    // The forking thread, or the main thread, and the doorbell.
    let known = || 2 + SETTLED.load(Ordering::Relaxed) as u64;
    for _ in 0..STEPS {
        // A directory's links are its subdirectories, one for each thread, and two more.
        let threads = std::fs::metadata("/proc/self/task").map_or(0, |task| task.nlink());
        if threads.saturating_sub(2) <= known() {
            return;
        }
        std::thread::sleep(STEP);
    }
}

/// In the child of a fork there are no other threads.
pub(crate) fn after_fork_in_child() {
    SETTLED.store(0, Ordering::Relaxed);
    IS_SETTLED.set(false);
}

/// What a new thread runs: `args` are its [`Start`] and its function's arguments.
///
/// The GIL is not given up at the end, but when the OS thread ends (`attach::Me`): the VM
/// still runs destructors of thread-local objects after this.
fn run(vm: &VirtualMachine, mut args: FuncArgs, _callee: Callee) -> PyResult {
    let _settled = Settled::new();
    let start = args.args.remove(0);
    let Some(start) = start.downcast_ref::<Start>() else {
        return Err(vm.new_runtime_error("this is for new threads only"));
    };
    attach::enter(vm);
    safepoint::install(vm)?;
    let mut args = Some(args);
    let mut call = || {
        if let Some(args) = args.take() {
            call_function(vm, &start.function, args);
        }
    };
    match start.companion.lock().take() {
        Some(companion) => companion(Python::assume_attached(vm), &mut call),
        None => call(),
    }
    // Later is too late: the thread's timeline may be torn down before its part in the GIL.
    activity::to(Activity::Away);
    Ok(vm.ctx.none())
}

fn call_function(vm: &VirtualMachine, function: &PyObjectRef, args: FuncArgs) {
    if let Err(error) = function.call(args, vm)
        && !error.fast_isinstance(vm.ctx.exceptions.system_exit)
    {
        // As the VM would, had it seen the function itself.
        let what = function
            .repr(vm)
            .map(|repr| format!("Exception ignored in thread started by {}", repr.as_wtf8()));
        vm.run_unraisable(error, what.ok(), vm.ctx.none());
    }
}
