//! What `-h`, `--help-env`, `--help-xoptions`, `--help-all` and `-V` print: CPython's layout,
//! with what togil has. Every text ends with a line break.

/// The name in the usage line.
pub(super) const PROGRAM: &str = "togil run";

const OPTIONS: &str = "\
Options (and corresponding environment variables):
-b     : warn about str(bytes), and about comparing bytes with str or int;
         -bb raises BytesWarning instead
-B     : write no .pyc files on import; also PYTHONDONTWRITEBYTECODE=x
-c cmd : run this code (ends the options)
-d     : set sys.flags.debug; also PYTHONDEBUG=x
-E     : ignore the PYTHON* environment variables (such as PYTHONPATH)
-h     : print this help and exit (also -? or --help)
-i     : go on with a prompt after the program, and prompt even if stdin is not
         a terminal; also PYTHONINSPECT=x
-I     : run apart from the user's environment (implies -E, -P and -s)
-m mod : run this module as __main__ (ends the options)
-O     : leave out assert statements and code under __debug__;
         also PYTHONOPTIMIZE=x
-OO    : leave out docstrings, too; also PYTHONOPTIMIZE=2
-P     : put no directory in front of sys.path; also PYTHONSAFEPATH
-q     : print no banner before the first prompt
-s     : leave the user's site directory out of sys.path;
         also PYTHONNOUSERSITE=x
-S     : do not import site at the start
-u     : do not buffer stdout and stderr; also PYTHONUNBUFFERED=x
-v     : trace imports; may be repeated to tell more; also PYTHONVERBOSE=x
-V     : print the Python version and exit (also --version);
         given twice, tell more about the build
-W arg : filter warnings by action:message:category:module:lineno;
         also PYTHONWARNINGS=arg
-x     : skip the first line of the script, which may then be no Python
-X opt : set an option of this implementation (see --help-xoptions)
--check-hash-based-pycs always|default|never:
         when to compare a .pyc that holds a hash with its source
--sample FILE: write on which lines the threads' time went (running, waiting
         for the GIL, blocked), in ms: folded stacks, or for speedscope.app if
         FILE ends in .json
--trace FILE: write what each thread did when (running, waiting for the GIL,
         blocked, collecting garbage) to FILE, for ui.perfetto.dev
--help-env: print help about the environment variables and exit
--help-xoptions: print help about the -X options and exit
--help-all: print all help and exit

Arguments:
file   : run this script, directory or archive
-      : run the code from stdin (default; with a prompt if it is a terminal)
arg ...: what the program finds in sys.argv[1:]
";

const X_OPTIONS: &str = "\
The following options of this implementation are available:
-X context_aware_warnings=[0|1]: whether warnings.catch_warnings() holds for a
         context (1) or for the whole process (0); 1 is the default in the
         free-threaded build, 0 in the other;
         also PYTHON_CONTEXT_AWARE_WARNINGS
-X cpu_count=N: make os.cpu_count() return N; -X cpu_count=default undoes it;
         also PYTHON_CPU_COUNT
-X dev : Python Development Mode: show all warnings, dump the stacks on fatal
         errors; also PYTHONDEVMODE
-X faulthandler: dump the stacks on fatal errors; also PYTHONFAULTHANDLER
-X gil=[0|1]: run without (0) or with (1) the GIL; an error in a build that
         cannot; also PYTHON_GIL
-X gil_handoff=[togil|cpython|fifo]: who of the threads that wait for the GIL
         gets it next, and when they may ask for it
-X gil_switch=[any|cpython]: let threads that share the GIL switch after any
         instruction, or only where CPython 3.14 lets them
-X importtime[=2]: tell on stderr how long each import takes, with 2 of
         modules that are loaded already, too;
         also PYTHONPROFILEIMPORTTIME
-X int_max_str_digits=N: the most digits in a conversion between int and str,
         0 for no limit; also PYTHONINTMAXSTRDIGITS
-X no_debug_ranges: keep no columns for tracebacks in code objects;
         also PYTHONNODEBUGRANGES
-X pycache_prefix=DIR: keep .pyc files below this directory and not in
         __pycache__ beside the sources; also PYTHONPYCACHEPREFIX
-X thread_inherit_context=[0|1]: whether a thread starts with a copy of its
         starter's context; 1 is the default in the free-threaded build, 0 in
         the other; also PYTHON_THREAD_INHERIT_CONTEXT
-X utf8[=0|1]: switch UTF-8 Mode on (1) or off (0); also PYTHONUTF8
-X warn_default_encoding: warn where a file is opened in the locale's encoding;
         also PYTHONWARNDEFAULTENCODING
";

/// `{sep}` stands for what separates the directories in `PYTHONPATH`.
const VARIABLES: &str = "\
Environment variables that change behavior:
PYTHONBREAKPOINT: what breakpoint() calls; 0 makes it do nothing
PYTHONHASHSEED  : seed of the hashes of str and bytes, a number in the range
                  [0,4294967295] for the same hashes in every run, or 'random'
PYTHONHOME      : the prefix of another installation of the standard library
                  (or <prefix>{sep}<exec_prefix>)
PYTHONIOENCODING: encoding[:errors] of stdin, stdout and stderr
PYTHONPATH      : directories to put in front of the module search path,
                  separated by '{sep}'

These variables have equivalent command-line options (see --help for details):
PYTHON_CONTEXT_AWARE_WARNINGS: whether warnings.catch_warnings() holds for a
                  context (-X context_aware_warnings)
PYTHON_CPU_COUNT: what os.cpu_count() returns (-X cpu_count)
PYTHONDEBUG     : set sys.flags.debug (-d)
PYTHONDEVMODE   : Python Development Mode (-X dev)
PYTHONDONTWRITEBYTECODE: write no .pyc files (-B)
PYTHONFAULTHANDLER: dump the stacks on fatal errors (-X faulthandler)
PYTHON_GIL      : run without (0) or with (1) the GIL (-X gil)
PYTHONINSPECT   : go on with a prompt after the program (-i)
PYTHONINTMAXSTRDIGITS: the most digits in a conversion between int and str
                  (-X int_max_str_digits)
PYTHONNODEBUGRANGES: keep no columns in code objects (-X no_debug_ranges)
PYTHONNOUSERSITE: leave out the user's site directory (-s)
PYTHONOPTIMIZE  : leave out assert statements (-O), or docstrings too (2)
PYTHONPROFILEIMPORTTIME: tell how long each import takes (-X importtime)
PYTHONPYCACHEPREFIX: keep .pyc files below this directory (-X pycache_prefix)
PYTHONSAFEPATH  : put no directory in front of sys.path (-P)
PYTHON_THREAD_INHERIT_CONTEXT: whether a thread starts with a copy of its
                  starter's context (-X thread_inherit_context)
PYTHONUNBUFFERED: do not buffer stdout and stderr (-u)
PYTHONUTF8      : UTF-8 Mode (-X utf8)
PYTHONVERBOSE   : trace imports (-v)
PYTHONWARNDEFAULTENCODING: warn where a file is opened in the locale's encoding
                  (-X warn_default_encoding)
PYTHONWARNINGS  : filter warnings (-W)
";

/// The first line of the help and of a usage error.
pub(super) fn usage_line() -> String {
    format!("usage: {PROGRAM} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n")
}

/// `-h`
pub(super) fn help() -> String {
    usage_line() + OPTIONS
}

/// `--help-env`
pub(super) fn help_env() -> String {
    VARIABLES.replace("{sep}", if cfg!(windows) { ";" } else { ":" })
}

/// `--help-xoptions`
pub(super) fn help_xoptions() -> String {
    X_OPTIONS.to_owned()
}

/// `--help-all`
pub(super) fn help_all() -> String {
    [help(), help_env(), help_xoptions()].join("\n")
}

/// `-V`, and `-VV` if `verbose`. `python` is the version alone, such as `3.14.0`; `engine` names
/// what runs it, such as `RustPython 0.6.0`.
pub(super) fn version(python: &str, engine: &str, free_threaded: bool, verbose: bool) -> String {
    if !verbose {
        return format!("Python {python}\n");
    }
    // CPython's words for such a build, which programs look for in `sys.version`.
    let build = if free_threaded { " free-threading build" } else { "" };
    let togil = env!("CARGO_PKG_VERSION");
    format!("Python {python}{build} (togil {togil}, {engine})\n")
}

#[cfg(test)]
mod tests {
    use super::super::env::Environment;
    use super::*;

    #[test]
    fn every_text_fits_a_terminal_and_ends_its_last_line() {
        for text in [help(), help_env(), help_xoptions(), help_all()] {
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
            assert!(!text.contains('{') && !text.contains('\t'), "{text}");
            for line in text.lines() {
                assert!(line.len() < 80, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }

    #[test]
    fn help_names_every_option() {
        for letter in "bBcdEhiImOPqsSuvVWxX".chars() {
            let entry = format!("\n-{letter} ");
            assert!(help().contains(&entry), "{entry}");
        }
        for name in
            ["check-hash-based-pycs", "sample", "trace", "help-env", "help-xoptions", "help-all"]
        {
            assert!(help().contains(&format!("\n--{name}")), "{name}");
        }
    }

    #[test]
    fn help_env_names_every_variable() {
        for name in Environment::VARIABLES {
            assert!(help_env().contains(&format!("\n{name}")), "{name}");
        }
    }

    #[test]
    fn variables_and_x_options_name_each_other() {
        let (variables, options) = (help_env(), help_xoptions());
        let mentioned = |text: &str, start: &str| -> Vec<String> {
            text.match_indices(start).map(|(at, _)| word(&text[at + start.len()..])).collect()
        };
        for option in mentioned(&variables, "(-X ") {
            assert!(options.contains(&format!("-X {option}")), "{option}");
        }
        for variable in mentioned(&options, "also ") {
            assert!(variables.contains(&format!("\n{variable}")), "{variable}");
        }
    }

    fn word(text: &str) -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    }

    #[test]
    fn all_help_is_the_three_texts_with_a_blank_line_between() {
        let all = help_all();
        assert!(all.starts_with("usage: togil run [option] ..."));
        assert!(all.contains("sys.argv[1:]\n\nEnvironment variables"));
        assert!(all.contains("(-W)\n\nThe following options"));
    }

    #[test]
    fn version_is_what_tools_expect_and_more_when_verbose() {
        let version =
            |free_threaded, verbose| version("3.14.0", "RustPython 0.6.0", free_threaded, verbose);
        let togil = env!("CARGO_PKG_VERSION");
        assert_eq!(version(true, false), "Python 3.14.0\n");
        assert_eq!(
            version(false, true),
            format!("Python 3.14.0 (togil {togil}, RustPython 0.6.0)\n")
        );
        assert_eq!(
            version(true, true),
            format!("Python 3.14.0 free-threading build (togil {togil}, RustPython 0.6.0)\n")
        );
    }
}
