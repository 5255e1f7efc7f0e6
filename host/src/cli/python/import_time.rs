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
use crate::vm::builtins::PyStr;
use crate::vm::function::{Callee, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use crate::vm::{AsObject, PyResult, VirtualMachine};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportTime {
    /// Modules that are loaded, 1.
    Loads,
    /// Also imports of modules that are there already, 2.
    All,
}

static FIND_AND_LOAD: PyMethodDef = PyMethodDef::new_raw_const(
    "_find_and_load",
    find_and_load,
    PyMethodFlags::empty(),
    ItemDoc::NONE,
);

static DUNDER_IMPORT: PyMethodDef =
    PyMethodDef::new_raw_const("__import__", dunder_import, PyMethodFlags::empty(), ItemDoc::NONE);

/// Where the function that is timed is kept.
const TIMED: &str = "_find_and_load_timed";
/// Where `__import__` is kept.
const IMPORT: &str = "__import___timed";

thread_local! {
    /// How deep this thread is in imports.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the imports took that ended inside of the one that runs.
    static INSIDE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

static HEADED: AtomicBool = AtomicBool::new(false);

/// What of imports is to be told, if anything.
///
/// # Errors
///
/// A number other than 0, 1 and 2: CPython's message.
pub(super) fn wanted(
    options: &Options,
    env: &Environment,
) -> Result<Option<ImportTime>, FatalConfigError> {
    let read = |source: &str, value: &str| match value.parse::<i64>() {
        Ok(0) => Ok(None),
        Ok(1) => Ok(Some(ImportTime::Loads)),
        Ok(2) => Ok(Some(ImportTime::All)),
        Ok(_) => Err(FatalConfigError::new(
            "config_init_import_time",
            format!("{source} values other than 1 and 2 are reserved for future use."),
        )),
        // A text is a yes, as for CPython.
        Err(_) => Ok(Some(ImportTime::Loads)),
    };
    let mut wanted = None;
    if let Some(value) = env.seen_with(options).text("PYTHONPROFILEIMPORTTIME") {
        wanted = read("PYTHONPROFILEIMPORTTIME: numeric", &value)?;
    }
    if let Some(value) = options.x_option("importtime") {
        wanted = read("-X importtime:", value.unwrap_or_default())?;
    }
    Ok(wanted)
}

/// Times what is imported from here on.
pub(super) fn start(py: Python<'_>, what: ImportTime) -> PyResult<()> {
    let vm = py.vm();
    let importlib = importlib(vm)?;
    importlib.set_attr(TIMED, importlib.get_attr("_find_and_load", vm)?, vm)?;
    importlib.set_attr("_find_and_load", FIND_AND_LOAD.build_function(&vm.ctx), vm)?;
    if what == ImportTime::Loads {
        return Ok(());
    }
    let builtins = py.builtins.as_object();
    importlib.set_attr(IMPORT, builtins.get_attr("__import__", vm)?, vm)?;
    builtins.set_attr("__import__", DUNDER_IMPORT.build_function(&vm.ctx), vm)
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
    head();
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

fn head() {
    if !HEADED.swap(true, Ordering::Relaxed) {
        anstream::eprintln!("import time: self [us] | cumulative | imported package");
    }
}

/// `import_ensure_initialized` of CPython 3.14 tells of modules that are there (Python/import.c); the name
/// is flush right, as there.
fn dunder_import(vm: &VirtualMachine, args: FuncArgs, _callee: Callee) -> PyResult {
    let request = Request::of(&args, vm);
    let tell = |name: &str| -> PyResult<()> {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        if modules.get_item(name, vm).is_ok_and(|module| !vm.is_none(&module)) {
            head();
            let width = DEPTH.get() * 2;
            anstream::eprintln!("import time: cached    | cached     | {name:>width$}");
        }
        Ok(())
    };
    if let Some(request) = &request {
        tell(&request.absolute)?;
    }
    let module = importlib(vm)?.get_attr(IMPORT, vm)?.call(args, vm)?;
    // `import a.b` then imports `a`.
    if let Some(first) = request.and_then(|request| request.first) {
        tell(&first)?;
    }
    Ok(module)
}

/// A call as the import statement makes it.
struct Request {
    absolute: String,
    /// The package that the statement is about, if not the module itself.
    first: Option<String>,
}

impl Request {
    fn of(args: &FuncArgs, vm: &VirtualMachine) -> Option<Self> {
        let argument = |index: usize| args.args.get(index).cloned().unwrap_or(vm.ctx.none());
        let name = argument(0).downcast::<PyStr>().ok()?.to_str()?.to_owned();
        let level: usize = argument(4).try_into_value(vm).unwrap_or(0);
        if level == 0 {
            let names = argument(3).try_to_bool(vm).unwrap_or(true);
            let first = name.split_once('.').filter(|_| !names).map(|(first, _)| first.to_owned());
            return Some(Self { absolute: name, first });
        }
        let importlib = importlib(vm).ok()?;
        let package = vm.call_method(&importlib, "_calc___package__", (argument(1),)).ok()?;
        let absolute = vm.call_method(&importlib, "_resolve_name", (name, package, level)).ok()?;
        Some(Self { absolute: absolute.str(vm).ok()?.to_string(), first: None })
    }
}
