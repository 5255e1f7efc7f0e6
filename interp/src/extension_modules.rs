//! What is said where an extension module is imported, which the VM cannot load.
//!
//! The import system looks for no `.so` files, so a missing module and one that lies there in machine
//! code would both be "No module named x". The error is still a `ModuleNotFoundError`, because
//! packages with a pure twin of their extension module look for that, and `find_spec` still
//! finds nothing.

use std::fs;
use std::path::{Path, PathBuf};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObjectRef, VirtualMachine};

/// The error with the file that was meant, if `name`, which was not found, is one. `path` is where it was
/// looked for, `None` for `sys.path`.
pub(crate) fn error(
    vm: &VirtualMachine,
    name: &str,
    path: PyObjectRef,
) -> Option<PyBaseExceptionRef> {
    let path = if vm.is_none(&path) { vm.sys_module.get_attr("path", vm).ok()? } else { path };
    // A namespace package's is no list.
    let entries: Vec<PyObjectRef> = path.try_to_value(vm).ok()?;
    let entries = entries.iter().filter_map(|entry| entry.downcast_ref::<PyStr>());
    let file = entries
        .filter_map(|entry| entry.as_wtf8().as_str().ok())
        .find_map(|entry| extension_module(Path::new(entry), file_name(name)))?;
    let file_name = file.file_name()?.to_string_lossy();
    let message = format!(
        "cannot import '{name}': it is an extension module for CPython ({file_name}), and togil runs \
         pure Python only ('{}')",
        file.display()
    );
    // `from package import module` passes over a missing module and then complains that the
    // package has no such name.
    let exceptions = &vm.ctx.exceptions;
    let class =
        if is_from_list(vm) { exceptions.import_error } else { exceptions.module_not_found_error };
    let named = [("name", name.to_owned()), ("path", file.to_string_lossy().into_owned())];
    let named: KwArgs =
        named.into_iter().map(|(key, text)| (key, vm.ctx.new_str(text).into())).collect();
    let args = FuncArgs::new(vec![vm.ctx.new_str(message).into()], named);
    class.as_object().call(args, vm).ok()?.downcast().ok()
}

fn file_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, tail)| tail)
}

/// `x.so`, `x.abi3.so`, `x.cpython-313-x86_64-linux-gnu.so` and the like.
fn extension_module(directory: &Path, module: &str) -> Option<PathBuf> {
    // An empty entry of `sys.path` is the working directory.
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let is_it = |name: &str| {
        let tag = name.strip_prefix(module).and_then(|rest| rest.strip_suffix("so"));
        tag.is_some_and(|tag| tag.starts_with('.') && tag.ends_with('.'))
    };
    let mut found: Vec<_> = fs::read_dir(here)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_str().is_some_and(is_it))
        .collect();
    // The same one on each run.
    found.sort();
    Some(directory.join(found.into_iter().next()?))
}

/// Whether this import is one of the names of a `from package import name`.
fn is_from_list(vm: &VirtualMachine) -> bool {
    // `_handle_fromlist`, `_call_with_frames_removed`, `__import__`, `_gcd_import`.
    let mut frame: Option<PyObjectRef> = vm.current_frame().map(Into::into);
    for _ in 0..4 {
        let Some(here) = frame else { return false };
        let code = here.get_attr("f_code", vm).and_then(|code| code.get_attr("co_name", vm));
        let name = code.and_then(|name| name.str(vm)).map(|name| name.to_string());
        if name.is_ok_and(|name| name == "_handle_fromlist") {
            return true;
        }
        frame = here.get_attr("f_back", vm).ok();
    }
    false
}
