//! `-X importtime`: what each import took, on stderr, in CPython's format.
//!
//! The clock starts where togil's own set-up ends, so the dozen modules that the VM starts with are
//! not in the list.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::args::Options;
use super::env::{Environment, FatalConfigError};
use crate::Python;
use crate::vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use crate::vm::{PyResult, VirtualMachine};

static FIND_AND_LOAD: PyMethodDef = PyMethodDef::new_raw_const(
    "_find_and_load",
    find_and_load,
    PyMethodFlags::empty(),
    ItemDoc::NONE,
);

/// Where the function that is timed is kept.
const TIMED: &str = "_find_and_load_timed";

thread_local! {
    /// How deep this thread is in imports.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the imports took that ended inside of the one that runs.
    static INSIDE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

static HEADED: AtomicBool = AtomicBool::new(false);

/// Whether imports are to be timed. CPython's 2, which also lists modules that are loaded already,
/// is taken for 1.
///
/// # Errors
///
/// A number other than 0, 1 and 2: CPython's message.
pub(super) fn wanted(options: &Options, env: &Environment) -> Result<bool, FatalConfigError> {
    let read = |source: &str, value: &str| match value.parse::<i64>() {
        Ok(level @ 0..=2) => Ok(level > 0),
        Ok(_) => Err(FatalConfigError::new(
            "config_init_import_time",
            format!("{source} values other than 1 and 2 are reserved for future use."),
        )),
        // A text is a yes, as for CPython.
        Err(_) => Ok(true),
    };
    let mut wanted = false;
    if let Some(value) = env.seen_with(options).text("PYTHONPROFILEIMPORTTIME") {
        wanted = read("PYTHONPROFILEIMPORTTIME: numeric", &value)?;
    }
    if let Some(value) = options.x_option("importtime") {
        wanted = read("-X importtime:", value.unwrap_or_default())?;
    }
    Ok(wanted)
}

/// Times what is imported from here on.
pub(super) fn start(py: Python<'_>) -> PyResult<()> {
    let vm = py.vm();
    let importlib = importlib(vm)?;
    importlib.set_attr(TIMED, importlib.get_attr("_find_and_load", vm)?, vm)?;
    importlib.set_attr("_find_and_load", FIND_AND_LOAD.build_function(&vm.ctx), vm)
}

fn importlib(vm: &VirtualMachine) -> PyResult {
    vm.sys_module.get_attr("modules", vm)?.get_item("_frozen_importlib", vm)
}

fn find_and_load(vm: &VirtualMachine, args: FuncArgs, _callee: Callee) -> PyResult {
    let timed = importlib(vm)?.get_attr(TIMED, vm)?;
    // `importlib.import_module` asks for loaded modules, too.
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let Some(name) = args.args.first().filter(|name| modules.get_item(&***name, vm).is_err())
    else {
        return timed.call(args, vm);
    };
    let name = name.str(vm)?.to_string();
    if !HEADED.swap(true, Ordering::Relaxed) {
        anstream::eprintln!("import time: self [us] | cumulative | imported package");
    }
    let depth = DEPTH.replace(DEPTH.get() + 1);
    let inside = INSIDE.replace(Duration::ZERO);
    let begun = Instant::now();
    let result = timed.call(args, vm);
    let all = begun.elapsed();
    let own = all.saturating_sub(INSIDE.replace(inside + all));
    DEPTH.set(depth);
    let (own, all) = (own.as_micros(), all.as_micros());
    anstream::eprintln!("import time: {own:>9} | {all:>10} | {:1$}{name}", "", depth * 2);
    result
}
