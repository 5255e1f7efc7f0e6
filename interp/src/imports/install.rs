//! Putting our imports into an interpreter.

use std::sync::OnceLock;

use rustpython_vm::builtins::PyType;
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

use super::statement;
use super::world::bootstrap;

/// The name under which `importlib._bootstrap` keeps its own `_find_and_load`.
pub(super) const SAVED: &str = "_find_and_load_without_togil";

const FASTCALL: PyMethodFlags = PyMethodFlags::from_bits_retain(
    PyMethodFlags::FASTCALL.bits() | PyMethodFlags::KEYWORDS.bits(),
);

static FIND_AND_LOAD: PyMethodDef = PyMethodDef::new_raw_const(
    "_find_and_load",
    statement::find_and_load,
    FASTCALL,
    ItemDoc::static_text("Find and load the module."),
);

static LOCK_UNLOCK_MODULE: PyMethodDef = PyMethodDef::new_const(
    "_lock_unlock_module",
    statement::lock_unlock_module,
    FASTCALL,
    ItemDoc::static_text("Waits until no other thread has the module's lock."),
);

const METHOD: PyMethodFlags = PyMethodFlags::from_bits_retain(
    PyMethodFlags::METHOD.bits() | PyMethodFlags::FASTCALL.bits() | PyMethodFlags::KEYWORDS.bits(),
);

static ACQUIRE: PyMethodDef = PyMethodDef::new_const(
    "acquire",
    statement::acquire,
    METHOD,
    ItemDoc::static_text("Takes the lock; raises _DeadlockError instead of waiting for ever."),
);

static RELEASE: PyMethodDef = PyMethodDef::new_const(
    "release",
    statement::release,
    METHOD,
    ItemDoc::static_text("Gives the lock back once."),
);

static DUNDER_IMPORT: OnceLock<PyMethodDef> = OnceLock::new();

/// To be called when the interpreter is built, before it has a second thread.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let globals = vm.import_func.get_attr("__globals__", vm)?;
    globals.set_item(SAVED, bootstrap(vm, "_find_and_load")?, vm)?;
    for definition in [&FIND_AND_LOAD, &LOCK_UNLOCK_MODULE] {
        globals.set_item(definition.name, definition.to_function().into_ref(&vm.ctx).into(), vm)?;
    }
    // `reload` takes its lock by way of this class.
    let Ok(class) = bootstrap(vm, "_ModuleLock")?.downcast::<PyType>() else {
        return Err(vm.new_type_error("importlib._bootstrap._ModuleLock is no class"));
    };
    // A definition's class is static for the VM; this one lives as long as its interpreter.
    let class: &'static Py<PyType> = Box::leak(Box::new(class));
    for definition in [&ACQUIRE, &RELEASE] {
        let name = vm.ctx.intern_str(definition.name);
        class.set_attr(name, definition.to_proper_method(class, &vm.ctx));
    }
    let Some(import) = dunder_import(vm) else { return Ok(()) };
    // As the VM makes the functions of a module.
    let mut function = import.to_function().with_module_object(vm.builtins.clone().into());
    if let Some(name) = vm.builtins.name {
        function = function.with_module(name);
    }
    vm.builtins.as_object().set_attr("__import__", function.into_ref(&vm.ctx), vm)
}

fn dunder_import(vm: &VirtualMachine) -> Option<&'static PyMethodDef> {
    if DUNDER_IMPORT.get().is_none() {
        let methods = vm.builtins.def?.methods;
        let original = methods.iter().find(|method| method.name == "__import__")?;
        let func = move |vm: &VirtualMachine, args: FuncArgs, callee: Callee| {
            statement::dunder_import(original, vm, args, callee)
        };
        let ours = PyMethodDef { func: Box::leak(Box::new(func)), ..original.clone() };
        let _ = DUNDER_IMPORT.set(ours);
    }
    DUNDER_IMPORT.get()
}
