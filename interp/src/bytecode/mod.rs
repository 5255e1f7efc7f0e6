//! Compiled code that outlives the interpreter that compiled it: in `.pyc` files, and in memory for
//! the other interpreters of the process.
//!
//! The import system stays the standard library's. It asks its module `_bootstrap_external` how a
//! `.pyc` is made, checked and read; those functions are replaced there (`importlib.rs`), so that all who
//! ask (the loaders, `py_compile`, `compileall`, `runpy`, `zipimport`) go one way.
//!
//! | module | what is in it |
//! |---|---|
//! | `format` | the cache tag, the magic number, the checksum |
//! | `importlib` | the functions of `_bootstrap_external` |
//! | `fresh`, `paths` | the usual case of an import, in one step |
//! | `reader` | from bytes to a code object |
//! | `runner` | the one reader of `.pyc` files that is not in `_bootstrap_external` |
//! | [`shared`] | sources that are compiled once for all interpreters |

mod format;
mod fresh;
mod importlib;
mod paths;
mod reader;
mod runner;
pub mod shared;

use rustpython_vm::builtins::PyModule;
use rustpython_vm::{AsObject, Py, PyResult, Settings, VirtualMachine};

pub(crate) use importlib::extension_suffixes;
pub(crate) use runner::get_frozen_object;

/// Carries the prefix from the builder to all interpreters, which inherit the `-X` options. No
/// such option can be given: it has a space in it.
const PREFIX: &str = "togil pycache_prefix";

/// Has an interpreter that is built with these settings, and its sub-interpreters, keep their `.pyc`
/// files below this directory.
pub(crate) fn set_prefix(settings: &mut Settings, directory: String) {
    settings.xoptions.retain(|(name, _)| name != PREFIX);
    settings.xoptions.push((PREFIX.to_owned(), Some(directory)));
}

/// Says in `sys` where the cache is.
pub(crate) fn describe(vm: &VirtualMachine) -> PyResult<()> {
    let sys = &vm.sys_module;
    let implementation = sys.get_attr("implementation", vm)?;
    implementation.set_attr("cache_tag", vm.ctx.new_str(format::cache_tag()), vm)?;
    let mut options = vm.state.config.settings.xoptions.iter();
    if let Some((_, Some(prefix))) = options.find(|(name, _)| name == PREFIX) {
        sys.set_attr("pycache_prefix", vm.ctx.new_str(prefix.as_str()), vm)?;
        sys.get_attr("_xoptions", vm)?.del_item(PREFIX, vm)?;
    }
    Ok(())
}

/// When `_imp` is loaded: `importlib` takes its magic number from there.
pub(crate) fn set_magic(vm: &VirtualMachine, imp: &Py<PyModule>) -> PyResult<()> {
    let token = u32::from_le_bytes(format::magic());
    imp.as_object().set_attr("pyc_magic_number_token", vm.ctx.new_int(token), vm)
}
