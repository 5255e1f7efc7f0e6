//! Reads the command line, runs what it names, ends with its status.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{self, Invocation, Target};
use super::env::{self, Environment, FatalConfigError};
use super::small_pages::SmallPages;
use super::{import_time, settings, site, target};
use crate::cli::profile::Profile;
use crate::cli::stats;
use crate::cli::trace::Trace;
use crate::vm::convert::ToPyException;
use crate::vm::{AsObject, PyResult};
use crate::{LOCK_MODE, LockMode, Python};

/// What CPython exits with after Ctrl-C if the signal itself does not end it.
const INTERRUPTED: u32 = 130;

/// Runs `python`'s command line.
pub(in crate::cli) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let invocation = match args::parse(args) {
        Ok(invocation) => invocation,
        Err(error) => {
            anstream::eprintln!("{error}");
            return ExitCode::from(error.exit_code);
        }
    };
    match target::text(&invocation.target) {
        Some(text) => {
            anstream::print!("{text}");
            ExitCode::SUCCESS
        }
        None => run(invocation).unwrap_or_else(|error| {
            anstream::eprintln!("{error}");
            ExitCode::from(FatalConfigError::EXIT_CODE)
        }),
    }
}

fn run(invocation: Invocation) -> Result<ExitCode, FatalConfigError> {
    let small_pages = SmallPages::begin();
    let environment = Environment::read(|name| std::env::var_os(name));
    let free_threaded = LOCK_MODE == LockMode::FreeThreaded;
    let resolved = env::resolve(&invocation.options, &environment, free_threaded)?;
    if let Some(status) = target::missing(&invocation.target) {
        return Ok(status);
    }
    let trace = created("--trace", invocation.options.trace.as_deref(), Trace::create)?;
    let mut profile = created("--sample", invocation.options.sample.as_deref(), Profile::create)?;
    let builder = settings::builder(&resolved, invocation.argv);
    let interpreter =
        builder.build().map_err(|error| FatalConfigError::new("togil", error.to_string()))?;

    let result = interpreter.attach(|py| {
        if trace.is_some() {
            Trace::start(py)?;
        }
        if let Some(profile) = &mut profile {
            profile.start(py).map_err(|error| error.to_pyexception(py.vm()))?;
        }
        let result = start(py, &resolved, &invocation.target, small_pages);
        inspect(py, &resolved, &result);
        result
    });
    let interrupted = result.as_ref().err().is_some_and(|error| {
        interpreter.attach(|py| error.fast_isinstance(py.ctx.exceptions.keyboard_interrupt))
    });
    let statistics = std::env::var_os("TOGIL_STATS").map(PathBuf::from);
    let state = interpreter.attach(|py| py.state.clone());
    let status = match result {
        // The VM would end the process here, before it has run what is due at exit.
        Err(error) if interrupted => {
            interpreter.attach(|py| py.print_exception(&error));
            drop(error);
            interpreter.finalize(None);
            INTERRUPTED
        }
        result => interpreter.finalize(result.err()),
    };
    if let Some(trace) = trace {
        let path = trace.path().display().to_string();
        if let Err(error) = trace.finish() {
            anstream::eprintln!("togil run: the trace is incomplete, '{path}': {error}");
        }
    }
    if let Some(profile) = profile {
        let path = profile.path().display().to_string();
        if let Err(error) = profile.finish() {
            anstream::eprintln!("togil run: the profile is incomplete, '{path}': {error}");
        }
    }
    if let Some(path) = statistics {
        stats::write(&path, &stats::collect(&state));
    }
    if interrupted {
        die_of_sigint();
    }
    // A status is taken modulo 256, as by every shell.
    Ok(ExitCode::from(status as u8))
}

/// Creates the file that an option names, if it was given.
fn created<T>(
    option: &'static str,
    path: Option<&Path>,
    create: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<Option<T>, FatalConfigError> {
    let Some(path) = path else { return Ok(None) };
    let cannot = |error| {
        FatalConfigError::new(option, format!("cannot write to '{}': {error}", path.display()))
    };
    create(path).map(Some).map_err(cannot)
}

fn start(
    py: Python<'_>,
    resolved: &env::Resolved,
    what: &Target,
    small_pages: Option<SmallPages>,
) -> PyResult<()> {
    if let Some(what) = resolved.import_time {
        import_time::start(py, what)?;
    }
    // As in CPython, filters given on the command line count from the start.
    if !resolved.warnings.is_empty() || resolved.bytes_warning > 0 {
        py.import("warnings", 0)?;
    }
    // Whatever is the user's from here on, programs that it starts among it, has what it would have.
    drop(small_pages);
    if !resolved.no_site {
        site::set_up(py, resolved, what)?;
    }
    // What the start has made lives to the end: collections need not look at it.
    py.state.gc.freeze();
    target::run(py, resolved, what)
}

/// `-i`: a prompt after the script, if there is somebody to see it.
fn inspect(py: Python<'_>, resolved: &env::Resolved, result: &PyResult<()>) {
    if resolved.inspect
        && let Err(error) = result
    {
        py.print_exception(error);
    }
    if resolved.inspect
        && let Err(error) = target::prompt(py)
    {
        py.print_exception(&error);
    }
}

/// Ends as a program does that leaves Ctrl-C alone, so that a shell loop around it stops, too.
fn die_of_sigint() {
    // SAFETY: restores the default disposition of a signal; no memory is involved.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
    // SAFETY: sends a signal to this process.
    unsafe { libc::raise(libc::SIGINT) };
}
