//! Expectations are what CPython 3.14.10 prints for the same arguments, unless a test says why not.

use super::*;

fn read(args: &[&str]) -> Result<Invocation, UsageError> {
    parse(args.iter().map(OsString::from))
}

fn read_ok(args: &[&str]) -> Invocation {
    read(args).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

/// The options of `args`, which must end before a script.
fn options(args: &[&str]) -> Options {
    let invocation = read_ok(&[args, &["script.py"]].concat());
    assert_eq!(invocation.target, Target::Script("script.py".into()), "{args:?}");
    invocation.options
}

fn command(code: &str) -> Target {
    Target::Command(code.into())
}

fn module(name: &str) -> Target {
    Target::Module(name.into())
}

fn script(path: &str) -> Target {
    Target::Script(path.into())
}

#[test]
fn targets_and_argv() {
    let cases: &[(&[&str], Target, &[&str])] = &[
        (&[], Target::Stdin, &[""]),
        (&["-"], Target::Stdin, &["-"]),
        (&["-", "-x", "a"], Target::Stdin, &["-", "-x", "a"]),
        (&["s.py"], script("s.py"), &["s.py"]),
        (&["", "a"], script(""), &["", "a"]),
        (&["dir/s.py", "-O", "--", "x"], script("dir/s.py"), &["dir/s.py", "-O", "--", "x"]),
        (&["-c", "1"], command("1"), &["-c"]),
        (&["-c", ""], command(""), &["-c"]),
        (&["-c1", "-O", "-c", "2"], command("1"), &["-c", "-O", "-c", "2"]),
        (&["-c=1"], command("=1"), &["-c"]),
        (&["-c", "-h"], command("-h"), &["-c"]),
        (&["-c", "1", "--", "-h"], command("1"), &["-c", "--", "-h"]),
        (&["-Bc", "print(1)"], command("print(1)"), &["-c"]),
        (&["-BcB"], command("B"), &["-c"]),
        (&["-m", "mod", "-v"], module("mod"), &["-m", "-v"]),
        (&["-mmod.sub", "a"], module("mod.sub"), &["-m", "a"]),
        (&["-uOm", "mod"], module("mod"), &["-m"]),
        (&["--"], Target::Stdin, &[""]),
        (&["--", "-", "a"], Target::Stdin, &["-", "a"]),
        (&["--", "-c", "1"], script("-c"), &["-c", "1"]),
        (&["-O", "--", "s.py", "--"], script("s.py"), &["s.py", "--"]),
        (&["-W", "-c", "s.py"], script("s.py"), &["s.py"]),
    ];
    for (args, target, argv) in cases {
        let invocation = read_ok(args);
        assert_eq!(invocation.target, *target, "{args:?}");
        assert_eq!(invocation.argv, *argv, "{args:?}");
    }
}

#[test]
fn targets_that_only_print() {
    const SHORT: Target = Target::Version { verbose: false };
    const LONG: Target = Target::Version { verbose: true };
    let cases: &[(&[&str], Target)] = &[
        (&["-h"], Target::Help),
        (&["-?"], Target::Help),
        (&["--help"], Target::Help),
        (&["-Bh"], Target::Help),
        (&["-h", "-z"], Target::Help),
        (&["-V", "-h"], Target::Help),
        (&["--help-env"], Target::HelpEnv),
        (&["--help-env", "-z"], Target::HelpEnv),
        (&["--help-xoptions"], Target::HelpXOptions),
        (&["--help-all", "s.py"], Target::HelpAll),
        // getopt takes a second dash in a group for the start of a long option.
        (&["-B-help-env"], Target::HelpEnv),
        (&["-V"], SHORT),
        (&["--version"], SHORT),
        (&["-V", "s.py", "-V"], SHORT),
        (&["-V", "-c", "1"], SHORT),
        (&["-VOm", "mod"], SHORT),
        (&["-V", "-"], SHORT),
        (&["-VV"], LONG),
        (&["-VVV"], LONG),
        (&["-V", "-B", "--version"], LONG),
    ];
    for (args, target) in cases {
        let invocation = read_ok(args);
        assert_eq!((&invocation.target, invocation.argv.len()), (target, 0), "{args:?}");
    }
}

#[test]
fn flags() {
    type Set = fn(&mut Options);
    let cases: &[(&[&str], Set)] = &[
        (&[], |_| {}),
        (&["-b"], |o| o.bytes_warning = 1),
        (&["-bb"], |o| o.bytes_warning = 2),
        (&["-B"], |o| o.dont_write_bytecode = true),
        (&["-d"], |o| o.debug = true),
        (&["-dd", "-d"], |o| o.debug = true),
        (&["-E"], |o| o.ignore_environment = true),
        (&["-i"], |o| o.inspect = true),
        (&["-I"], |o| {
            o.isolated = true;
            o.ignore_environment = true;
            o.safe_path = true;
            o.no_user_site = true;
        }),
        (&["-O"], |o| o.optimize = 1),
        (&["-O", "-OO"], |o| o.optimize = 3),
        (&["-P"], |o| o.safe_path = true),
        (&["-q"], |o| o.quiet = true),
        (&["-R"], |o| o.random_hash_seed = true),
        (&["-s"], |o| o.no_user_site = true),
        (&["-S"], |o| o.no_site = true),
        (&["-t"], |_| {}),
        (&["-u"], |o| o.unbuffered = true),
        (&["-vv"], |o| o.verbose = 2),
        (&["-x"], |o| o.skip_first_line = true),
        (&["-uOBx"], |o| {
            o.unbuffered = true;
            o.optimize = 1;
            o.dont_write_bytecode = true;
            o.skip_first_line = true;
        }),
        (&["--check-hash-based-pycs", "never"], |o| {
            o.check_hash_based_pycs = Some("never".into());
        }),
        (&["--check-hash-based-pycs", "never", "--check-hash-based-pycs", "always"], |o| {
            o.check_hash_based_pycs = Some("always".into());
        }),
    ];
    for (args, set) in cases {
        let mut expected = Options::default();
        set(&mut expected);
        assert_eq!(options(args), expected, "{args:?}");
    }
}

#[test]
fn a_level_stops_at_its_maximum() {
    assert_eq!(options(&[&format!("-{}", "v".repeat(300))]).verbose, u8::MAX);
}

#[test]
fn warnings_are_kept_in_order() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["-W", "error"], &["error"]),
        (&["-Wignore", "-BW", "error::X", "-Wignore"], &["ignore", "error::X", "ignore"]),
        (&["-W=a"], &["=a"]),
        (&["-W", "a,b"], &["a,b"]),
        (&["-W", "-c"], &["-c"]),
        (&["-W", ""], &[""]),
    ];
    for (args, warnings) in cases {
        assert_eq!(options(args).warnings, *warnings, "{args:?}");
    }
}

#[test]
fn x_options_are_split_at_the_first_equals_sign() {
    type Pairs<'a> = &'a [(&'a str, Option<&'a str>)];
    let cases: &[(&[&str], Pairs<'_>)] = &[
        (&["-X", "gil=0"], &[("gil", Some("0"))]),
        (&["-Xgil=0"], &[("gil", Some("0"))]),
        (&["-BXdev"], &[("dev", None)]),
        (&["-X", "a=b=c"], &[("a", Some("b=c"))]),
        (&["-X", "a="], &[("a", Some(""))]),
        (&["-X", "=3"], &[("", Some("3"))]),
        (&["-X", ""], &[("", None)]),
        (
            &["-Xa=1", "-Xunknown", "-Xa=2"],
            &[("a", Some("1")), ("unknown", None), ("a", Some("2"))],
        ),
    ];
    for (args, expected) in cases {
        let options = options(args);
        let given: Vec<_> =
            options.x_options.iter().map(|(name, value)| (&**name, value.as_deref())).collect();
        assert_eq!(given, *expected, "{args:?}");
    }
}

#[test]
fn the_first_x_option_of_a_name_is_the_one_that_counts() {
    let options = options(&["-Xa=1", "-Xb", "-Xa=2", "-Xb=3"]);
    assert_eq!(options.x_option("a"), Some(Some("1")));
    assert_eq!(options.x_option("b"), Some(None));
    assert_eq!(options.x_option("c"), None);
}

#[test]
fn usage_errors() {
    let cases: &[(&[&str], &str)] = &[
        (&["-z"], "Unknown option: -z"),
        (&["-J"], "Unknown option: -J"),
        (&["-Bz"], "Unknown option: -z"),
        (&["-é"], "Unknown option: -é"),
        (&["-V", "-z"], "Unknown option: -z"),
        (&["-z", "-h"], "Unknown option: -z"),
        (&["--foo"], "Unknown option: --foo"),
        (&["--help-all=1"], "Unknown option: --help-all=1"),
        (&["--check-hash-based-pycs=always"], "Unknown option: --check-hash-based-pycs=always"),
        (&["---"], "Unknown option: ---"),
        (&["-B--help-env"], "Unknown option: -B--help-env"),
        (&["-B-help"], "Unknown option: -B-help"),
        (&["-c"], "Argument expected for the -c option"),
        (&["-Oc"], "Argument expected for the -c option"),
        (&["-V", "-c"], "Argument expected for the -c option"),
        (&["-m"], "Argument expected for the -m option"),
        (&["-W"], "Argument expected for the -W option"),
        (&["-X"], "Argument expected for the -X option"),
        (&["--check-hash-based-pycs"], "Argument expected for the --check-hash-based-pycs options"),
        (
            &["--check-hash-based-pycs", "sometimes"],
            "--check-hash-based-pycs must be one of 'default', 'always', or 'never'",
        ),
        // CPython says this and then starts a prompt.
        (&["-B-"], "Expected long option"),
    ];
    for (args, message) in cases {
        let error = read(args).expect_err(&format!("{args:?}"));
        assert_eq!((&*error.message, error.exit_code), (*message, 2), "{args:?}");
    }
}

#[test]
fn a_usage_error_displays_as_in_cpython() {
    let error = read(&["-z"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Unknown option: -z\n\
         usage: togil run [option] ... [-c cmd | -m mod | file | -] [arg] ...\n\
         Try `togil run -h' for more information."
    );
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf8_is_named() {
    use std::os::unix::ffi::OsStringExt;

    let args = [OsString::from("s.py"), OsString::from_vec(b"a\xff".to_vec())];
    let error = parse(args).unwrap_err();
    assert_eq!(error.message, r#"argument 2 is not valid UTF-8: "a\xFF""#);
}

fn gil(variable: Option<&str>, args: &[&str]) -> Result<GilRequest, String> {
    let env = Environment::read(|name| variable.filter(|_| name == "PYTHON_GIL").map(Into::into));
    gil_setting(&options(args), &env).map_err(|error| error.message)
}

#[test]
fn the_gil_setting_comes_from_the_option_or_else_the_variable() {
    use GilRequest::{Default, Disable, Enable};
    let cases: &[(Option<&str>, &[&str], GilRequest)] = &[
        (None, &[], Default),
        (None, &["-Xgil=0"], Disable),
        (None, &["-X", "gil=1"], Enable),
        (Some("0"), &[], Disable),
        (Some("1"), &[], Enable),
        (Some(""), &[], Default),
        (Some("1"), &["-Xgil=0"], Disable),
        (Some("0"), &["-Xgil=1"], Enable),
        (None, &["-Xgil=1", "-Xgil=7"], Enable),
        (Some("0"), &["-E"], Default),
        (Some("x"), &["-I"], Default),
        (Some("0"), &["-I", "-Xgil=1"], Enable),
    ];
    for &(variable, args, expected) in cases {
        assert_eq!(gil(variable, args), Ok(expected), "{variable:?} {args:?}");
    }
}

#[test]
fn any_other_gil_setting_is_an_error() {
    let cases: &[(Option<&str>, &[&str])] = &[
        (None, &["-Xgil"]),
        (None, &["-Xgil="]),
        (None, &["-Xgil=2"]),
        (None, &["-Xgil=00"]),
        (None, &["-Xgil=7", "-Xgil=1"]),
        (None, &["-Xgil= 1"]),
        (Some("x"), &[]),
        (Some("-1"), &[]),
        (Some("x"), &["-Xgil=1"]),
        (Some("1"), &["-Xgil=x"]),
    ];
    for &(variable, args) in cases {
        let message = "PYTHON_GIL / -X gil must be \"0\" or \"1\"".to_owned();
        assert_eq!(gil(variable, args), Err(message), "{variable:?} {args:?}");
    }
}

#[test]
fn a_build_does_what_it_can() {
    use GilRequest::{Default, Disable, Enable};
    for (request, free_threaded) in
        [(Default, false), (Default, true), (Enable, false), (Enable, true), (Disable, true)]
    {
        assert_eq!(request.check(free_threaded), Ok(request));
    }
    assert_eq!(
        Disable.check(false).unwrap_err().to_string(),
        "Fatal Python error: config_read_gil: Disabling the GIL is not supported by this build\n\
         Python runtime state: preinitialized\n"
    );
}
