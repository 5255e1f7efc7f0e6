//! The functions of `_bootstrap_external` that make, check and read a `.pyc`.
//!
//! They keep the names, the arguments and the errors of CPython 3.14's. What is new: a file that is not
//! what was written is an `ImportError`, on which the loader of a source compiles it and writes the
//! file again.

use rustpython_vm::builtins::{PyCode, PyDict, PyFloat};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags, PyNativeFn};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::format::{self, Flaw};
use super::{fresh, paths, reader, shared};
use crate::patch::{self, Original};

pub(super) const MODULE: &str = "_frozen_importlib_external";

const fn function(name: &'static str, function: impl PyNativeFn) -> PyMethodDef {
    PyMethodDef::new_raw_const(name, function, PyMethodFlags::empty(), ItemDoc::NONE)
}

static FUNCTIONS: [PyMethodDef; 7] = [
    function("_classify_pyc", classify),
    function("_compile_bytecode", compile_bytecode),
    function("_code_to_timestamp_pyc", to_timestamp_pyc),
    function("_code_to_hash_pyc", to_hash_pyc),
    function("cache_from_source", paths::cache_from_source),
    function("_fresh_code", fresh::fresh_code),
    // It has none of its own, but would find the built-in one.
    function("compile", shared::compile),
];

/// `_imp.extension_suffixes`, which `_bootstrap_external` calls when it has defined its functions and is
/// about to put its finders to work: the moment to replace them, in every kind of interpreter.
pub(crate) fn extension_suffixes(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    if let Ok(module) = modules.get_item(MODULE, vm)
        && module.get_attr("_install", vm).is_ok()
        // Scripts may call it, too.
        && module.get_attr("compile", vm).is_err()
    {
        module.set_attr(paths::ORIGINAL, module.get_attr("cache_from_source", vm)?, vm)?;
        for function in &FUNCTIONS {
            module.set_attr(function.name, function.build_function(&vm.ctx), vm)?;
        }
        fresh::install(vm, &module)?;
    }
    (original.func)(vm, args, callee)
}

/// `_classify_pyc(data, name, exc_details)`: the flags of a file that may be read.
fn classify(vm: &VirtualMachine, mut args: FuncArgs, _: Callee) -> PyResult {
    let data = argument(vm, &mut args, "data")?;
    let name = argument(vm, &mut args, "name")?;
    let details = argument(vm, &mut args, "exc_details")?;
    let (checked, magic) = data
        .try_bytes_like(vm, |bytes| (format::check(bytes), bytes[..bytes.len().min(4)].to_vec()))?;
    let flaw = match checked {
        Ok(flags) => return Ok(vm.ctx.new_int(flags).into()),
        Err(flaw) => flaw,
    };
    let name = name.repr(vm)?;
    let reason = match flaw {
        Flaw::Magic => {
            let magic = vm.ctx.new_bytes(magic).as_object().repr(vm)?;
            format!("bad magic number in {name}: {magic}")
        }
        Flaw::Header => format!("reached EOF while reading pyc header of {name}"),
        Flaw::Flags(flags) => format!("invalid flags {flags} in {name}"),
        Flaw::Checksum => format!("truncated or corrupt bytecode in {name}"),
    };
    let path = details.downcast_ref::<PyDict>().and_then(|dict| dict.get_item("path", vm).ok());
    let path = path.unwrap_or_else(|| vm.ctx.none()).repr(vm)?;
    tell(vm, "{}", vec![vm.ctx.new_str(format!("ignored {path}: {reason}")).into()])?;
    let class = match flaw {
        Flaw::Header => return Err(vm.new_eof_error(reason)),
        _ => vm.ctx.exceptions.import_error.as_object(),
    };
    let mut args = FuncArgs::from(vec![vm.ctx.new_str(reason).into()]);
    if let Some(details) = details.downcast_ref::<PyDict>() {
        for (name, value) in details {
            args.kwargs.insert(name.str(vm)?.to_string().into(), value);
        }
    }
    let error = class.call(args, vm)?;
    Err(error.downcast().map_err(|_| vm.new_type_error("ImportError is no exception"))?)
}

/// `_compile_bytecode(data, name=None, bytecode_path=None, source_path=None)`: the code after the
/// header of a file that [`classify`] has let through.
fn compile_bytecode(vm: &VirtualMachine, mut args: FuncArgs, _: Callee) -> PyResult {
    let data = argument(vm, &mut args, "data")?;
    let name = args.take_positional_keyword("name").unwrap_or_else(|| vm.ctx.none());
    let path = args.take_positional_keyword("bytecode_path").unwrap_or_else(|| vm.ctx.none());
    let source_path = args.take_positional_keyword("source_path");
    let read = data.try_bytes_like(vm, |bytes| reader::read(vm, bytes))?;
    let value: PyObjectRef = match read {
        Some(code) => code.into(),
        None => marshal(vm, "loads", data)?,
    };
    let Ok(code) = value.downcast::<PyCode>() else {
        let mut args = FuncArgs::from(vec![
            vm.ctx.new_str(format!("Non-code object in {}", path.repr(vm)?)).into(),
        ]);
        args.kwargs.insert("name".to_owned().into(), name);
        args.kwargs.insert("path".to_owned().into(), path);
        let error = vm.ctx.exceptions.import_error.as_object().call(args, vm)?;
        return Err(error.downcast().map_err(|_| vm.new_type_error("no exception"))?);
    };
    tell(vm, "code object from {!r}", vec![path])?;
    if let Some(source_path) = source_path
        && !vm.is_none(&source_path)
    {
        fix_file_name(vm, &code, source_path)?;
    }
    Ok(code.into())
}

/// The file may have been moved with its cache. `_imp._fix_co_filename` visits all functions.
pub(super) fn fix_file_name(
    vm: &VirtualMachine,
    code: &PyRef<PyCode>,
    path: PyObjectRef,
) -> PyResult<()> {
    if *path.str(vm)?.as_wtf8() != *code.source_path().as_wtf8()
        && let Some(fix) = patch::original("_imp", "_fix_co_filename")
    {
        let args = FuncArgs::from(vec![code.clone().into(), path]);
        (fix.func)(vm, args, Callee::named("_fix_co_filename"))?;
    }
    Ok(())
}

/// `_code_to_timestamp_pyc(code, mtime=0, source_size=0)`
fn to_timestamp_pyc(vm: &VirtualMachine, mut args: FuncArgs, _: Callee) -> PyResult {
    let code = argument(vm, &mut args, "code")?;
    let mut validation = [0; 8];
    let (time, size) = validation.split_at_mut(4);
    for (field, name) in [(time, "mtime"), (size, "source_size")] {
        if let Some(value) = args.take_positional_keyword(name) {
            field.copy_from_slice(&low_bits(vm, &value)?.to_le_bytes());
        }
    }
    sealed(vm, 0, validation, code)
}

/// `_code_to_hash_pyc(code, source_hash, checked=True)`
fn to_hash_pyc(vm: &VirtualMachine, mut args: FuncArgs, _: Callee) -> PyResult {
    let code = argument(vm, &mut args, "code")?;
    let hash = argument(vm, &mut args, "source_hash")?;
    let checked = args.take_positional_keyword("checked");
    let checked = checked.map_or(Ok(true), |checked| checked.try_to_bool(vm))?;
    let hash = hash.try_bytes_like(vm, |hash| <[u8; 8]>::try_from(hash))?;
    let hash = hash.map_err(|_| vm.new_value_error("the hash of a source has 8 bytes"))?;
    sealed(vm, 0b1 | u32::from(checked) << 1, hash, code)
}

fn sealed(vm: &VirtualMachine, flags: u32, validation: [u8; 8], code: PyObjectRef) -> PyResult {
    let code = marshal(vm, "dumps", code)?;
    let file = code.try_bytes_like(vm, |code| format::seal(flags, validation, code))?;
    Ok(vm.ctx.new_bytearray(file).into())
}

/// The VM's own `marshal.dumps` or `loads`, whatever scripts have put in its place.
pub(super) fn marshal(vm: &VirtualMachine, name: &'static str, argument: PyObjectRef) -> PyResult {
    match patch::original("marshal", name) {
        Some(original) => (original.func)(vm, FuncArgs::from(vec![argument]), Callee::named(name)),
        None => vm.import("marshal", 0)?.get_attr(name, vm)?.call((argument,), vm),
    }
}

/// `int(value) & 0xFFFF_FFFF`: a time is a float.
fn low_bits(vm: &VirtualMachine, value: &PyObject) -> PyResult<u32> {
    let value: i64 = match value.downcast_ref::<PyFloat>() {
        Some(float) => float.to_f64() as i64,
        None => value.to_owned().try_into_value(vm)?,
    };
    Ok(value as u32)
}

fn argument(vm: &VirtualMachine, args: &mut FuncArgs, name: &str) -> PyResult<PyObjectRef> {
    args.take_positional_keyword(name)
        .ok_or_else(|| vm.new_type_error(format!("missing required argument: '{name}'")))
}

/// `_bootstrap._verbose_message`: what `-v` shows.
fn tell(vm: &VirtualMachine, form: &'static str, values: Vec<PyObjectRef>) -> PyResult<()> {
    if vm.state.config.settings.verbose == 0 {
        return Ok(());
    }
    let mut args = vec![vm.ctx.new_str(form).into()];
    args.extend(values);
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let bootstrap = modules.get_item("_frozen_importlib", vm)?;
    bootstrap.get_attr("_verbose_message", vm)?.call(FuncArgs::from(args), vm).map(drop)
}
