//! An interpreter's modules, as [`Importer`] sees them.

use std::sync::LazyLock;
use std::time::Duration;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::find::{Importer, Modules};
use super::load;
use super::locks::{ModuleLocks, Still};
use crate::blocking::wait_interruptibly;
use crate::lock::Event;

static LOCKS: LazyLock<ModuleLocks> = LazyLock::new(ModuleLocks::default);

/// The calling thread's part in the imports of its interpreter. `import` is what its packages are
/// imported by.
pub(super) fn with_importer<R>(
    vm: &VirtualMachine,
    import: &PyObjectRef,
    f: impl FnOnce(&Importer<'_, World<'_>>) -> R,
) -> R {
    let modules = World { vm, import };
    let interpreter = vm.state.interpreter_id;
    f(&Importer { locks: &LOCKS, interpreter, me: get_ident(), modules: &modules })
}

/// Drops the locks of this interpreter's other threads, none of which runs again.
pub(crate) fn abandon(vm: &VirtualMachine) {
    LOCKS.abandon(get_ident(), vm.state.interpreter_id);
}

/// Keeps the locks as they are while the process is forked.
pub(crate) fn hold_still() -> Still<'static> {
    LOCKS.hold_still()
}

pub(super) struct World<'a> {
    pub(super) vm: &'a VirtualMachine,
    pub(super) import: &'a PyObjectRef,
}

/// What `importlib._bootstrap` has under this name, which scripts may have replaced.
///
/// By way of a function of it, because somebody may have cleared `sys.modules`.
pub(super) fn bootstrap(vm: &VirtualMachine, name: &'static str) -> PyResult {
    vm.import_func.get_attr("__globals__", vm)?.get_item(name, vm)
}

impl Modules for World<'_> {
    type Module = PyObjectRef;
    type Error = PyBaseExceptionRef;

    fn get(&self, name: &str) -> PyResult<Option<PyObjectRef>> {
        let vm = self.vm;
        let modules = vm.sys_module.get_attr("modules", vm)?;
        if let Some(modules) = modules.downcast_ref::<PyDict>() {
            return modules.get_item_opt(name, vm);
        }
        match modules.get_item(name, vm) {
            Ok(module) => Ok(Some(module)),
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.key_error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn same(&self, one: &PyObjectRef, other: &PyObjectRef) -> bool {
        one.is(other)
    }

    fn is_initializing(&self, module: &PyObjectRef) -> PyResult<bool> {
        let vm = self.vm;
        match vm.get_attribute_opt(module, vm.ctx.intern_str("__spec__"))? {
            Some(spec) => is_marked(&spec, vm),
            None => Ok(false),
        }
    }

    fn import(&self, name: &str) -> PyResult<()> {
        self.import.call((name.to_owned(),), self.vm).map(drop)
    }

    fn load(&self, name: &str) -> PyResult {
        load::load(self, name)
    }

    fn wait(&self, event: &Event) -> PyResult<()> {
        // In short turns, because the thread may be stopped, and look again after each.
        wait_interruptibly(self.vm, None, |slice: Duration| {
            Ok(event.wait(Some(slice)).then_some(()))
        })
        .map(drop)
    }

    fn deadlock(&self, name: &str) -> PyBaseExceptionRef {
        deadlock(self.vm, name)
    }
}

/// `_DeadlockError`.
pub(super) fn deadlock(vm: &VirtualMachine, name: &str) -> PyBaseExceptionRef {
    let text = format!("deadlock detected by _ModuleLock({name:?})");
    let error = bootstrap(vm, "_DeadlockError").and_then(|class| class.call((text,), vm));
    match error.map(|error| error.downcast()) {
        Ok(Ok(error)) => error,
        Ok(Err(_)) => vm.new_runtime_error(format!("importing {name} would wait for ever")),
        Err(error) => error,
    }
}

/// `_initializing` of a `__spec__`.
pub(super) fn is_marked(spec: &PyObjectRef, vm: &VirtualMachine) -> PyResult<bool> {
    match vm.get_attribute_opt(spec, vm.ctx.intern_str("_initializing"))? {
        Some(mark) => mark.try_to_bool(vm),
        None => Ok(false),
    }
}
