//! The `PYTHON*` variables, and the settings that they and the command line give together, by
//! CPython 3.14's rules of precedence.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env::split_paths;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroI32;
use std::path::PathBuf;

use super::args::{GilRequest, Options, gil_setting};
use super::import_time::{self, ImportTime};
use crate::lock::Handoff;

/// `sys.int_info.default_max_str_digits`
const DEFAULT_MAX_STR_DIGITS: u32 = 4300;
/// `sys.int_info.str_digits_check_threshold`
const MIN_MAX_STR_DIGITS: u32 = 640;

/// A setting that stops the interpreter before it starts. Displays as CPython's text, for
/// `eprintln!`: it ends in the blank line that CPython leaves where a traceback would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FatalConfigError {
    /// The function of CPython that makes this check.
    pub(super) function: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// How far CPython has got when it makes this check.
    pub(super) runtime_state: &'static str,
}

impl FatalConfigError {
    /// The status to exit with.
    pub(super) const EXIT_CODE: u8 = 1;

    /// An error in a setting that is read after the pre-initialization, as nearly all are.
    pub(super) fn new(function: &'static str, message: impl Into<String>) -> Self {
        Self { function, message: message.into(), runtime_state: "preinitialized" }
    }
}

impl fmt::Display for FatalConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Fatal Python error: {}: {}", self.function, self.message)?;
        writeln!(f, "Python runtime state: {}", self.runtime_state)
    }
}

impl Error for FatalConfigError {}

/// The variables that togil reads, as they were at the start. An empty one counts as unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment {
    set: BTreeMap<&'static str, OsString>,
}

impl Environment {
    /// The names of these variables.
    pub(super) const VARIABLES: [&str; 25] = [
        "PYTHONDEBUG",
        "PYTHONDEVMODE",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONFAULTHANDLER",
        "PYTHONHASHSEED",
        "PYTHONHOME",
        "PYTHONINSPECT",
        "PYTHONINTMAXSTRDIGITS",
        "PYTHONIOENCODING",
        "PYTHONNODEBUGRANGES",
        "PYTHONNOUSERSITE",
        "PYTHONOPTIMIZE",
        "PYTHONPATH",
        "PYTHONPROFILEIMPORTTIME",
        "PYTHONPYCACHEPREFIX",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
        "PYTHONVERBOSE",
        "PYTHONWARNDEFAULTENCODING",
        "PYTHONWARNINGS",
        "PYTHON_CONTEXT_AWARE_WARNINGS",
        "PYTHON_CPU_COUNT",
        "PYTHON_GIL",
        "PYTHON_THREAD_INHERIT_CONTEXT",
    ];

    /// Looks every variable up, for instance with `|name| std::env::var_os(name)`.
    pub(super) fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let value = |name| Some((name, lookup(name).filter(|value| !value.is_empty())?));
        Self { set: Self::VARIABLES.into_iter().filter_map(value).collect() }
    }

    /// What an interpreter with these options sees of it: nothing with `-E` or `-I`.
    pub(super) fn seen_with(&self, options: &Options) -> &Self {
        static EMPTY: Environment = Environment { set: BTreeMap::new() };
        if options.ignore_environment { &EMPTY } else { self }
    }

    /// A variable as text; no value that is not UTF-8 has a meaning where this is used.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(self.raw(name)?.to_string_lossy())
    }

    fn raw(&self, name: &str) -> Option<&OsString> {
        debug_assert!(Self::VARIABLES.contains(&name), "{name} is not read");
        self.set.get(name)
    }

    fn is_set(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The level of a flag such as `PYTHONOPTIMIZE`; a text or a negative number means 1.
    fn level(&self, name: &str) -> u8 {
        let Some(text) = self.text(name) else { return 0 };
        match c_int(&text) {
            Some(level) if level >= 0 => u8::try_from(level).unwrap_or(u8::MAX),
            _ => 1,
        }
    }
}

/// Which instructions may be followed by a switch to another thread while there is a GIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GilSwitch {
    /// Every instruction.
    Any,
    /// Those after which CPython 3.14 looks for a request to switch.
    Cpython,
}

/// The settings to start an interpreter with; many have the name of their flag in `sys.flags`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// 1: warn where bytes and text are mixed up, 2: raise.
    pub(super) bytes_warning: u8,
    /// The code of a `.pyc` with a hash is checked `always`, `never` or by `default`.
    pub(super) check_hash_based_pycs: Option<String>,
    /// `warnings.catch_warnings` holds for a context and not for the process.
    pub(super) context_aware_warnings: bool,
    /// What `os.cpu_count()` returns; `None` leaves it to the machine.
    pub(super) cpu_count: Option<NonZeroI32>,
    /// `sys.flags.debug`
    pub(super) debug: bool,
    /// Python Development Mode.
    pub(super) dev_mode: bool,
    /// Write no `.pyc`.
    pub(super) dont_write_bytecode: bool,
    /// Dump the stacks on a fatal signal.
    pub(super) faulthandler: bool,
    /// What was asked of the GIL; this build can do it.
    pub(super) gil: GilRequest,
    /// Where threads switch under the GIL; `None` leaves it to the build.
    pub(super) gil_switch: Option<GilSwitch>,
    /// `-X gil_handoff`.
    pub(super) gil_handoff: Option<Handoff>,
    /// The seed of the hashes; `None` is a random one.
    pub(super) hash_seed: Option<u32>,
    /// `PYTHONHOME`, with both prefixes if it has two.
    pub(super) home: Option<PathBuf>,
    /// No `PYTHON*` variable counts.
    pub(super) ignore_environment: bool,
    /// Tell what each import takes.
    pub(super) import_time: Option<ImportTime>,
    /// Go on with a prompt after the program. CPython looks at `PYTHONINSPECT` once more then.
    pub(super) inspect: bool,
    /// The most digits in a conversion between `int` and `str`; 0 is no limit.
    pub(super) int_max_str_digits: u32,
    /// Prompt even if standard input is no terminal.
    pub(super) interactive: bool,
    /// Run apart from the user's environment.
    pub(super) isolated: bool,
    /// Keep no columns in code objects.
    pub(super) no_debug_ranges: bool,
    /// Do not import `site`.
    pub(super) no_site: bool,
    /// Leave the user's site directory out of `sys.path`.
    pub(super) no_user_site: bool,
    /// 1: no assertions, 2: no docstrings either.
    pub(super) optimize: u8,
    /// The entries of `PYTHONPATH`; an empty one is the current directory.
    pub(super) path: Vec<PathBuf>,
    /// The directory below which `.pyc` files are, instead of beside the sources.
    pub(super) pycache_prefix: Option<PathBuf>,
    /// No banner before the first prompt.
    pub(super) quiet: bool,
    /// Put no directory in front of `sys.path`.
    pub(super) safe_path: bool,
    /// Drop the first line of the script.
    pub(super) skip_first_line: bool,
    /// The encoding of the standard streams, if it was set.
    pub(super) stdio_encoding: Option<String>,
    /// The error handler of the standard streams, if it was set.
    pub(super) stdio_errors: Option<String>,
    /// A thread starts with a copy of its starter's context.
    pub(super) thread_inherit_context: bool,
    /// Do not buffer what is written to the standard streams.
    pub(super) unbuffered: bool,
    /// UTF-8 Mode; `None` leaves it to the locale.
    pub(super) utf8_mode: Option<bool>,
    /// How much to tell about imports.
    pub(super) verbose: u8,
    /// Warn where a file is opened in the locale's encoding.
    pub(super) warn_default_encoding: bool,
    /// `sys.warnoptions`: the last has the most weight.
    pub(super) warnings: Vec<String>,
    /// For `sys._xoptions`.
    pub(super) x_options: Vec<(String, Option<String>)>,
}

/// Puts the options and the environment together for this kind of build.
///
/// # Errors
///
/// A setting with a value it cannot have, or one this build has no means for.
pub(super) fn resolve(
    options: &Options,
    env: &Environment,
    free_threaded: bool,
) -> Result<Resolved, FatalConfigError> {
    let env = env.seen_with(options);
    // The checks, in CPython's order: only the first to fail is told.
    let utf8_mode = utf8_mode(options, env)?;
    let hash_seed = if options.random_hash_seed { None } else { hash_seed(env)? };
    let gil = gil_setting(options, env)?.check(free_threaded)?;
    let int_max_str_digits = int_max_str_digits(options, env)?;
    let cpu_count = cpu_count(options, env)?;
    let import_time = import_time::wanted(options, env)?;
    let thread_inherit_context = switch(options, env, &THREAD_INHERIT_CONTEXT)?;
    let context_aware_warnings = switch(options, env, &CONTEXT_AWARE_WARNINGS)?;
    let gil_switch = gil_switch(options)?;
    let gil_handoff = gil_handoff(options)?;

    let x_or_set = |x: &str, variable| options.x_option(x).is_some() || env.is_set(variable);
    let dev_mode = x_or_set("dev", "PYTHONDEVMODE");
    let (stdio_encoding, stdio_errors) = stdio(env);
    Ok(Resolved {
        bytes_warning: options.bytes_warning,
        check_hash_based_pycs: options.check_hash_based_pycs.clone(),
        context_aware_warnings: context_aware_warnings.unwrap_or(free_threaded),
        cpu_count,
        debug: options.debug || env.level("PYTHONDEBUG") > 0,
        dev_mode,
        dont_write_bytecode: options.dont_write_bytecode
            || env.level("PYTHONDONTWRITEBYTECODE") > 0,
        faulthandler: dev_mode || x_or_set("faulthandler", "PYTHONFAULTHANDLER"),
        gil,
        gil_switch,
        gil_handoff,
        hash_seed,
        home: env.raw("PYTHONHOME").map(PathBuf::from),
        ignore_environment: options.ignore_environment,
        import_time,
        inspect: options.inspect || env.is_set("PYTHONINSPECT"),
        int_max_str_digits,
        interactive: options.inspect,
        isolated: options.isolated,
        no_debug_ranges: x_or_set("no_debug_ranges", "PYTHONNODEBUGRANGES"),
        no_site: options.no_site,
        no_user_site: options.no_user_site || env.level("PYTHONNOUSERSITE") > 0,
        optimize: options.optimize.max(env.level("PYTHONOPTIMIZE")),
        path: env.raw("PYTHONPATH").map(|path| split_paths(path).collect()).unwrap_or_default(),
        pycache_prefix: pycache_prefix(options, env),
        quiet: options.quiet,
        safe_path: options.safe_path || env.is_set("PYTHONSAFEPATH"),
        skip_first_line: options.skip_first_line,
        stdio_encoding,
        stdio_errors,
        thread_inherit_context: thread_inherit_context.unwrap_or(free_threaded),
        unbuffered: options.unbuffered || env.level("PYTHONUNBUFFERED") > 0,
        utf8_mode,
        verbose: options.verbose.max(env.level("PYTHONVERBOSE")),
        warn_default_encoding: x_or_set("warn_default_encoding", "PYTHONWARNDEFAULTENCODING"),
        warnings: warnings(options, env, dev_mode),
        x_options: options.x_options.clone(),
    })
}

fn utf8_mode(options: &Options, env: &Environment) -> Result<Option<bool>, FatalConfigError> {
    let read = |value: &str, message| match value {
        "0" => Ok(Some(false)),
        "1" => Ok(Some(true)),
        _ => Err(FatalConfigError {
            runtime_state: "preinitializing",
            ..FatalConfigError::new("preconfig_init_utf8_mode", message)
        }),
    };
    match (options.x_option("utf8"), env.text("PYTHONUTF8")) {
        (Some(value), _) => read(value.unwrap_or("1"), "invalid -X utf8 option value"),
        (None, Some(value)) => read(&value, "invalid PYTHONUTF8 environment variable value"),
        (None, None) => Ok(None),
    }
}

/// An option without a value takes the variable out of force, as in CPython.
fn pycache_prefix(options: &Options, env: &Environment) -> Option<PathBuf> {
    match options.x_option("pycache_prefix") {
        Some(value) => value.filter(|value| !value.is_empty()).map(PathBuf::from),
        None => env.raw("PYTHONPYCACHEPREFIX").map(PathBuf::from),
    }
}

fn hash_seed(env: &Environment) -> Result<Option<u32>, FatalConfigError> {
    match env.text("PYTHONHASHSEED").as_deref() {
        None | Some("random") => Ok(None),
        Some(text) => {
            c_int(text).and_then(|seed| u32::try_from(seed).ok()).map(Some).ok_or_else(|| {
                FatalConfigError::new(
                    "config_init_hash_seed",
                    "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
                )
            })
        }
    }
}

fn int_max_str_digits(options: &Options, env: &Environment) -> Result<u32, FatalConfigError> {
    let read = |value: Option<&str>, source| {
        value
            .and_then(c_int)
            .and_then(|digits| u32::try_from(i32::try_from(digits).ok()?).ok())
            .filter(|&digits| digits == 0 || digits >= MIN_MAX_STR_DIGITS)
            .ok_or_else(|| {
                let rule = format!("must be >= {MIN_MAX_STR_DIGITS} or 0 for unlimited.");
                FatalConfigError::new(
                    "config_init_int_max_str_digits",
                    format!("{source}: invalid limit; {rule}"),
                )
            })
    };
    let mut digits = DEFAULT_MAX_STR_DIGITS;
    if let Some(value) = env.text("PYTHONINTMAXSTRDIGITS") {
        digits = read(Some(&value), "PYTHONINTMAXSTRDIGITS")?;
    }
    if let Some(value) = options.x_option("int_max_str_digits") {
        digits = read(value, "-X int_max_str_digits")?;
    }
    Ok(digits)
}

fn cpu_count(options: &Options, env: &Environment) -> Result<Option<NonZeroI32>, FatalConfigError> {
    let read = |value: Option<&str>| match value {
        Some("default") => Ok(None),
        _ => value
            .and_then(c_int)
            .and_then(|count| NonZeroI32::new(i32::try_from(count).ok()?))
            .filter(|count| count.is_positive())
            .map(Some)
            .ok_or_else(|| {
                // CPython says the same of the variable.
                FatalConfigError::new(
                    "config_init_cpu_count",
                    "-X cpu_count=n option: n is missing or an invalid number, \
                     n must be greater than 0",
                )
            }),
    };
    let mut count = None;
    if let Some(value) = env.text("PYTHON_CPU_COUNT") {
        count = read(Some(&value))?;
    }
    if let Some(value) = options.x_option("cpu_count") {
        count = read(value)?;
    }
    Ok(count)
}

/// A setting that is 0 or 1, in the variable and in the option.
struct Switch {
    x_option: &'static str,
    variable: &'static str,
    function: &'static str,
}

const THREAD_INHERIT_CONTEXT: Switch = Switch {
    x_option: "thread_inherit_context",
    variable: "PYTHON_THREAD_INHERIT_CONTEXT",
    function: "config_init_thread_inherit_context",
};
const CONTEXT_AWARE_WARNINGS: Switch = Switch {
    x_option: "context_aware_warnings",
    variable: "PYTHON_CONTEXT_AWARE_WARNINGS",
    function: "config_init_context_aware_warnings",
};

fn switch(
    options: &Options,
    env: &Environment,
    &Switch { x_option, variable, function }: &Switch,
) -> Result<Option<bool>, FatalConfigError> {
    let read = |value: Option<&str>, message: String| match value.and_then(c_int) {
        Some(on @ (0 | 1)) => Ok(Some(on == 1)),
        _ => Err(FatalConfigError::new(function, message)),
    };
    let mut on = None;
    if let Some(value) = env.text(variable) {
        on = read(Some(&value), format!("{variable}=N: N is missing or invalid"))?;
    }
    if let Some(value) = options.x_option(x_option) {
        on = read(value, format!("-X {x_option}=n: n is missing or invalid"))?;
    }
    Ok(on)
}

fn gil_switch(options: &Options) -> Result<Option<GilSwitch>, FatalConfigError> {
    match options.x_option("gil_switch") {
        None => Ok(None),
        Some(Some("any")) => Ok(Some(GilSwitch::Any)),
        Some(Some("cpython")) => Ok(Some(GilSwitch::Cpython)),
        Some(_) => Err(FatalConfigError::new(
            "config_read_gil_switch",
            "-X gil_switch must be \"any\" or \"cpython\"",
        )),
    }
}

fn gil_handoff(options: &Options) -> Result<Option<Handoff>, FatalConfigError> {
    let Some(value) = options.x_option("gil_handoff") else { return Ok(None) };
    let named = |handoff: &Handoff| value == Some(handoff.as_str());
    let handoff = Handoff::ALL.into_iter().find(named).ok_or_else(|| {
        FatalConfigError::new(
            "config_read_gil_handoff",
            "-X gil_handoff must be \"togil\", \"cpython\" or \"fifo\"",
        )
    })?;
    Ok(Some(handoff))
}

/// `PYTHONIOENCODING` is `encoding[:errors]`, and each part may be left out.
fn stdio(env: &Environment) -> (Option<String>, Option<String>) {
    let Some(text) = env.text("PYTHONIOENCODING") else { return (None, None) };
    let (encoding, errors) = text.split_once(':').unwrap_or((&text, ""));
    let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
    let encoding = part(encoding);
    // The locale's handler goes with the locale's encoding only.
    let default_errors = encoding.as_ref().map(|_| "strict".to_owned());
    (encoding, part(errors).or(default_errors))
}

/// Each filter once, at its first place, by ascending weight.
fn warnings(options: &Options, env: &Environment, dev_mode: bool) -> Vec<String> {
    let variable = env.text("PYTHONWARNINGS").unwrap_or_default();
    let bytes_warning = match options.bytes_warning {
        0 => None,
        1 => Some("default::BytesWarning"),
        _ => Some("error::BytesWarning"),
    };
    let filters = dev_mode
        .then_some("default")
        .into_iter()
        .chain(variable.split(',').filter(|filter| !filter.is_empty()))
        .chain(options.warnings.iter().map(String::as_str))
        .chain(bytes_warning);
    let mut unique: Vec<String> = Vec::new();
    for filter in filters {
        if !unique.iter().any(|other| other == filter) {
            unique.push(filter.to_owned());
        }
    }
    unique
}

/// A number as C's `strtol` reads it for CPython: blanks and a sign may stand in front, and an
/// empty text is 0.
fn c_int(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']).parse().ok()
}

#[cfg(test)]
mod tests;
