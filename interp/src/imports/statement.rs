//! `__import__`, `_find_and_load` and `_lock_unlock_module`: what scripts and the import system call.

use rustpython_vm::builtins::{PyDict, PyStr, PyStrRef, PyUtf8Str};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::find::Modules;
use super::install::SAVED;
use super::load::not_found;
use super::world::{World, bootstrap, deadlock, with_importer};
use crate::patch::Original;

/// `__import__(name, globals=None, locals=None, fromlist=(), level=0)`: CPython's
/// `PyImport_ImportModuleLevelObject` in Python/import.c.
pub(super) fn dunder_import(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    // What is unusual is the original's to judge: it ends in `_find_and_load`, too.
    let Some(request) = Request::of(&args, vm)? else { return (original.func)(vm, args, callee) };
    let module = import(vm, &request.absolute, &vm.import_func)?;
    if let Some(names) = request.names {
        if vm.get_attribute_opt(&module, vm.ctx.intern_str("__path__"))?.is_none() {
            return Ok(module);
        }
        let handle = bootstrap(vm, "_handle_fromlist")?;
        return handle.call((module, names.clone(), vm.import_func.clone()), vm);
    }
    // `import a.b` is about `a`; `from . import` without names, which only a call can ask for, about
    // as many parts less.
    let Some((first, rest)) = request.name.split_once('.') else { return Ok(module) };
    if request.level == 0 {
        return import(vm, first, &vm.import_func);
    }
    let wanted = &request.absolute[..request.absolute.len() - rest.len() - 1];
    World { vm, import: &vm.import_func }.get(wanted)?.ok_or_else(|| {
        let text = format!("'{wanted}' not in sys.modules as expected");
        vm.new_key_error(vm.ctx.new_str(text).into())
    })
}

/// `_find_and_load(name, import_)`.
pub(super) fn find_and_load(vm: &VirtualMachine, args: FuncArgs, _: Callee) -> PyResult {
    match args.args.as_slice() {
        [name, by] if plain(name).is_some() && args.kwargs.is_empty() => {
            let name = plain(name).unwrap_or_default();
            not_none(vm, name, with_importer(vm, by, |importer| importer.import(name))?)
        }
        // A name that is no text: nothing that two threads would import at once.
        _ => bootstrap(vm, SAVED)?.call(args, vm),
    }
}

/// `_lock_unlock_module(name)`.
pub(super) fn lock_unlock_module(name: PyStrRef, vm: &VirtualMachine) -> PyResult<()> {
    let Some(name) = name.to_str() else { return Ok(()) };
    with_importer(vm, &vm.import_func, |importer| importer.wait_for(name))
}

/// `_ModuleLock.acquire()`.
pub(super) fn acquire(lock: PyObjectRef, vm: &VirtualMachine) -> PyResult<bool> {
    let name = lock.get_attr("name", vm)?.str_utf8(vm)?;
    let got = with_importer(vm, &vm.import_func, |importer| importer.acquire(name.as_str()))?;
    if got { Ok(true) } else { Err(deadlock(vm, name.as_str())) }
}

/// `_ModuleLock.release()`.
pub(super) fn release(lock: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let name = lock.get_attr("name", vm)?.str_utf8(vm)?;
    let released = with_importer(vm, &vm.import_func, |importer| importer.release(name.as_str()));
    released.map_err(|_| vm.new_runtime_error("cannot release un-acquired lock"))
}

/// Imports the module with this absolute name, and its packages by `by`.
pub(super) fn import(vm: &VirtualMachine, name: &str, by: &PyObjectRef) -> PyResult {
    if let Some(module) = with_importer(vm, by, |importer| importer.complete(name))? {
        return not_none(vm, name, module);
    }
    // By its name: whoever watches imports has put something else there.
    bootstrap(vm, "_find_and_load")?.call((name.to_owned(), by.clone()), vm)
}

fn not_none(vm: &VirtualMachine, name: &str, module: PyObjectRef) -> PyResult {
    if vm.is_none(&module) {
        return Err(not_found(vm, format!("import of {name} halted; None in sys.modules"), name));
    }
    Ok(module)
}

/// A call as the import statement makes it.
struct Request<'a> {
    name: &'a str,
    level: usize,
    absolute: String,
    /// Not empty.
    names: Option<&'a PyObjectRef>,
}

impl<'a> Request<'a> {
    /// `None` for a call that is not plainly right.
    fn of(args: &'a FuncArgs, vm: &VirtualMachine) -> PyResult<Option<Self>> {
        if !args.kwargs.is_empty() || args.args.len() > 5 {
            return Ok(None);
        }
        let argument = |index: usize| args.args.get(index).filter(|object| !vm.is_none(object));
        let Some(name) = args.args.first().and_then(plain) else { return Ok(None) };
        let level = match args.args.get(4) {
            None => 0,
            Some(level) => match level.clone().try_into_value::<usize>(vm) {
                Ok(level) => level,
                Err(_) => return Ok(None),
            },
        };
        let absolute = match level {
            0 if name.is_empty() => return Ok(None),
            0 => name.to_owned(),
            level => match argument(1).map(|globals| package_of(globals, vm)).transpose()? {
                Some(Some(package)) => match absolute(name, &package, level) {
                    Some(absolute) => absolute,
                    None => return Ok(None),
                },
                _ => return Ok(None),
            },
        };
        let names = match argument(3) {
            Some(names) if names.clone().try_to_bool(vm)? => Some(names),
            _ => None,
        };
        Ok(Some(Self { name, level, absolute, names }))
    }
}

/// A `str` proper, without surrogates.
fn plain(name: &PyObjectRef) -> Option<&str> {
    name.downcast_ref::<PyStr>().and_then(|name| name.to_str())
}

/// `__package__`, where `__spec__` agrees.
fn package_of(globals: &PyObjectRef, vm: &VirtualMachine) -> PyResult<Option<String>> {
    let Some(globals) = globals.downcast_ref::<PyDict>() else { return Ok(None) };
    let package = globals.get_item_opt("__package__", vm)?;
    let Some(package) = package.as_ref().and_then(|name| name.downcast_ref::<PyUtf8Str>()) else {
        return Ok(None);
    };
    if let Some(spec) = globals.get_item_opt("__spec__", vm)?
        && !vm.is_none(&spec)
    {
        let parent = spec.get_attr("parent", vm)?;
        if parent.downcast_ref::<PyUtf8Str>().is_none_or(|name| name.as_str() != package.as_str()) {
            return Ok(None);
        }
    }
    Ok(Some(package.as_str().to_owned()).filter(|package| !package.is_empty()))
}

/// `name` as seen from `package`, `level` dots in front of it.
fn absolute(name: &str, package: &str, level: usize) -> Option<String> {
    let base = (1..level).try_fold(package, |base, _| Some(base.rsplit_once('.')?.0))?;
    Some(if name.is_empty() { base.to_owned() } else { format!("{base}.{name}") })
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn dots_count_from_the_package() {
        assert_eq!(absolute("mod", "pack.inner", 1).as_deref(), Some("pack.inner.mod"));
        assert_eq!(absolute("", "pack.inner", 2).as_deref(), Some("pack"));
        assert_eq!(absolute("mod", "pack.inner", 3), None);
    }
}
