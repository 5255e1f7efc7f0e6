//! An interpreter as `togil run` would start it, for other commands.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use super::args::{self, Invocation, Target};
use super::env::{self, Environment, FatalConfigError, Resolved};
use super::{settings, site, target};
use crate::vm::{PyResult, Settings};
use crate::{Interpreter, LOCK_MODE, LockMode, Python};

/// A command line of Python's, understood.
pub(in crate::cli) struct Prepared {
    resolved: Resolved,
    target: Target,
    argv: Vec<String>,
}

impl Prepared {
    /// Reads a command line. What is wrong with it is printed, and the status is the error.
    pub(in crate::cli) fn read(args: Vec<OsString>) -> Result<Self, ExitCode> {
        let Invocation { target, argv, options } = args::parse(args).map_err(|error| {
            anstream::eprintln!("{error}");
            ExitCode::from(error.exit_code)
        })?;
        let environment = Environment::read(|name| std::env::var_os(name));
        let free_threaded = LOCK_MODE == LockMode::FreeThreaded;
        let resolved = env::resolve(&options, &environment, free_threaded).map_err(fatal)?;
        Ok(Self { resolved, target, argv })
    }

    /// What stands where a script would, and what follows it; empty if nothing does.
    pub(in crate::cli) fn operands(&self) -> &[String] {
        if self.target == Target::Stdin { &[] } else { &self.argv }
    }

    /// Ends the process if the target is a script that is not there.
    pub(in crate::cli) fn missing(&self) -> Option<ExitCode> {
        target::missing(&self.target)
    }

    /// Starts the interpreter. What keeps it from starting is printed, and the status is the error.
    pub(in crate::cli) fn interpreter(&self, argv: Vec<String>) -> Result<Interpreter, ExitCode> {
        let builder = settings::builder(&self.resolved, argv);
        builder.build().map_err(|error| fatal(FatalConfigError::new("togil", error.to_string())))
    }

    /// What happens before a script runs: `site`.
    pub(in crate::cli) fn set_up(&self, py: Python<'_>) -> PyResult<()> {
        if self.resolved.no_site {
            return Ok(());
        }
        site::set_up(py, &self.resolved, &self.target)
    }

    /// Puts the directory of a script, or the current one, at the front of `sys.path`, unless the
    /// options say otherwise.
    pub(in crate::cli) fn add_to_path(
        &self,
        py: Python<'_>,
        script: Option<&Path>,
    ) -> PyResult<()> {
        let real = script.map(|path| std::fs::canonicalize(path).unwrap_or_else(|_| path.into()));
        let directory = real.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        target::add_to_path(py, &self.resolved, &directory.to_string_lossy())
    }

    /// Runs the target in `__main__`.
    pub(in crate::cli) fn run(&self, py: Python<'_>) -> PyResult<()> {
        target::run(py, &self.resolved, &self.target)
    }
}

/// An interpreter as `togil run` has one without options, for commands that run Python in their own
/// way. Signals do what they do without Python. What keeps it from starting is printed.
pub(in crate::cli) fn plain(change: impl FnOnce(&mut Settings)) -> Result<Interpreter, ExitCode> {
    let prepared = Prepared::read(["-c", ""].map(OsString::from).to_vec())?;
    let builder = settings::builder(&prepared.resolved, prepared.argv.clone());
    let builder = builder.signal_handlers(false).immortalize(false).settings(change);
    let interpreter = builder
        .build()
        .map_err(|error| fatal(FatalConfigError::new("togil", error.to_string())))?;
    match interpreter.attach(|py| prepared.set_up(py)) {
        Ok(()) => Ok(interpreter),
        Err(error) => {
            interpreter.finalize(Some(error));
            Err(ExitCode::from(FatalConfigError::EXIT_CODE))
        }
    }
}

fn fatal(error: FatalConfigError) -> ExitCode {
    anstream::eprintln!("{error}");
    ExitCode::from(FatalConfigError::EXIT_CODE)
}
