//! Immortal objects: what lives as long as the program needs no count of its references.
//!
//! The count of an object is an atomic in memory that all threads share. Threads that call one
//! function each write to its count, its code's and its constants', and take the memory from each
//! other's caches every time. So when a thread is started in a process without a GIL, what is likely
//! to outlive the threads is made immortal, as CPython 3.13t did (PEP 703, "Immortalization"; the
//! rule of nested functions is that of `_PyFunction_FromConstructor` and
//! `PyFunction_NewWithQualName` in Objects/funcobject.c there).
//!
//! # What leaks
//!
//! An immortal object is never freed, and nor is what it refers to: a function or class of a module
//! that was replaced by a new definition, say by a reload after threads were started. What a call
//! makes (nested functions, local classes, their cells) stays mortal: it may hold anything. Looking
//! is done at the 1st, 2nd, 4th, 8th ... thread, so that modules that are loaded between threads
//! count, and a program that starts a thread for every request does not pay for each.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustpython_vm::builtins::{
    PyCode, PyDictRef, PyFunction, PyModule, PyTuple, PyType, PyTypeRef,
};
use rustpython_vm::bytecode::CodeFlags;
use rustpython_vm::{AsObject, PyObject, VirtualMachine};

use crate::attach;

/// Threads that were started since leaking was allowed.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Whether this process may leak.
static ALLOWED: AtomicBool = AtomicBool::new(false);

/// From now on the threads of this process make objects immortal.
pub(crate) fn allow() {
    ALLOWED.store(true, Ordering::Relaxed);
}

/// A thread is about to be started: makes immortal what is likely to outlive it.
pub(crate) fn before_thread(vm: &VirtualMachine) {
    if !ALLOWED.load(Ordering::Relaxed) || attach::gil_enabled() {
        return;
    }
    let started = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
    if started.is_power_of_two() {
        for object in vm.state.gc.get_objects(None) {
            tracked(vm, &object);
        }
        natives(vm);
    }
}

/// An object that the collector knows.
fn tracked(vm: &VirtualMachine, object: &PyObject) {
    if object.downcast_ref::<PyFunction>().is_some() {
        if let Ok(code) = object.get_attr("__code__", vm)
            && let Some(plain) = code.downcast_ref::<PyCode>()
        {
            constant(vm, &code);
            if !plain.code.flags.contains(CodeFlags::NESTED) {
                object.make_immortal();
            }
        }
    } else if let Some(class) = object.downcast_ref::<PyType>() {
        let name = object.get_attr("__qualname__", vm).and_then(|name| name.str(vm));
        if name.is_ok_and(|name| !name.as_wtf8().to_string_lossy().contains("<locals>")) {
            class.as_object().make_immortal();
        }
    } else if object.downcast_ref::<PyModule>().is_some() {
        object.make_immortal();
        if let Some(names) = object.dict() {
            names.as_object().make_immortal();
            for (_, value) in names {
                native(vm, &value);
            }
        }
    }
}

/// A constant of a code object, or code: the constants in it.
fn constant(vm: &VirtualMachine, object: &PyObject) {
    if object.is_immortal() && object.downcast_ref::<PyCode>().is_some() {
        // Its constants have been here before.
        return;
    }
    object.make_immortal();
    if object.downcast_ref::<PyCode>().is_some() {
        if let Ok(constants) = object.get_attr("co_consts", vm) {
            elements(vm, &constants);
        }
    } else {
        elements(vm, object);
    }
}

fn elements(vm: &VirtualMachine, object: &PyObject) {
    for element in object.downcast_ref::<PyTuple>().into_iter().flat_map(|tuple| tuple.as_slice()) {
        constant(vm, element);
    }
}

/// The functions and attributes that native classes consist of.
fn natives(vm: &VirtualMachine) {
    let mut classes: Vec<PyTypeRef> = vec![vm.ctx.types.object_type.to_owned()];
    while let Some(class) = classes.pop() {
        for value in class.attributes.attributes(&vm.ctx).values() {
            native(vm, value);
        }
        let subclasses = class.subclasses.read();
        let alive = subclasses.iter().filter_map(|class| class.upgrade()?.downcast().ok());
        classes.extend(alive);
    }
}

fn native(vm: &VirtualMachine, value: &PyObject) {
    let types = &vm.ctx.types;
    let kinds = [
        types.builtin_function_or_method_type,
        types.method_descriptor_type,
        types.classmethod_descriptor_type,
        types.wrapper_descriptor_type,
        types.getset_type,
        types.member_descriptor_type,
    ];
    if kinds.iter().any(|kind| value.class().is(*kind)) && !is_bound(vm, value) {
        value.make_immortal();
    }
}

/// Whether it is a method of an object that may be anybody's, such as `append = [].append`.
fn is_bound(vm: &VirtualMachine, value: &PyObject) -> bool {
    let owner = value.get_attr("__self__", vm).ok().filter(|owner| !vm.is_none(owner));
    owner.is_some_and(|owner| owner.downcast_ref::<PyModule>().is_none())
}

/// The program ends: lets go of what its modules hold.
///
/// The VM clears the modules that are still alive, but collects what that sets free too late for
/// objects in cycles to be finalized. Immortal functions keep all modules alive. So the script's
/// modules are cleared and collected here, when all other threads have been shut down, as CPython's
/// `_PyModule_ClearDict` does it (Objects/moduleobject.c): names that begin with `_` first.
pub(crate) fn let_go(vm: &VirtualMachine) {
    if STARTED.load(Ordering::Relaxed) == 0 {
        return;
    }
    let modules = vm.sys_module.get_attr("modules", vm);
    let Ok(modules) = modules.and_then(|modules| modules.try_into_value::<PyDictRef>(vm)) else {
        return;
    };
    let modules: Vec<_> = modules.into_iter().map(|(_, module)| module).collect();
    for module in modules.iter().rev().filter(|module| is_of_script(vm, module)) {
        let Some(names) = module.dict() else { continue };
        for private in [true, false] {
            for (name, _) in names.clone() {
                let text = name.str(vm).map(|name| name.as_wtf8().to_string_lossy().into_owned());
                let Ok(text) = text else { continue };
                if text != "__builtins__" && text.starts_with('_') == private {
                    // A namespace of the script's own making may refuse.
                    let _ = names.set_item(&*name, vm.ctx.none(), vm);
                }
            }
        }
    }
    vm.state.gc.collect_force(2);
}

/// Whether a module is `__main__`, or comes from a file that is not the standard library's.
fn is_of_script(vm: &VirtualMachine, module: &PyObject) -> bool {
    let text = |name: &'static str| {
        let text = module.get_attr(name, vm).and_then(|text| text.str(vm));
        text.map(|text| text.as_wtf8().to_string_lossy().into_owned()).unwrap_or_default()
    };
    let file = text("__file__");
    let is_file = file.ends_with(".py") && !file.starts_with(rustpython_pylib::LIB_PATH);
    module.downcast_ref::<PyModule>().is_some() && (text("__name__") == "__main__" || is_file)
}
