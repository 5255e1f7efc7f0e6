//! What `sys` and `sysconfig` say about the lock discipline. The names and the values are
//! CPython 3.14's; the VM's own are fixed to free-threaded.

use std::time::Duration;

use rustpython_vm::builtins::{PyDict, PyModule};
use rustpython_vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{Py, PyResult, VirtualMachine};

use crate::attach;
use crate::bytecode;
use crate::mode::{LOCK_MODE, LockMode};
use crate::patch::{ModuleDefs, Original};

static IS_GIL_ENABLED: PyMethodDef = PyMethodDef::new_raw_const(
    "_is_gil_enabled",
    is_gil_enabled,
    PyMethodFlags::empty(),
    ItemDoc::NONE,
);
static SET_SWITCH_INTERVAL: PyMethodDef = PyMethodDef::new_raw_const(
    "setswitchinterval",
    set_switch_interval,
    PyMethodFlags::empty(),
    ItemDoc::NONE,
);

/// The build flag, as CPython's `Py_GIL_DISABLED`: it names the build, whatever `-X gil` says.
const GIL_DISABLED: bool = matches!(LOCK_MODE, LockMode::FreeThreaded);
const ABI_FLAGS: &str = if GIL_DISABLED { "t" } else { "" };

/// Puts this process's truth into an interpreter's `sys`.
pub(crate) fn describe(vm: &VirtualMachine) -> PyResult<()> {
    let sys = &vm.sys_module;
    sys.set_attr("_is_gil_enabled", IS_GIL_ENABLED.build_function(&vm.ctx), vm)?;
    sys.set_attr("setswitchinterval", SET_SWITCH_INTERVAL.build_function(&vm.ctx), vm)?;
    sys.set_attr("abiflags", vm.ctx.new_str(ABI_FLAGS), vm)?;
    sys.set_attr("version", vm.ctx.new_str(version()), vm)?;
    bytecode::describe(vm)
}

/// `sysconfig` looks for its data under a name with the ABI flags in it; the VM's table has it
/// under the one with `t`.
pub(crate) fn add_aliases(defs: &mut ModuleDefs) {
    let free_threaded = defs.iter().find(|(name, _)| name.starts_with("_sysconfigdata_t_"));
    if let Some((name, def)) = free_threaded
        && !GIL_DISABLED
    {
        let name = name.replacen("_t_", "__", 1);
        let def = *def;
        defs.insert(Box::leak(name.into_boxed_str()), def);
    }
}

/// When `_sysconfigdata` is loaded.
pub(crate) fn set_build_vars(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    let vars = module.get_attr("build_time_vars", vm)?;
    vars.set_item("Py_GIL_DISABLED", vm.ctx.new_int(i32::from(GIL_DISABLED)).into(), vm)?;
    vars.set_item("ABIFLAGS", vm.ctx.new_str(ABI_FLAGS).into(), vm)
}

/// `sys.version`: the Python version first, as every reader of it expects, then which build
/// of what this is, in the form that `platform` takes apart: it is asked by half of PyPI.
fn version() -> String {
    use rustpython_vm::version::{MAJOR, MICRO, MINOR};
    let togil = concat!("togil ", env!("CARGO_PKG_VERSION"));
    let build = if GIL_DISABLED {
        format!("free-threading build ({togil})")
    } else {
        format!("({togil}, GIL build)")
    };
    format!("{MAJOR}.{MINOR}.{MICRO} {build} [RustPython 0.6.0]")
}

fn is_gil_enabled(vm: &VirtualMachine, _args: FuncArgs, _callee: Callee) -> PyResult {
    Ok(vm.ctx.new_bool(attach::gil_enabled()).into())
}

fn set_switch_interval(vm: &VirtualMachine, args: FuncArgs, callee: Callee) -> PyResult {
    let (interval,): (rustpython_vm::function::ArgIntoFloat,) = args.bind_for(vm, callee)?;
    let seconds: f64 = interval.into();
    // CPython takes microseconds in an unsigned long; NaN and 0 fail the same test there.
    if seconds.is_nan() || seconds <= 0.0 {
        return Err(vm.new_value_error("switch interval must be strictly positive"));
    }
    let interval = Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|interval| interval.as_micros() <= u128::from(u64::MAX / 1000))
        .ok_or_else(|| vm.new_overflow_error("switch interval is too large"))?;
    vm.state.switch_interval.store(seconds);
    attach::set_switch_interval(interval);
    Ok(vm.ctx.none())
}

/// `_sysconfig.config_vars`.
pub(crate) fn config_vars(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let vars = (original.func)(vm, args, callee)?;
    if let Some(vars) = vars.downcast_ref::<PyDict>() {
        let value = vm.ctx.new_int(i32::from(GIL_DISABLED));
        vars.set_item("Py_GIL_DISABLED", value.into(), vm)?;
    }
    Ok(vars)
}
