//! Python code of togil's own.

use togil_interp::Python;
use togil_interp::vm::compiler::Mode;
use togil_interp::vm::scope::Scope;
use togil_interp::vm::{PyObjectRef, PyResult};

/// Runs it in globals of its own, and returns them. Tracebacks do not show its lines, because that
/// takes a module (`linecache`) that a new interpreter need not load.
pub(crate) fn run<const N: usize>(
    py: Python<'_>,
    source: &'static str,
    name: &str,
    variables: [(&str, PyObjectRef); N],
) -> PyResult<Scope> {
    let vm = py.vm();
    let scope = vm.new_scope_with_builtins();
    for (name, value) in variables {
        scope.globals.set_item(name, value, vm)?;
    }
    let code = vm
        .compile(source, Mode::Exec, name)
        .map_err(|error| error.into_pyexception(vm, Some(source)))?;
    vm.run_code_obj(code, scope.clone())?;
    Ok(scope)
}
