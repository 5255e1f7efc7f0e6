//! Replacing native functions and methods of the VM by wrappers of ours.
//!
//! Functions are replaced in the VM's table of native modules, before any interpreter
//! exists: every interpreter and sub-interpreter then finds the wrapper wherever it looks
//! (`time.sleep`, `from posix import *`). Methods are replaced on their type when the
//! module that defines it is first executed. A wrapper keeps the name, the doc string and
//! the calling convention of the original.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use parking_lot::Mutex;
use rustpython_vm::builtins::descriptor::PyMethodDescriptor;
use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots, PyType, PyTypeRef};
use rustpython_vm::function::{Callee, FuncArgs, PyMethodDef};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use crate::{ast, blocking, identity};

/// A native function or method as the VM defines it.
pub(crate) type Original = &'static PyMethodDef;

/// A wrapper: gets the original and what the original would have got.
pub(crate) type Wrapper = fn(Original, &VirtualMachine, FuncArgs, Callee) -> PyResult;

/// What is replaced: functions of a module, or methods of a class of it.
pub(crate) struct Patch {
    pub(crate) module: &'static str,
    /// The class whose methods they are; `None` for functions of the module.
    pub(crate) class: Option<&'static str>,
    pub(crate) names: &'static [&'static str],
    pub(crate) wrapper: Wrapper,
}

/// The VM's table of native modules.
pub(crate) type ModuleDefs = BTreeMap<&'static str, &'static PyModuleDef>;
type ModuleExec = fn(&VirtualMachine, &Py<PyModule>) -> PyResult<()>;

static EXECS: OnceLock<BTreeMap<&'static str, Option<ModuleExec>>> = OnceLock::new();
static PATCHED: OnceLock<ModuleDefs> = OnceLock::new();
static ORIGINALS: Mutex<BTreeMap<(&'static str, &'static str), Original>> =
    Mutex::new(BTreeMap::new());

/// The original behind `owner.name`, where `owner` is a module or a class.
pub(crate) fn original(owner: &'static str, name: &'static str) -> Option<Original> {
    ORIGINALS.lock().get(&(owner, name)).copied()
}

/// Puts our definitions into the VM's table of native modules.
pub(crate) fn apply(defs: &mut ModuleDefs) {
    let patched = PATCHED.get_or_init(|| {
        let modules: BTreeSet<_> = blocking::patches().map(|patch| patch.module).collect();
        let found: Vec<_> = modules.iter().filter_map(|name| defs.get_key_value(name)).collect();
        let _ = EXECS.set(found.iter().map(|(name, def)| (**name, def.slots.exec)).collect());
        found.into_iter().map(|(name, def)| (*name, patched_module(def))).collect()
    });
    // The table knows some definitions by a second name.
    for def in defs.values_mut() {
        if let Some(patched) = patched.get(def.name.as_str()) {
            *def = patched;
        }
    }
    ast::apply(defs);
    identity::add_aliases(defs);
}

fn patched_module(def: &'static PyModuleDef) -> &'static PyModuleDef {
    let module = def.name.as_str();
    let methods: Vec<PyMethodDef> = def
        .methods
        .iter()
        .map(|method| {
            ORIGINALS.lock().insert((module, method.name), method);
            blocking::patches()
                .find(|p| p.module == module && p.class.is_none() && p.names.contains(&method.name))
                .map_or_else(|| method.clone(), |patch| wrapped(method, patch.wrapper))
        })
        .collect();
    Box::leak(Box::new(PyModuleDef {
        name: def.name,
        doc: def.doc,
        methods: Vec::leak(methods),
        slots: PyModuleSlots { create: def.slots.create, exec: Some(exec) },
    }))
}

fn wrapped(original: Original, wrapper: Wrapper) -> PyMethodDef {
    let func = move |vm: &VirtualMachine, args: FuncArgs, callee: Callee| {
        wrapper(original, vm, args, callee)
    };
    // Leaked once per wrapped function and process, like the VM's own definitions.
    PyMethodDef { func: Box::leak(Box::new(func)), ..original.clone() }
}

/// The exec slot of every patched module: the original's, then the classes.
fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    let Some(name) = module.name.map(|name| name.as_str()) else { return Ok(()) };
    if let Some(Some(exec)) = EXECS.get().and_then(|execs| execs.get(name)) {
        exec(vm, module)?;
    }
    for patch in blocking::patches().filter(|patch| patch.module == name) {
        if let Some(class) = patch.class {
            patch_class(vm, module, class, patch)?;
        }
    }
    blocking::after_exec(vm, name, module)
}

fn patch_class(
    vm: &VirtualMachine,
    module: &Py<PyModule>,
    class: &'static str,
    patch: &Patch,
) -> PyResult<()> {
    if let Some(found) = find_class(vm, module, class)? {
        self::class(vm, class, found, patch.names, patch.wrapper);
    }
    Ok(())
}

/// Wraps methods of a native class. `name` is what [`original`] knows it by.
pub(crate) fn class(
    vm: &VirtualMachine,
    name: &'static str,
    class: PyTypeRef,
    methods: &[&'static str],
    wrapper: Wrapper,
) {
    // Types are shared by all interpreters of the process: the first one patches.
    let todo: Vec<_> =
        methods.iter().filter(|method| original(name, method).is_none()).copied().collect();
    if todo.is_empty() {
        return;
    }
    // Native types are static: this only makes their lifetime visible.
    let class: &'static Py<PyType> = Box::leak(Box::new(class));
    // All are looked up before the first is replaced: a type that is changed after a lookup makes
    // the VM forget what it knows of its subclasses.
    let look_up = |method: &'static str| {
        let interned = vm.ctx.intern_str(method);
        Some((method, interned, class.get_attr(interned)?))
    };
    let found: Vec<_> = todo.into_iter().filter_map(look_up).collect();
    for (method, interned, attribute) in found {
        // A slot's wrapper, such as `__next__`, is not replaced here.
        let Some(descriptor) = attribute.downcast_ref::<PyMethodDescriptor>() else { continue };
        if ORIGINALS.lock().insert((name, method), descriptor.method).is_none() {
            let def: Original = Box::leak(Box::new(wrapped(descriptor.method, wrapper)));
            class.set_attr(interned, def.to_proper_method(class, &vm.ctx));
        }
    }
}

/// A class of a module; `poll()` stands for the class of what `poll` returns.
fn find_class(
    vm: &VirtualMachine,
    module: &Py<PyModule>,
    class: &'static str,
) -> PyResult<Option<PyTypeRef>> {
    let object: PyObjectRef = match class.strip_suffix("()") {
        Some(factory) => {
            let Ok(factory) = module.get_attr(factory, vm) else { return Ok(None) };
            factory.call((), vm)?.class().to_owned().into()
        }
        None => match module.get_attr(class, vm) {
            Ok(object) => object,
            Err(_) => return Ok(None),
        },
    };
    Ok(object.downcast::<PyType>().ok())
}
