//! `togil explain-import`: how a module is imported, or why it is not.

mod args;

use std::ffi::OsString;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::python::Prepared;
use crate::vm::{AsObject, PyResult};
use crate::{Error, ImportReport, ProgramReport, ProgramWatch, Python, explain_import};
use args::Options;

/// The shape of the JSON; counts up when a field changes its meaning or goes.
const FORMAT: u32 = 1;

const USAGE: u8 = 2;

/// Runs `togil explain-import`.
pub(super) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut options = match args::read(args) {
        Ok(options) => options,
        Err(error) => return usage(&error),
    };
    if options.help {
        anstream::print!("{}", args::HELP);
        return ExitCode::SUCCESS;
    }
    let done = Prepared::read(std::mem::take(&mut options.python)).and_then(|prepared| {
        if options.tree { tree(&options, &prepared) } else { names(&options, &prepared) }
    });
    done.unwrap_or_else(|status| status)
}

fn usage(error: &str) -> ExitCode {
    anstream::eprintln!("togil explain-import: {error}\nTry `togil explain-import --help'.");
    ExitCode::from(USAGE)
}

fn names(options: &Options, prepared: &Prepared) -> Result<ExitCode, ExitCode> {
    let names = prepared.operands();
    if names.is_empty() {
        return Err(usage("name the modules that are to be explained"));
    }
    if let Some(bad) = names.iter().find_map(|name| bad_name(name)) {
        return Err(usage(&bad));
    }
    if let Some(script) = options.script.as_ref().filter(|script| !script.exists()) {
        return Err(usage(&format!("the script '{}' does not exist", script.display())));
    }
    let script = options.script.as_deref();
    let argv = vec![script.map_or_else(String::new, |script| script.display().to_string())];
    let interpreter = prepared.interpreter(argv)?;
    let reports = interpreter.attach(|py| -> Result<Vec<ImportReport>, Error> {
        let start = || -> PyResult<()> {
            prepared.set_up(py)?;
            prepared.add_to_path(py, script)?;
            output_to_stderr(py)
        };
        start().map_err(|exception| Error::Python(crate::PythonError::new(py, exception)))?;
        names.iter().map(|name| explain_import(py, name)).collect()
    });
    interpreter.finalize(None);
    let reports = reports.map_err(|error| failed(&error))?;
    if options.json {
        print_json(&json!({ "format": FORMAT, "imports": reports }));
    } else {
        let texts: Vec<String> = reports.iter().map(ToString::to_string).collect();
        anstream::print!("{}", texts.join("\n"));
    }
    let all = reports.iter().all(|report| report.importable);
    Ok(ExitCode::from(u8::from(!all)))
}

/// What cannot be the name of a module.
fn bad_name(name: &str) -> Option<String> {
    if name.contains('/') {
        return Some(format!(
            "'{name}' is a path: give a module's name, and --script FILE for the place to import from"
        ));
    }
    if name.starts_with('.') {
        return Some(format!(
            "'{name}' is relative: give the full name, package.{}",
            name.trim_start_matches('.')
        ));
    }
    let whole = !name.is_empty() && name.split('.').all(|part| !part.is_empty());
    (!whole).then(|| format!("'{name}' is no name of a module"))
}

fn tree(options: &Options, prepared: &Prepared) -> Result<ExitCode, ExitCode> {
    if prepared.operands().is_empty() {
        return Err(usage("--tree needs a program: a script, -m MODULE or -c CODE"));
    }
    if let Some(status) = prepared.missing() {
        return Err(status);
    }
    let interpreter = prepared.interpreter(prepared.operands().to_vec())?;
    let (report, ended_well) =
        interpreter.attach(|py| run_watched(py, prepared)).map_err(|error| failed(&error))?;
    interpreter.finalize(None);
    if options.json {
        print_json(&json!({ "format": FORMAT, "program": report }));
    } else {
        anstream::print!("{report}");
    }
    Ok(ExitCode::from(u8::from(!ended_well)))
}

/// Runs the program; whether it ended without an exception.
fn run_watched(py: Python<'_>, prepared: &Prepared) -> Result<(ProgramReport, bool), Error> {
    let python = |exception| Error::Python(crate::PythonError::new(py, exception));
    prepared.set_up(py).and_then(|()| output_to_stderr(py)).map_err(python)?;
    let watch = ProgramWatch::begin(py)?;
    let result = prepared.run(py);
    let exits = py.ctx.exceptions.system_exit;
    let error = result.err().filter(|error| !error.fast_isinstance(exits));
    if let Some(error) = &error {
        py.print_exception(error);
    }
    let report = watch.finish(py, error.as_ref())?;
    Ok((report, error.is_none()))
}

/// So that stdout has the report alone.
fn output_to_stderr(py: Python<'_>) -> PyResult<()> {
    let stderr = py.sys_module.get_attr("stderr", py.vm())?;
    py.sys_module.as_object().set_attr("stdout", stderr, py.vm())
}

fn failed(error: &Error) -> ExitCode {
    anstream::eprintln!("togil explain-import: {error}");
    ExitCode::from(USAGE)
}

fn print_json(document: &serde_json::Value) {
    anstream::println!("{document:#}");
}
