//! Expectations are what CPython 3.14.10 does with the same settings.

use super::super::args::parse;
use super::*;

/// Resolves a command line before a script, with variables, for a build with a GIL.
fn resolved(args: &[&str], vars: &[(&str, &str)]) -> Result<Resolved, FatalConfigError> {
    resolve(&options(args), &environment(vars), false)
}

fn options(args: &[&str]) -> Options {
    parse(args.iter().chain(&["script.py"]).map(OsString::from)).unwrap().options
}

fn environment(vars: &[(&str, &str)]) -> Environment {
    for (name, _) in vars {
        assert!(Environment::VARIABLES.contains(name), "{name}");
    }
    Environment::read(|name| {
        vars.iter().find(|(given, _)| *given == name).map(|(_, value)| value.into())
    })
}

/// A command line, variables, and what is expected of the two.
type Case<'a, T> = (&'a [&'a str], &'a [(&'a str, &'a str)], T);

/// Each case against what `read` finds.
fn check<T: PartialEq + fmt::Debug>(read: impl Fn(Resolved) -> T, cases: &[Case<'_, T>]) {
    for (args, vars, expected) in cases {
        match resolved(args, vars) {
            Ok(settings) => assert_eq!(&read(settings), expected, "{args:?} {vars:?}"),
            Err(error) => panic!("{args:?} {vars:?}: {error}"),
        }
    }
}

/// The messages, which all come from `function`.
fn check_errors(function: &str, cases: &[Case<'_, &str>]) {
    for (args, vars, message) in cases {
        let error = resolved(args, vars).expect_err(&format!("{args:?} {vars:?}"));
        assert_eq!((error.function, &*error.message), (function, *message), "{args:?} {vars:?}");
    }
}

#[test]
fn a_variable_sets_a_level_at_least() {
    type Level = fn(Resolved) -> u8;
    let levels: [(&str, &str, Level); 2] =
        [("PYTHONOPTIMIZE", "-O", |r| r.optimize), ("PYTHONVERBOSE", "-v", |r| r.verbose)];
    for (variable, flag, level) in levels {
        check(
            level,
            &[
                (&[], &[], 0),
                (&[flag], &[], 1),
                (&[], &[(variable, "2")], 2),
                (&[flag], &[(variable, "2")], 2),
                (&[flag, flag], &[(variable, "1")], 2),
                (&[], &[(variable, "0")], 0),
                (&[flag], &[(variable, "0")], 1),
                (&[], &[(variable, "")], 0),
                (&[], &[(variable, "yes")], 1),
                (&[], &[(variable, "-4")], 1),
                (&[], &[(variable, "1000")], 255),
                (&[], &[(variable, "99999999999999999999")], 1),
                (&["-E"], &[(variable, "2")], 0),
                (&["-I", flag], &[(variable, "2")], 1),
            ],
        );
    }
}

#[test]
fn a_variable_that_is_a_number_can_leave_a_flag_off() {
    type Flag = fn(Resolved) -> bool;
    let flags: [(&str, &str, Flag); 4] = [
        ("PYTHONDEBUG", "-d", |r| r.debug),
        ("PYTHONDONTWRITEBYTECODE", "-B", |r| r.dont_write_bytecode),
        ("PYTHONNOUSERSITE", "-s", |r| r.no_user_site),
        ("PYTHONUNBUFFERED", "-u", |r| r.unbuffered),
    ];
    for (variable, option, flag) in flags {
        check(
            flag,
            &[
                (&[], &[], false),
                (&[option], &[], true),
                (&[], &[(variable, "1")], true),
                (&[], &[(variable, "x")], true),
                (&[], &[(variable, "0")], false),
                (&[option], &[(variable, "0")], true),
                (&[], &[(variable, "")], false),
                (&["-E"], &[(variable, "1")], false),
            ],
        );
    }
}

#[test]
fn any_value_sets_the_other_flags() {
    type Flag = fn(Resolved) -> bool;
    let flags: [(&str, &str, Flag); 6] = [
        ("PYTHONSAFEPATH", "-P", |r| r.safe_path),
        ("PYTHONINSPECT", "-i", |r| r.inspect),
        ("PYTHONDEVMODE", "-Xdev=0", |r| r.dev_mode),
        ("PYTHONFAULTHANDLER", "-Xfaulthandler=0", |r| r.faulthandler),
        ("PYTHONNODEBUGRANGES", "-Xno_debug_ranges", |r| r.no_debug_ranges),
        ("PYTHONWARNDEFAULTENCODING", "-Xwarn_default_encoding", |r| r.warn_default_encoding),
    ];
    for (variable, option, flag) in flags {
        check(
            flag,
            &[
                (&[], &[], false),
                (&[option], &[], true),
                (&[], &[(variable, "0")], true),
                (&[], &[(variable, "")], false),
                (&["-E"], &[(variable, "1")], false),
                (&["-E", option], &[(variable, "1")], true),
            ],
        );
    }
}

#[test]
fn isolated_implies_what_cpython_says() {
    check(
        |r| (r.isolated, r.ignore_environment, r.safe_path, r.no_user_site),
        &[
            (&[], &[], (false, false, false, false)),
            (&["-E"], &[], (false, true, false, false)),
            (&["-I"], &[], (true, true, true, true)),
        ],
    );
}

#[test]
fn only_the_option_makes_a_prompt_of_any_input() {
    check(
        |r| (r.inspect, r.interactive),
        &[(&["-i"], &[], (true, true)), (&[], &[("PYTHONINSPECT", "1")], (true, false))],
    );
}

#[test]
fn options_without_a_variable_are_passed_on() {
    let settings = resolved(
        &["-bb", "-q", "-S", "-x", "--check-hash-based-pycs", "always", "-Xa", "-Xb=1"],
        &[],
    )
    .unwrap();
    assert_eq!(settings.bytes_warning, 2);
    assert!(settings.quiet && settings.no_site && settings.skip_first_line);
    assert_eq!(settings.check_hash_based_pycs.as_deref(), Some("always"));
    assert_eq!(settings.x_options, [("a".into(), None), ("b".into(), Some("1".into()))]);
}

#[test]
fn paths() {
    let path = std::env::join_paths(["/a", "", "b"]).unwrap().into_string().unwrap();
    let vars = [("PYTHONPATH", &*path), ("PYTHONHOME", "/home")];
    let paths = |entries: &[&str]| entries.iter().map(PathBuf::from).collect::<Vec<_>>();
    check(
        |r| (r.path, r.home),
        &[
            (&[], &[], (vec![], None)),
            (&[], &vars, (paths(&["/a", "", "b"]), Some("/home".into()))),
            (&["-E"], &vars, (vec![], None)),
            (&[], &[("PYTHONPATH", ""), ("PYTHONHOME", "")], (vec![], None)),
        ],
    );
}

#[test]
fn hash_seed() {
    const NAME: &str = "PYTHONHASHSEED";
    check(
        |r| r.hash_seed,
        &[
            (&[], &[], None),
            (&[], &[(NAME, "random")], None),
            (&[], &[(NAME, "")], None),
            (&[], &[(NAME, "0")], Some(0)),
            (&[], &[(NAME, " +5")], Some(5)),
            (&[], &[(NAME, "4294967295")], Some(u32::MAX)),
            (&["-E"], &[(NAME, "abc")], None),
            (&["-R"], &[(NAME, "0")], None),
            (&["-R"], &[(NAME, "abc")], None),
        ],
    );
    const MESSAGE: &str =
        "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]";
    check_errors(
        "config_init_hash_seed",
        &[
            (&[], &[(NAME, "abc")], MESSAGE),
            (&[], &[(NAME, "12x")], MESSAGE),
            (&[], &[(NAME, "5 ")], MESSAGE),
            (&[], &[(NAME, " ")], MESSAGE),
            (&[], &[(NAME, "-1")], MESSAGE),
            (&[], &[(NAME, "4294967296")], MESSAGE),
            (&[], &[(NAME, "Random")], MESSAGE),
        ],
    );
}

#[test]
fn utf8_mode() {
    const NAME: &str = "PYTHONUTF8";
    check(
        |r| r.utf8_mode,
        &[
            (&[], &[], None),
            (&[], &[(NAME, "1")], Some(true)),
            (&[], &[(NAME, "0")], Some(false)),
            (&[], &[(NAME, "")], None),
            (&["-Xutf8"], &[], Some(true)),
            (&["-Xutf8=0"], &[(NAME, "1")], Some(false)),
            // The option settles it before the variable is looked at.
            (&["-Xutf8"], &[(NAME, "7")], Some(true)),
            (&["-E"], &[(NAME, "7")], None),
        ],
    );
    const OPTION: &str = "invalid -X utf8 option value";
    const VARIABLE: &str = "invalid PYTHONUTF8 environment variable value";
    check_errors(
        "preconfig_init_utf8_mode",
        &[
            (&["-Xutf8=7"], &[], OPTION),
            (&["-Xutf8="], &[(NAME, "1")], OPTION),
            (&[], &[(NAME, "7")], VARIABLE),
            (&[], &[(NAME, "01")], VARIABLE),
        ],
    );
    assert_eq!(resolved(&["-Xutf8=7"], &[]).unwrap_err().runtime_state, "preinitializing");
}

#[test]
fn int_max_str_digits() {
    const NAME: &str = "PYTHONINTMAXSTRDIGITS";
    check(
        |r| r.int_max_str_digits,
        &[
            (&[], &[], 4300),
            (&[], &[(NAME, "640")], 640),
            (&[], &[(NAME, "0")], 0),
            (&["-Xint_max_str_digits=700"], &[(NAME, "640")], 700),
            (&["-Xint_max_str_digits="], &[], 0),
            (&["-E"], &[(NAME, "1")], 4300),
        ],
    );
    const OPTION: &str = "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.";
    const VARIABLE: &str =
        "PYTHONINTMAXSTRDIGITS: invalid limit; must be >= 640 or 0 for unlimited.";
    check_errors(
        "config_init_int_max_str_digits",
        &[
            (&["-Xint_max_str_digits"], &[], OPTION),
            (&["-Xint_max_str_digits=639"], &[], OPTION),
            (&["-Xint_max_str_digits=2147483648"], &[], OPTION),
            (&["-Xint_max_str_digits=-1"], &[], OPTION),
            (&[], &[(NAME, "5")], VARIABLE),
            (&["-Xint_max_str_digits=700"], &[(NAME, "x")], VARIABLE),
        ],
    );
}

#[test]
fn cpu_count() {
    const NAME: &str = "PYTHON_CPU_COUNT";
    check(
        |r| r.cpu_count.map(NonZeroI32::get),
        &[
            (&[], &[], None),
            (&[], &[(NAME, "7")], Some(7)),
            (&[], &[(NAME, "default")], None),
            (&["-Xcpu_count=3"], &[(NAME, "7")], Some(3)),
            (&["-Xcpu_count=default"], &[(NAME, "7")], None),
            (&["-Xcpu_count=2147483647"], &[], Some(i32::MAX)),
            (&["-E"], &[(NAME, "bad")], None),
        ],
    );
    const MESSAGE: &str =
        "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0";
    check_errors(
        "config_init_cpu_count",
        &[
            (&["-Xcpu_count"], &[], MESSAGE),
            (&["-Xcpu_count="], &[], MESSAGE),
            (&["-Xcpu_count=0"], &[], MESSAGE),
            (&["-Xcpu_count=2147483648"], &[], MESSAGE),
            (&[], &[(NAME, "-3")], MESSAGE),
            (&["-Xcpu_count=3"], &[(NAME, "bad")], MESSAGE),
        ],
    );
}

#[test]
fn context_switches_follow_the_build_unless_they_are_set() {
    type Flag = fn(&Resolved) -> bool;
    let switches: [(&str, &str, &str, Flag); 2] = [
        (
            "PYTHON_THREAD_INHERIT_CONTEXT",
            "thread_inherit_context",
            "config_init_thread_inherit_context",
            |r| r.thread_inherit_context,
        ),
        (
            "PYTHON_CONTEXT_AWARE_WARNINGS",
            "context_aware_warnings",
            "config_init_context_aware_warnings",
            |r| r.context_aware_warnings,
        ),
    ];
    for (variable, name, function, flag) in switches {
        for free_threaded in [false, true] {
            let default = resolve(&options(&[]), &environment(&[]), free_threaded).unwrap();
            assert_eq!(flag(&default), free_threaded, "{name}");
        }
        let (on, off) = (format!("-X{name}=1"), format!("-X{name}=0"));
        check(
            |r| flag(&r),
            &[
                (&[&on], &[], true),
                (&[&off], &[(variable, "1")], false),
                (&[&format!("-X{name}= +1")], &[], true),
                (&[&format!("-X{name}=")], &[(variable, "1")], false),
                (&[], &[(variable, "1")], true),
                (&["-E"], &[(variable, "1")], false),
            ],
        );
        let bad_option = format!("-X {name}=n: n is missing or invalid");
        let bad_variable = format!("{variable}=N: N is missing or invalid");
        check_errors(
            function,
            &[
                (&[&format!("-X{name}")], &[], &bad_option),
                (&[&format!("-X{name}=2")], &[], &bad_option),
                (&[], &[(variable, "x")], &bad_variable),
                (&[&on], &[(variable, "-1")], &bad_variable),
            ],
        );
    }
}

#[test]
fn gil() {
    let setting = |args, free_threaded| {
        resolve(&options(args), &environment(&[]), free_threaded)
            .map(|settings| settings.gil)
            .map_err(|error| error.function)
    };
    assert_eq!(setting(&[], false), Ok(GilRequest::Default));
    assert_eq!(setting(&["-Xgil=0"], true), Ok(GilRequest::Disable));
    assert_eq!(setting(&["-Xgil=1"], false), Ok(GilRequest::Enable));
    assert_eq!(setting(&["-Xgil=0"], false), Err("config_read_gil"));
    assert_eq!(setting(&["-Xgil=1"], true), Ok(GilRequest::Enable));
    assert_eq!(setting(&["-Xgil=2"], true), Err("config_read_gil"));
}

#[test]
fn gil_switch() {
    check(
        |r| r.gil_switch,
        &[
            (&[], &[], None),
            (&["-Xgil_switch=any"], &[], Some(GilSwitch::Any)),
            (&["-Xgil_switch=cpython", "-Xgil_switch=any"], &[], Some(GilSwitch::Cpython)),
        ],
    );
    const MESSAGE: &str = "-X gil_switch must be \"any\" or \"cpython\"";
    check_errors(
        "config_read_gil_switch",
        &[
            (&["-Xgil_switch"], &[], MESSAGE),
            (&["-Xgil_switch="], &[], MESSAGE),
            (&["-Xgil_switch=ANY"], &[], MESSAGE),
        ],
    );
}

#[test]
fn gil_handoff() {
    check(
        |r| r.gil_handoff,
        &[
            (&[], &[], None),
            (&["-Xgil_handoff=fifo"], &[], Some(Handoff::Fifo)),
            (&["-Xgil_handoff=fifo", "-Xgil_handoff=cpython"], &[], Some(Handoff::Fifo)),
        ],
    );
    const MESSAGE: &str = "-X gil_handoff must be \"togil\", \"cpython\" or \"fifo\"";
    check_errors(
        "config_read_gil_handoff",
        &[(&["-Xgil_handoff"], &[], MESSAGE), (&["-Xgil_handoff=lifo"], &[], MESSAGE)],
    );
}

#[test]
fn stdio_encoding() {
    const NAME: &str = "PYTHONIOENCODING";
    let pair = |encoding: &str, errors: &str| (Some(encoding.to_owned()), Some(errors.to_owned()));
    check(
        |r| (r.stdio_encoding, r.stdio_errors),
        &[
            (&[], &[], (None, None)),
            (&[], &[(NAME, "latin1")], pair("latin1", "strict")),
            (&[], &[(NAME, "utf8:")], pair("utf8", "strict")),
            (&[], &[(NAME, "utf8:replace")], pair("utf8", "replace")),
            (&[], &[(NAME, ":replace")], (None, Some("replace".into()))),
            (&[], &[(NAME, ":")], (None, None)),
            (&["-E"], &[(NAME, "latin1")], (None, None)),
        ],
    );
}

#[test]
fn warning_filters_by_ascending_weight() {
    const NAME: &str = "PYTHONWARNINGS";
    let list = |filters: &[&str]| filters.iter().map(ToString::to_string).collect::<Vec<_>>();
    check(
        |r| r.warnings,
        &[
            (&[], &[], list(&[])),
            (&["-Wz", "-Wx"], &[(NAME, ",x,,y,x")], list(&["x", "y", "z"])),
            (&["-E", "-Wz"], &[(NAME, "x")], list(&["z"])),
            (&["-Wa", "-b"], &[], list(&["a", "default::BytesWarning"])),
            (&["-bb", "-Wa"], &[], list(&["a", "error::BytesWarning"])),
            (&["-Wa", "-Xdev"], &[(NAME, "b")], list(&["default", "b", "a"])),
            (&["-W", "a,b"], &[], list(&["a,b"])),
        ],
    );
}

#[test]
fn development_mode_sets_more_than_its_flag() {
    check(
        |r| (r.dev_mode, r.faulthandler, r.warnings),
        &[
            (&[], &[], (false, false, vec![])),
            (&["-Xdev"], &[], (true, true, vec!["default".to_owned()])),
        ],
    );
}

#[test]
fn only_the_first_error_in_cpythons_order_is_told() {
    let order: [(&str, &str); 6] = [
        ("-Xutf8=7", "preconfig_init_utf8_mode"),
        ("-Xgil=7", "config_read_gil"),
        ("-Xint_max_str_digits=7", "config_init_int_max_str_digits"),
        ("-Xcpu_count=x", "config_init_cpu_count"),
        ("-Xthread_inherit_context=7", "config_init_thread_inherit_context"),
        ("-Xcontext_aware_warnings=7", "config_init_context_aware_warnings"),
    ];
    for (skip, (_, function)) in order.iter().enumerate() {
        let args: Vec<_> = order[skip..].iter().rev().map(|(arg, _)| *arg).collect();
        assert_eq!(resolved(&args, &[]).unwrap_err().function, *function);
    }
}

#[test]
fn an_error_displays_as_in_cpython() {
    let error = resolved(&[], &[("PYTHONUTF8", "x")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Fatal Python error: preconfig_init_utf8_mode: \
         invalid PYTHONUTF8 environment variable value\n\
         Python runtime state: preinitializing\n"
    );
    assert_eq!(FatalConfigError::EXIT_CODE, 1);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_kept() {
    use std::os::unix::ffi::OsStringExt;

    let path = OsString::from_vec(b"/\xff".to_vec());
    let env = Environment::read(|name| (name == "PYTHONPATH").then(|| path.clone()));
    let settings = resolve(&Options::default(), &env, true).unwrap();
    assert_eq!(settings.path, [PathBuf::from(path)]);
}
