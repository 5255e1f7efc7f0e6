//! Runs a script as `togil run SCRIPT ARGS...` does.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::{AsObject, Interpreter, PyResult, Settings, VirtualMachine};

use crate::thread;

/// Runs the script that `argv` begins with, to its exit status.
pub(crate) fn script(argv: &[OsString]) -> ExitCode {
    let argv: Vec<String> =
        argv.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let Some(path) = argv.first().cloned() else { return ExitCode::from(2) };
    if let Some(status) = missing(Path::new(&path)) {
        return status;
    }
    let interpreter = interpreter(settings(argv));
    let result = interpreter.enter(|vm| {
        old_from_the_start(vm);
        thread::install(vm)?;
        vm.import("site", 0)?;
        add_venv(vm)?;
        run(vm, &path)
    });
    let status = finalize(interpreter, result.err());
    // A status is taken modulo 256, as by every shell.
    ExitCode::from(status as u8)
}

/// A script that cannot be opened: says so as CPython does, before anything is started.
fn missing(path: &Path) -> Option<ExitCode> {
    let error = std::fs::File::open(path).err()?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // Rust says "No such file or directory (os error 2)".
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let errno = error.raw_os_error().unwrap_or_default();
    eprintln!("togil-single: can't open file '{}': [Errno {errno}] {text}", absolute.display());
    Some(ExitCode::from(2))
}

/// What `togil run` sets if there are no options, and the two variables that change a measurement.
fn settings(argv: Vec<String>) -> Settings {
    let mut settings = Settings::default();
    settings.argv = argv;
    settings.write_bytecode = false;
    settings.utf8_mode = 1;
    if let Some(path) = std::env::var_os("PYTHONPATH") {
        settings.path_list = std::env::split_paths(&path)
            .map(|directory| directory.to_string_lossy().into_owned())
            .collect();
    }
    settings.hash_seed = std::env::var("PYTHONHASHSEED").ok().and_then(|seed| seed.parse().ok());
    settings
}

fn interpreter(settings: Settings) -> Interpreter {
    let builder = Interpreter::builder(settings);
    let stdlib = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    let own = thread::module_defs(&builder.ctx);
    builder
        .add_native_modules(&stdlib)
        .add_native_modules(&own)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
        .add_frozen_modules(thread::FROZEN)
        .init_hook(|vm| {
            if let Some(state) = PyRc::get_mut(&mut vm.state) {
                state.config.paths.stdlib_dir = Some(rustpython_pylib::LIB_PATH.to_owned());
            }
            vm.state.gc.disable();
        })
        .build()
}

/// As in togil, what the start has made is old, and the collector did not look at it.
fn old_from_the_start(vm: &VirtualMachine) {
    vm.state.gc.freeze();
    vm.state.gc.unfreeze();
    vm.state.gc.enable();
}

/// `site-packages` of the active virtual environment.
fn add_venv(vm: &VirtualMachine) -> PyResult<()> {
    let Some(venv) = std::env::var_os("VIRTUAL_ENV") else { return Ok(()) };
    let Ok(versions) = std::fs::read_dir(Path::new(&venv).join("lib")) else { return Ok(()) };
    let add = vm.import("site", 0)?.get_attr("addsitedir", vm)?;
    for version in versions.flatten() {
        let packages = version.path().join("site-packages");
        if packages.is_dir() {
            add.call((packages.to_string_lossy().as_ref(),), vm)?;
        }
    }
    Ok(())
}

fn run(vm: &VirtualMachine, path: &str) -> PyResult<()> {
    let scope = vm.new_scope_with_main()?;
    if Path::new(path).is_dir() {
        vm.insert_sys_path(vm.ctx.new_str(path).into())?;
        let run = vm.import("runpy", 0)?.get_attr("_run_module_as_main", vm)?;
        return run.call(("__main__", false), vm).map(drop);
    }
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let directory = real.parent().unwrap_or(Path::new("")).to_string_lossy();
    vm.insert_sys_path(vm.ctx.new_str(directory.as_ref()).into())?;
    vm.run_script(scope, path)
}

/// Reports `error`, runs what is due at exit, and tells the exit status.
fn finalize(interpreter: Interpreter, error: Option<PyBaseExceptionRef>) -> u32 {
    let status = interpreter.enter(|vm| {
        let status = error.map_or(0, |error| {
            // What was printed comes before the traceback.
            if let Ok(stdout) = vm.sys_module.get_attr("stdout", vm) {
                let _ = vm.call_method(&stdout, "flush", ());
            }
            vm.handle_exit_exception(error)
        });
        // The VM leaves it out when it is built without threads.
        let modules = vm.sys_module.get_attr("modules", vm);
        let threading = modules.and_then(|modules| modules.get_item("threading", vm));
        if let Ok(threading) = threading
            && let Err(error) = vm.call_method(&threading, "_shutdown", ())
        {
            let what = "Exception ignored on threading shutdown".to_owned();
            vm.run_unraisable(error, Some(what), threading.as_object().to_owned());
        }
        status
    });
    let flushed = interpreter.finalize(None);
    if status == 0 { flushed } else { status }
}
