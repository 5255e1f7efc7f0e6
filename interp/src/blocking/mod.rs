//! Every native call that may block gives the GIL up meanwhile.
//!
//! The VM detaches a thread around its blocking calls but lets nobody hook into that, so the
//! calls themselves are wrapped: `table` lists them all, and [`sites`] what they cover. A test
//! (`tests/tests/suite/detach_sites.rs`) finds the detach sites in the VM's source
//! and fails when one is neither in the table nor excused.

pub(crate) mod calls;
pub(crate) mod owner;
pub mod sites;
mod table;
mod waits;

pub use waits::wait_interruptibly;

use rustpython_vm::builtins::PyModule;
use rustpython_vm::common::lock::set_blocking_wait_hook;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{Py, PyResult, VirtualMachine};

use crate::patch::Patch;
use crate::{attach, bytecode, identity, interpreter, safepoint};

/// All that is patched, in the order of the table.
pub(crate) fn patches() -> impl Iterator<Item = &'static Patch> {
    table::PATCHES.iter()
}

/// The one hook that the VM has: how to wait for a `bytearray` that another thread uses. The
/// first to set it wins, so this comes before the first interpreter.
pub(crate) fn hook_lock_waits() {
    set_blocking_wait_hook(|wait| {
        let waited = try_with_current_vm(|vm| {
            attach::without_gil(vm, || vm.allow_threads(wait));
        });
        if waited.is_none() {
            wait();
        }
    });
}

/// What a module needs besides replaced names, once its own code has run.
pub(crate) fn after_exec(vm: &VirtualMachine, name: &str, module: &Py<PyModule>) -> PyResult<()> {
    match name {
        "_io" => owner::patch_slots(vm, module),
        "posix" => interpreter::set_environ(vm, module),
        "_imp" => bytecode::set_magic(vm, module),
        "_sysconfigdata" => identity::set_build_vars(vm, module),
        // One of the first modules of every interpreter, sub-interpreters too.
        "_signal" => {
            identity::describe(vm)?;
            safepoint::install(vm)
        }
        _ => Ok(()),
    }
}
