//! What is run: a command, a module, a script, a directory, standard input.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use super::args::Target;
use super::env::Resolved;
use super::help;
use crate::vm::PyResult;
use crate::vm::scope::Scope;
use crate::{LOCK_MODE, LockMode, Python};

/// A script that cannot be opened: says so as CPython does, before anything is started.
pub(super) fn missing(target: &Target) -> Option<ExitCode> {
    let Target::Script(path) = target else { return None };
    let error = std::fs::File::open(path).err()?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    // Rust says "No such file or directory (os error 2)".
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let errno = error.raw_os_error().unwrap_or_default();
    anstream::eprintln!("togil: can't open file '{}': [Errno {errno}] {text}", absolute.display());
    Some(ExitCode::from(2))
}

/// What `-h`, `-V` and their like print; `None` for a target that runs.
pub(super) fn text(target: &Target) -> Option<String> {
    use crate::vm::version::{MAJOR, MICRO, MINOR};
    match target {
        Target::Help => Some(help::help()),
        Target::HelpEnv => Some(help::help_env()),
        Target::HelpXOptions => Some(help::help_xoptions()),
        Target::HelpAll => Some(help::help_all()),
        Target::Version { verbose } => {
            let python = format!("{MAJOR}.{MINOR}.{MICRO}");
            let free_threaded = LOCK_MODE == LockMode::FreeThreaded;
            let engine = "rustpython-vm 0.6.0";
            Some(help::version(&python, engine, free_threaded, *verbose))
        }
        _ => None,
    }
}

/// Runs the target in `__main__`.
pub(super) fn run(py: Python<'_>, resolved: &Resolved, target: &Target) -> PyResult<()> {
    let scope = py.new_scope_with_main()?;
    match target {
        Target::Command(source) => {
            add_to_path(py, resolved, "")?;
            py.run_string(scope, &dedent(source), "<string>").map(drop)
        }
        Target::Module(module) => {
            let here = std::env::current_dir().unwrap_or_default();
            add_to_path(py, resolved, &here.to_string_lossy())?;
            py.run_module(module)
        }
        Target::Script(path) if path.is_dir() || is_zip(path) => {
            py.insert_sys_path(py.ctx.new_str(path.to_string_lossy().as_ref()).into())?;
            let runpy = py.import("runpy", 0)?;
            let run = runpy.get_attr("_run_module_as_main", py.vm())?;
            run.call(("__main__", false), py.vm()).map(drop)
        }
        Target::Script(path) => {
            let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let directory = real.parent().unwrap_or(Path::new("")).to_string_lossy();
            add_to_path(py, resolved, &directory)?;
            let path = path.to_string_lossy();
            if resolved.skip_first_line {
                return run_without_first_line(py, scope, &path);
            }
            py.run_script(scope, &path)
        }
        Target::Stdin if std::io::stdin().is_terminal() => {
            add_to_path(py, resolved, "")?;
            prompt(py)
        }
        Target::Stdin => {
            add_to_path(py, resolved, "")?;
            let mut source = String::new();
            let read = py.detach(|| std::io::stdin().lock().read_to_string(&mut source));
            read.map_err(|error| py.new_os_error(format!("cannot read the script: {error}")))?;
            py.run_string(scope, &source, "<stdin>").map(drop)
        }
        // Printed before anything is started: see `text`.
        _ => Ok(()),
    }
}

/// `-x`: for scripts whose first line is for another program.
fn run_without_first_line(py: Python<'_>, scope: Scope, path: &str) -> PyResult<()> {
    let source = std::fs::read(path)
        .map_err(|error| py.new_os_error(format!("cannot read {path}: {error}")))?;
    // The line break stays, so that line numbers are right.
    let rest = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
    let source = String::from_utf8_lossy(&source[rest..]);
    scope.globals.set_item("__file__", py.ctx.new_str(path).into(), py.vm())?;
    py.run_string(scope, &source, path).map(drop)
}

/// The prompt of the standard library's `code` module.
pub(super) fn prompt(py: Python<'_>) -> PyResult<()> {
    let source = "\
import code, sys
try:
    import readline
except ImportError:
    pass
code.interact(f'Python {sys.version} on {sys.platform}', local=sys.modules['__main__'].__dict__, exitmsg='')
";
    let scope = py.new_scope_with_builtins();
    py.run_string(scope, source, "<togil>").map(drop)
}

pub(super) fn add_to_path(py: Python<'_>, resolved: &Resolved, directory: &str) -> PyResult<()> {
    if resolved.safe_path {
        return Ok(());
    }
    py.insert_sys_path(py.ctx.new_str(directory).into())
}

fn is_zip(path: &Path) -> bool {
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"PK\x03\x04"
}

/// CPython 3.14 takes the common indent off `-c` code.
fn dedent(source: &str) -> String {
    let indent = source
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| &line[..line.len() - line.trim_start().len()])
        .reduce(|common, indent| {
            let same = common.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
            &common[..same]
        })
        .unwrap_or_default();
    source
        .split_inclusive('\n')
        .map(|line| line.strip_prefix(indent).unwrap_or(line.trim_start_matches([' ', '\t'])))
        .collect()
}
