//! Finding and executing a module: `_find_and_load_unlocked` of CPython's
//! Lib/importlib/_bootstrap.py. The caller has the module's lock.
//!
//! Two things differ for the sake of other threads. What `importlib.reload` or a load does with a package at its end,
//! taking it out of `sys.modules` and putting it back, is waited for. And the note that a
//! submodule is being imported is taken back by its name: `pop()` takes back another thread's.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyList};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::find::Modules;
use super::world::{World, bootstrap, is_marked, with_importer};
use crate::extension_modules;

pub(super) fn load(world: &World<'_>, name: &str) -> PyResult {
    let vm = world.vm;
    let Some((package, child)) = name.rsplit_once('.') else {
        let spec = find_spec(world, name, vm.ctx.none())?;
        return load_spec(world, spec);
    };
    if world.get(package)?.is_none() {
        world.import(package)?;
    }
    // The package may have imported it.
    if let Some(module) = there(world, name)? {
        return Ok(module);
    }
    let parent = package_module(world, package)?;
    let Some(path) = vm.get_attribute_opt(&parent, "__path__")? else {
        let text =
            format!("No module named {}; {} is not a package", quoted(name), quoted(package));
        return Err(not_found(vm, text, name));
    };
    let parent_spec = parent.get_attr("__spec__", vm)?;
    if is_marked(&parent_spec, vm)? {
        world.import(package)?;
    }
    if let Some(module) = there(world, name)? {
        return Ok(module);
    }
    let spec = find_spec(world, name, path)?;
    // For the text of the error when somebody looks for the submodule too early.
    let unfinished = if vm.is_none(&parent_spec) {
        None
    } else {
        Some(parent_spec.get_attr("_uninitialized_submodules", vm)?)
    };
    let child = vm.ctx.new_str(child);
    if let Some(list) = &unfinished {
        vm.call_method(list, "append", (child.clone(),))?;
    }
    let loaded = load_spec(world, spec);
    if let Some(list) = unfinished.as_ref().and_then(|list| list.downcast_ref::<PyList>()) {
        let mut names = list.borrow_vec_mut();
        if let Some(place) = names.iter().position(|name| name.is(&child)) {
            names.remove(place);
        }
    }
    let module = loaded?;
    let parent = package_module(world, package)?;
    match parent.set_attr(&child, module.clone(), vm) {
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.attribute_error) => {
            let text = format!(
                "Cannot set an attribute on {} for child module {}",
                quoted(package),
                quoted(child.to_string_lossy().as_ref())
            );
            let category = vm.ctx.exceptions.import_warning.to_owned();
            vm.import("_warnings", 0)?.get_attr("warn", vm)?.call((text, category), vm)?;
        }
        result => result?,
    }
    Ok(module)
}

fn there(world: &World<'_>, name: &str) -> PyResult<Option<PyObjectRef>> {
    Ok(world.get(name)?.filter(|module| !world.vm.is_none(module)))
}

/// `sys.modules[package]`.
fn package_module(world: &World<'_>, package: &str) -> PyResult {
    if let Some(module) = world.get(package)? {
        return Ok(module);
    }
    with_importer(world.vm, world.import, |importer| importer.wait_for(package))?;
    let found = world.get(package)?;
    found.ok_or_else(|| world.vm.new_key_error(world.vm.ctx.new_str(package).into()))
}

fn find_spec(world: &World<'_>, name: &str, path: PyObjectRef) -> PyResult {
    let vm = world.vm;
    let spec = bootstrap(vm, "_find_spec")?.call((name.to_owned(), path.clone()), vm)?;
    if vm.is_none(&spec) {
        let missing = || not_found(vm, format!("No module named {}", quoted(name)), name);
        return Err(extension_modules::error(vm, name, path).unwrap_or_else(missing));
    }
    Ok(spec)
}

fn load_spec(world: &World<'_>, spec: PyObjectRef) -> PyResult {
    bootstrap(world.vm, "_load_unlocked")?.call((spec,), world.vm)
}

/// `repr` of a module's name.
fn quoted(name: &str) -> String {
    let quote = if name.contains('\'') && !name.contains('"') { '"' } else { '\'' };
    format!("{quote}{name}{quote}")
}

pub(super) fn not_found(vm: &VirtualMachine, text: String, name: &str) -> PyBaseExceptionRef {
    let class = vm.ctx.exceptions.module_not_found_error;
    let error = match vm.invoke_exception(class, vec![vm.ctx.new_str(text).into()]) {
        Ok(error) => error,
        Err(error) => return error,
    };
    // As `raise ... from None`.
    error.set_cause(None);
    match error.as_object().set_attr("name", vm.ctx.new_str(name), vm) {
        Ok(()) => error,
        Err(error) => error,
    }
}
