//! `_ast` is executed when it is first imported. The VM does so at every start, for which it makes
//! 200 classes: a sixth of the time of an empty script.

use std::cell::Cell;
use std::sync::OnceLock;

use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots};
use rustpython_vm::function::{Callee, FuncArgs, PyMethodDef};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

use crate::patch::ModuleDefs;

const NAME: &str = "_ast";

type Exec = fn(&VirtualMachine, &Py<PyModule>) -> PyResult<()>;

static DEF: OnceLock<(&'static PyModuleDef, Option<Exec>)> = OnceLock::new();
static COMPILE: OnceLock<PyMethodDef> = OnceLock::new();

thread_local! {
    /// Whether this thread builds an interpreter.
    static PUT_OFF: Cell<bool> = const { Cell::new(false) };
}

/// Puts our definition into the VM's table of native modules.
pub(crate) fn apply(defs: &mut ModuleDefs) {
    let Some(def) = defs.get_mut(NAME) else { return };
    let original: &'static PyModuleDef = def;
    let (ours, _) = DEF.get_or_init(|| {
        let slots = PyModuleSlots { create: original.slots.create, exec: Some(exec) };
        let methods = original.methods;
        let ours = PyModuleDef { name: original.name, doc: original.doc, methods, slots };
        (Box::leak(Box::new(ours)), original.slots.exec)
    });
    *def = ours;
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    match DEF.get() {
        Some((_, Some(exec))) if !PUT_OFF.get() => exec(vm, module),
        _ => Ok(()),
    }
}

/// Builds an interpreter without `_ast`. It needs [`forget`] afterwards.
pub(crate) fn put_off<R>(build: impl FnOnce() -> R) -> R {
    struct Again(bool);
    impl Drop for Again {
        fn drop(&mut self) {
            PUT_OFF.set(self.0);
        }
    }
    let _again = Again(PUT_OFF.replace(true));
    build()
}

/// Takes the empty module out of `sys.modules`, so that the next import executes one, and has
/// `compile` import it when it is asked for a tree.
pub(crate) fn forget(vm: &VirtualMachine) -> PyResult<()> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.del_item(NAME, vm)?;
    let Some(compile) = compile(vm) else { return Ok(()) };
    // As the VM makes the functions of a module.
    let mut function = compile.to_function().with_module_object(vm.builtins.clone().into());
    if let Some(name) = vm.builtins.name {
        function = function.with_module(name);
    }
    vm.builtins.as_object().set_attr("compile", function.into_ref(&vm.ctx), vm)
}

/// `builtins.compile` as every interpreter has it at its start.
pub(crate) fn compile(vm: &VirtualMachine) -> Option<&'static PyMethodDef> {
    if COMPILE.get().is_none() {
        let methods = vm.builtins.def?.methods;
        let original = methods.iter().find(|method| method.name == "compile")?;
        let func = move |vm: &VirtualMachine, args: FuncArgs, callee: Callee| {
            if wants_tree(&args, vm) {
                vm.import(NAME, 0)?;
            }
            (original.func)(vm, args, callee)
        };
        let _ = COMPILE.set(PyMethodDef { func: Box::leak(Box::new(func)), ..original.clone() });
    }
    COMPILE.get()
}

/// `PyCF_ONLY_AST` in the flags of `compile(source, filename, mode, flags=0, ...)`. What is no
/// number is for the original to complain about.
fn wants_tree(args: &FuncArgs, vm: &VirtualMachine) -> bool {
    const ONLY_AST: i64 = 0x400;
    let by_name = args.kwargs.iter().find(|(name, _)| name.as_str() == Ok("flags"));
    let flags = args.args.get(3).or(by_name.map(|(_, value)| value));
    let Some(flags) = flags else { return false };
    flags.clone().try_into_value::<i64>(vm).map_or(true, |flags| flags & ONLY_AST != 0)
}
