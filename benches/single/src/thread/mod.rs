//! `_thread` and `_queue` for one thread. A thread that is started runs to its end before `start()`
//! returns, so no wait ends before its time limit, and one without a limit is an error.
//!
//! Without thread support the VM has a `_thread` in Python, whose waits all succeed at once. This one
//! is native, as that of the other modes is: a lock in Python costs more than what is measured.

use rustpython_vm::builtins::PyModuleDef;
use rustpython_vm::frozen::FrozenLib;
use rustpython_vm::{Context, PyResult, VirtualMachine};

mod handle;
mod hook;
mod local;
mod lock;
mod module;
mod never;
mod queue;
mod turn;

/// The native modules of this directory. They come before the VM's own.
pub(crate) fn module_defs(ctx: &Context) -> [&'static PyModuleDef; 2] {
    [module::_thread::module_def(ctx), queue::_queue::module_def(ctx)]
}

/// What takes the place of modules of the standard library that cannot do with one thread.
pub(crate) const FROZEN: &FrozenLib = rustpython_vm::py_freeze!(
    file = "../../python/thread_pool.py",
    module_name = "concurrent.futures.thread"
);

/// Puts this `_thread` in the place of the VM's, which has been imported during the start. Of the
/// modules that are there by then only the import system knows it.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    vm.sys_module.get_attr("modules", vm)?.del_item("_thread", vm)?;
    let module = vm.import("_thread", 0)?;
    vm.import("_frozen_importlib", 0)?.set_attr("_thread", module, vm)
}
