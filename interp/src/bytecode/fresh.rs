//! The usual case of an import, done in one step: the source is a file, and what is in its cache is
//! fresh.
//!
//! `SourceLoader.get_code` takes 40 calls of Python functions to find that out, and their time is a
//! quarter of an import's. In every other case it is left to it: where there is something to be told, to
//! be written, or to be asked of what a script has put in place of the loader's functions.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use rustpython_vm::builtins::{PyCode, PyStr};
use rustpython_vm::bytecode::CodeObject;
use rustpython_vm::compiler::{self, CompileOpts, Mode};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyObject, PyRef, PyResult, VirtualMachine};

use super::format::{self, HEADER};
use super::importlib::fix_file_name;
use super::reader;
use crate::attach;

/// Runs in `_bootstrap_external`.
const SOURCE: &str = include_str!("fresh.py");

/// Has `SourceLoader.get_code` ask [`fresh_code`] first.
pub(super) fn install(vm: &VirtualMachine, external: &PyObject) -> PyResult<()> {
    static CODE: OnceLock<Option<CodeObject>> = OnceLock::new();
    let compile =
        || compiler::compile(SOURCE, Mode::Exec, "<togil importlib>", CompileOpts::default()).ok();
    let Some(code) = CODE.get_or_init(compile).clone() else { return Ok(()) };
    let globals = external.get_attr("__dict__", vm)?.downcast();
    let globals = globals.map_err(|_| vm.new_type_error("the __dict__ of a module is a dict"))?;
    vm.run_code_obj(vm.ctx.new_code(code), Scope::with_builtins(None, globals, vm)).map(drop)
}

/// `_fresh_code(source_path, cache_path)`: the code, or `None` if it takes more to say.
pub(super) fn fresh_code(vm: &VirtualMachine, args: FuncArgs, _: Callee) -> PyResult {
    Ok(find(vm, &args)?.map_or_else(|| vm.ctx.none(), Into::into))
}

fn find(vm: &VirtualMachine, args: &FuncArgs) -> PyResult<Option<PyRef<PyCode>>> {
    let [source, cache] = args.args.as_slice() else { return Ok(None) };
    let text = |object: &PyObject| {
        let text = object.downcast_ref::<PyStr>()?.as_wtf8().as_str().ok()?;
        Some(text.to_owned())
    };
    // What `-v` tells is for the standard library's own way.
    let verbose = vm.state.config.settings.verbose > 0;
    let Some((source_path, cache)) = text(source).zip(text(cache)).filter(|_| !verbose) else {
        return Ok(None);
    };
    vm.audit("open", || (cache.clone(), "rb", libc::O_RDONLY | libc::O_CLOEXEC))?;
    let read = || read_fresh(&source_path, &cache);
    let file = attach::without_gil(vm, || vm.allow_threads(read));
    let Some(code) = file.and_then(|file| reader::read(vm, &file[HEADER..])) else {
        return Ok(None);
    };
    fix_file_name(vm, &code, source.clone())?;
    Ok(Some(code))
}

/// A file that is sound and belongs to the source as it is now. One that goes by the hash of
/// the source is not looked into.
fn read_fresh(source: &str, cache: &str) -> Option<Vec<u8>> {
    let mut file = std::fs::File::open(cache).ok()?;
    let mut bytes = Vec::with_capacity(file.metadata().ok()?.len() as usize + 1);
    file.read_to_end(&mut bytes).ok()?;
    let source = std::fs::metadata(source).ok()?;
    // As `int(st_mtime) & 0xFFFF_FFFF`, for times since 1970.
    let known = [u64::try_from(source.mtime()).ok()? as u32, source.size() as u32];
    let known = known.map(u32::to_le_bytes).concat();
    (format::check(&bytes) == Ok(0) && bytes[8..HEADER] == *known).then_some(bytes)
}
