//! Where the standard library stands among the entries of `sys.path`.
//!
//! It is part of the program and found by `FrozenImporter`, which comes before `PathFinder`. In
//! CPython most of it is a directory of `sys.path`, so that a script's own `random.py` hides the library's,
//! and a package `json` has no `json.decoder` but its own. Here its place is the entry that CPython has for a
//! zipped library: what is found in an entry before that one hides a frozen module.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::world::bootstrap;
use crate::patch::Original;

/// What CPython 3.14 freezes, too, and nobody hides (Tools/build/freeze_modules.py); sorted.
const FROZEN: &[&str] = &[
    "__hello__",
    "__phello__",
    "_collections_abc",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_sitebuiltins",
    "abc",
    "codecs",
    "genericpath",
    "importlib",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "runpy",
    "site",
    "stat",
    "zipimport",
];

/// `_imp.find_frozen`, which `FrozenImporter` asks.
pub(crate) fn find_frozen(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let name = args.args.first().cloned();
    let found = (original.func)(vm, args, callee)?;
    let name = name.as_ref().and_then(|name| name.downcast_ref::<PyStr>());
    let Some(name) = name.and_then(|name| name.as_wtf8().as_str().ok()) else { return Ok(found) };
    if !vm.is_none(&found) && is_hidden(vm, name)? {
        return Ok(vm.ctx.none());
    }
    Ok(found)
}

fn is_hidden(vm: &VirtualMachine, name: &str) -> PyResult<bool> {
    match name.rsplit_once('.') {
        Some((package, _)) => is_package_elsewhere(vm, package),
        None if FROZEN.binary_search(&name).is_ok() => Ok(false),
        None => is_on_path_before(vm, name),
    }
}

/// Whether the package that has been imported is another than the library's.
fn is_package_elsewhere(vm: &VirtualMachine, package: &str) -> PyResult<bool> {
    let Some(library) = &vm.state.config.paths.stdlib_dir else { return Ok(false) };
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let Some(module) = or_missing(vm, modules.get_item(package, vm))? else { return Ok(false) };
    let Some(path) = vm.get_attribute_opt(&module, "__path__")? else { return Ok(false) };
    let own = format!("{library}/{}", package.replace('.', "/"));
    let entries = texts(vm, &path)?;
    // One that a loader made without a place has none.
    Ok(!entries.is_empty() && !entries.iter().any(|entry| text_is(entry, &own)))
}

/// Whether an entry of `sys.path` before the library's has a module of this name. A directory without
/// `__init__.py` is none where another entry has one.
fn is_on_path_before(vm: &VirtualMachine, name: &str) -> PyResult<bool> {
    let path = texts(vm, &vm.sys_module.get_attr("path", vm)?)?;
    // All of them where a program has thrown the library's entry away.
    let place = library_entry(vm)
        .and_then(|library| path.iter().position(|entry| text_is(entry, library)))
        .unwrap_or(path.len());
    if place == 0 {
        return Ok(false);
    }
    let external = bootstrap(vm, "_bootstrap_external")?;
    // Not there yet while the interpreter starts.
    if vm.is_none(&external) {
        return Ok(false);
    }
    let finder = external.get_attr("PathFinder", vm)?;
    // Without it nobody would find what hides the module.
    let finders: Vec<PyObjectRef> = vm.sys_module.get_attr("meta_path", vm)?.try_to_value(vm)?;
    if !finders.iter().any(|other| other.is(&finder)) {
        return Ok(false);
    }
    let before = vm.ctx.new_list(path[..place].to_vec());
    let spec = vm.call_method(&finder, "find_spec", (name.to_owned(), before))?;
    if vm.is_none(&spec) {
        return Ok(false);
    }
    let loader = spec.get_attr("loader", vm)?;
    Ok(!vm.is_none(&loader))
}

/// The first of the entries that are neither the user's nor the host's.
fn library_entry(vm: &VirtualMachine) -> Option<&str> {
    let config = &vm.state.config;
    config.paths.module_search_paths.get(config.settings.path_list.len()).map(String::as_str)
}

/// The strings of a list, or of what iterates like one.
fn texts(vm: &VirtualMachine, list: &PyObjectRef) -> PyResult<Vec<PyObjectRef>> {
    let entries: Vec<PyObjectRef> = list.try_to_value(vm)?;
    Ok(entries.into_iter().filter(|entry| entry.downcastable::<PyStr>()).collect())
}

fn text_is(object: &PyObjectRef, text: &str) -> bool {
    object.downcast_ref::<PyStr>().is_some_and(|object| object.as_wtf8().as_str() == Ok(text))
}

/// `None` for a `KeyError`.
fn or_missing(
    vm: &VirtualMachine,
    result: Result<PyObjectRef, PyBaseExceptionRef>,
) -> PyResult<Option<PyObjectRef>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.key_error) => Ok(None),
        Err(error) => Err(error),
    }
}
