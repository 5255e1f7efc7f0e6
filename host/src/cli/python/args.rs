//! CPython 3.14's command line, `[option] ... [-c cmd | -m mod | file | -] [arg] ...`, as plain
//! data; [`resolve`](super::env::resolve) then adds the environment.
//!
//! The scanner is written out because getopt's rules are not those of the argument crates:
//! `-c=1` is the code `=1`, and a long option takes its value from the next argument only.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::iter::Peekable;
use std::path::PathBuf;
use std::vec;

use super::env::{Environment, FatalConfigError};
use super::help;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invocation {
    /// What to run or to print.
    pub(super) target: Target,
    /// `sys.argv`, with `-m` still in the place of the module's path; empty if nothing is run.
    pub(super) argv: Vec<String>,
    /// The options that stood before the target.
    pub(super) options: Options,
}

/// What to run or to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `-c cmd`: this code, still with the indent that CPython takes off before it runs it.
    Command(String),
    /// `-m mod`: this module as `__main__`.
    Module(String),
    /// A script, a directory or an archive.
    Script(PathBuf),
    /// `-` or no argument at all; a prompt if standard input is a terminal.
    Stdin,
    /// `-V` or `--version`.
    Version {
        /// Given twice: with details of the build.
        verbose: bool,
    },
    /// `-h`, `-?` or `--help`.
    Help,
    /// `--help-env`.
    HelpEnv,
    /// `--help-xoptions`.
    HelpXOptions,
    /// `--help-all`.
    HelpAll,
}

/// The options as given. `-I` has set what it implies; the environment is not in here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// How often `-b` was given.
    pub(super) bytes_warning: u8,
    /// `-B`
    pub(super) dont_write_bytecode: bool,
    /// `-d`
    pub(super) debug: bool,
    /// `-E`, or implied by `-I`.
    pub(super) ignore_environment: bool,
    /// `-i`
    pub(super) inspect: bool,
    /// `-I`
    pub(super) isolated: bool,
    /// How often `-O` was given.
    pub(super) optimize: u8,
    /// `-P`, or implied by `-I`.
    pub(super) safe_path: bool,
    /// `-q`
    pub(super) quiet: bool,
    /// `-R`: a random hash seed, whatever `PYTHONHASHSEED` says.
    pub(super) random_hash_seed: bool,
    /// `-s`, or implied by `-I`.
    pub(super) no_user_site: bool,
    /// `-S`
    pub(super) no_site: bool,
    /// `-u`
    pub(super) unbuffered: bool,
    /// How often `-v` was given.
    pub(super) verbose: u8,
    /// The arguments of `-W`, in order.
    pub(super) warnings: Vec<String>,
    /// `-x`
    pub(super) skip_first_line: bool,
    /// The arguments of `-X`, in order, split at the first `=`. In `sys._xoptions` the last of a
    /// name wins; for the interpreter's own options the first does.
    pub(super) x_options: Vec<(String, Option<String>)>,
    /// `--check-hash-based-pycs`: `always`, `default` or `never`.
    pub(super) check_hash_based_pycs: Option<String>,
    /// `--trace FILE`, togil's own.
    pub(super) trace: Option<PathBuf>,
    /// `--sample FILE`, togil's own.
    pub(super) sample: Option<PathBuf>,
}

impl Options {
    /// The first `-X name`: `None` if there is none, `Some(None)` if it has no `=value`.
    pub(super) fn x_option(&self, name: &str) -> Option<Option<&str>> {
        let (_, value) = self.x_options.iter().find(|(given, _)| given == name)?;
        Some(value.as_deref())
    }
}

/// A command line that cannot be understood. Displays as CPython's three lines, for `eprintln!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UsageError {
    /// What is wrong, without the two lines on the usage.
    pub(super) message: String,
    /// The status to exit with.
    pub(super) exit_code: u8,
}

impl UsageError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 2 }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, program) = (&self.message, help::PROGRAM);
        write!(f, "{message}\n{}Try `{program} -h' for more information.", help::usage_line())
    }
}

impl Error for UsageError {}

/// Reads a command line, given without the program's name.
///
/// # Errors
///
/// An unknown option, an option without its argument, or an argument that is not UTF-8
/// (`sys.argv` holds Rust strings, which have no place for surrogate escapes).
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let args: Vec<String> = (1..).zip(args).map(decode).collect::<Result<_, _>>()?;
    let mut scanner =
        Scanner { args: args.into_iter().peekable(), options: Options::default(), versions: 0 };
    let found = scanner.scan()?;
    let Scanner { mut args, options, versions } = scanner;

    let (target, argv0) = match (found, versions) {
        // `-V` waits for the end of the options: an error or `-h` after it still counts.
        (None | Some(Target::Command(_) | Target::Module(_)), 1..) => {
            (Target::Version { verbose: versions > 1 }, None)
        }
        (Some(Target::Command(code)), 0) => (Target::Command(code), Some("-c".to_owned())),
        (Some(Target::Module(name)), 0) => (Target::Module(name), Some("-m".to_owned())),
        (Some(help), _) => (help, None),
        (None, 0) => match args.next() {
            None => (Target::Stdin, Some(String::new())),
            Some(dash) if dash == "-" => (Target::Stdin, Some(dash)),
            Some(script) => (Target::Script(PathBuf::from(&script)), Some(script)),
        },
    };
    let argv = argv0.map(|argv0| [argv0].into_iter().chain(args).collect()).unwrap_or_default();
    Ok(Invocation { target, argv, options })
}

fn decode((position, arg): (usize, OsString)) -> Result<String, UsageError> {
    arg.into_string()
        .map_err(|arg| UsageError::new(format!("argument {position} is not valid UTF-8: {arg:?}")))
}

struct Scanner {
    args: Peekable<vec::IntoIter<String>>,
    options: Options,
    versions: u8,
}

impl Scanner {
    /// Reads up to an option that ends the list; `None` leaves the target to the next argument.
    fn scan(&mut self) -> Result<Option<Target>, UsageError> {
        while let Some(arg) = self.args.next_if(|arg| arg.starts_with('-') && arg != "-") {
            match arg.as_str() {
                "--" => break,
                "--help" => return Ok(Some(Target::Help)),
                "--version" => count(&mut self.versions),
                group => {
                    if let Some(target) = self.scan_group(group)? {
                        return Ok(Some(target));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads the options in one argument, such as `-Bc`.
    fn scan_group(&mut self, group: &str) -> Result<Option<Target>, UsageError> {
        let mut letters = group[1..].chars();
        while let Some(letter) = letters.next() {
            let options = &mut self.options;
            match letter {
                'b' => count(&mut options.bytes_warning),
                'B' => options.dont_write_bytecode = true,
                'd' => options.debug = true,
                'E' => options.ignore_environment = true,
                'h' | '?' => return Ok(Some(Target::Help)),
                'i' => options.inspect = true,
                'I' => {
                    options.isolated = true;
                    options.ignore_environment = true;
                    options.safe_path = true;
                    options.no_user_site = true;
                }
                'O' => count(&mut options.optimize),
                'P' => options.safe_path = true,
                'q' => options.quiet = true,
                'R' => options.random_hash_seed = true,
                's' => options.no_user_site = true,
                'S' => options.no_site = true,
                // From Python 2; still taken.
                't' => {}
                'u' => options.unbuffered = true,
                'v' => count(&mut options.verbose),
                'V' => count(&mut self.versions),
                'x' => options.skip_first_line = true,
                'c' | 'm' | 'W' | 'X' => return self.option_with_value(letter, letters.as_str()),
                '-' => return self.long_option(group, letters.as_str()),
                _ => return Err(UsageError::new(format!("Unknown option: -{letter}"))),
            }
        }
        Ok(None)
    }

    /// The value is the rest of the group or, if that is empty, the next argument.
    fn option_with_value(
        &mut self,
        letter: char,
        attached: &str,
    ) -> Result<Option<Target>, UsageError> {
        let value = if attached.is_empty() { self.args.next() } else { Some(attached.to_owned()) };
        let Some(value) = value else {
            return Err(UsageError::new(format!("Argument expected for the -{letter} option")));
        };
        match letter {
            'c' => return Ok(Some(Target::Command(value))),
            'm' => return Ok(Some(Target::Module(value))),
            'W' => self.options.warnings.push(value),
            _ => self.options.x_options.push(match value.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (value, None),
            }),
        }
        Ok(None)
    }

    /// `name` is what follows the second dash of `arg`.
    fn long_option(&mut self, arg: &str, name: &str) -> Result<Option<Target>, UsageError> {
        let target = match name {
            "check-hash-based-pycs" => return self.check_hash_based_pycs(arg),
            "trace" | "sample" => {
                let file = self.args.next();
                let missing = || UsageError::new(format!("Argument expected for the {arg} option"));
                let file = Some(file.ok_or_else(missing)?.into());
                match name {
                    "trace" => self.options.trace = file,
                    _ => self.options.sample = file,
                }
                return Ok(None);
            }
            "help-all" => Target::HelpAll,
            "help-env" => Target::HelpEnv,
            "help-xoptions" => Target::HelpXOptions,
            // `-B-`: CPython prints this too, but then runs what follows.
            "" => return Err(UsageError::new("Expected long option")),
            _ => return Err(UsageError::new(format!("Unknown option: {arg}"))),
        };
        Ok(Some(target))
    }

    fn check_hash_based_pycs(&mut self, arg: &str) -> Result<Option<Target>, UsageError> {
        let mode = self
            .args
            .next()
            .ok_or_else(|| UsageError::new(format!("Argument expected for the {arg} options")))?;
        if !["always", "default", "never"].contains(&mode.as_str()) {
            let name = "--check-hash-based-pycs";
            return Err(UsageError::new(format!(
                "{name} must be one of 'default', 'always', or 'never'"
            )));
        }
        self.options.check_hash_based_pycs = Some(mode);
        Ok(None)
    }
}

fn count(times: &mut u8) {
    *times = times.saturating_add(1);
}

/// What `-X gil` and `PYTHON_GIL` ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum GilRequest {
    /// Neither is set: as the build has it.
    #[default]
    Default,
    /// `0`
    Disable,
    /// `1`
    Enable,
}

impl GilRequest {
    /// Whether this build can do what is asked for.
    ///
    /// # Errors
    ///
    /// A build with a GIL cannot do without: CPython's message.
    pub(super) fn check(self, free_threaded: bool) -> Result<Self, FatalConfigError> {
        if self == Self::Disable && !free_threaded {
            let message = "Disabling the GIL is not supported by this build";
            return Err(FatalConfigError::new("config_read_gil", message));
        }
        Ok(self)
    }
}

/// Reads `-X gil` and `PYTHON_GIL`; the option wins, but a bad variable is an error all the same.
///
/// # Errors
///
/// A value other than `0` and `1`.
pub(super) fn gil_setting(
    options: &Options,
    env: &Environment,
) -> Result<GilRequest, FatalConfigError> {
    let read = |value: &str| match value {
        "0" => Ok(GilRequest::Disable),
        "1" => Ok(GilRequest::Enable),
        _ => Err(FatalConfigError::new(
            "config_read_gil",
            "PYTHON_GIL / -X gil must be \"0\" or \"1\"",
        )),
    };
    let mut request = GilRequest::default();
    if let Some(value) = env.seen_with(options).text("PYTHON_GIL") {
        request = read(&value)?;
    }
    if let Some(value) = options.x_option("gil") {
        request = read(value.unwrap_or_default())?;
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
