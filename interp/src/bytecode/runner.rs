//! `pkgutil.read_code`, by which `runpy` runs a `.pyc`: the one reader of such files in the standard
//! library that does not ask `_bootstrap_external` whether they are sound.

use rustpython_vm::builtins::{PyCode, PyStr};
use rustpython_vm::compiler::Mode;
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::patch::Original;

const NAME: &str = "read_code";
const SOURCE: &str = "\
def read_code(stream):
    import _frozen_importlib_external as external
    data = stream.read()
    if data[:4] != external.MAGIC_NUMBER:
        return None
    name = getattr(stream, 'name', None)
    external._classify_pyc(data, name, {'path': name})
    return external._compile_bytecode(data[16:])
";

/// `_imp.get_frozen_object`: the code of `pkgutil` with our function in it.
pub(crate) fn get_frozen_object(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let name = args.args.first().and_then(|name| name.downcast_ref::<PyStr>());
    let ours = name.is_some_and(|name| name.as_wtf8().as_str() == Ok("pkgutil"));
    let code = (original.func)(vm, args, callee)?;
    if ours { with_reader(vm, code) } else { Ok(code) }
}

fn with_reader(vm: &VirtualMachine, code: PyObjectRef) -> PyResult {
    let module = vm
        .compile(SOURCE, Mode::Exec, "<frozen pkgutil>")
        .map_err(|error| error.into_pyexception(vm, Some(SOURCE)))?;
    let function = functions(vm, module.into())?.into_iter().find_map(reader);
    let Some(function) = function else { return Ok(code) };
    let consts: Vec<_> = functions(vm, code.clone())?
        .into_iter()
        .map(|constant| match reader(constant.clone()) {
            Some(_) => function.clone().into(),
            None => constant,
        })
        .collect();
    let mut args = FuncArgs::default();
    args.kwargs.insert("co_consts".to_owned().into(), vm.ctx.new_list(consts).into());
    vm.call_method(&code, "replace", args)
}

fn functions(vm: &VirtualMachine, code: PyObjectRef) -> PyResult<Vec<PyObjectRef>> {
    code.get_attr("co_consts", vm)?.try_into_value(vm)
}

fn reader(constant: PyObjectRef) -> Option<PyRef<PyCode>> {
    constant.downcast::<PyCode>().ok().filter(|code| code.obj_name.as_str() == NAME)
}
