//! What a script and a shell can learn about the lock mode, and how they choose it.

use crate::GIL;
use crate::harness::{Togil, code, prints, script, togil};

/// CPython's words for a bad value.
const BAD_VALUE: &str = "PYTHON_GIL / -X gil must be \"0\" or \"1\"";
const REFUSED: &str = "Disabling the GIL is not supported by this build";

const IS_ENABLED: &str = "import sys; print(sys._is_gil_enabled())";

fn is_enabled() -> Togil {
    code(IS_ENABLED)
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

#[test]
fn sys_says_whether_the_gil_is_enabled() {
    is_enabled().output().prints(python_bool(GIL));
}

#[test]
fn sysconfig_says_which_build_this_is() {
    prints(
        "
        import sysconfig
        print(sysconfig.get_config_var('Py_GIL_DISABLED'))
        print(sysconfig.get_config_vars()['Py_GIL_DISABLED'])
        print(sysconfig.get_config_vars('Py_GIL_DISABLED'))
        print(sysconfig.get_config_var('ABIFLAGS'))
        ",
        if GIL { "0\n0\n[0]" } else { "1\n1\n[1]\nt" },
    );
}

#[test]
fn abiflags_have_a_t_without_the_gil() {
    prints("import sys; print([sys.abiflags])", if GIL { "['']" } else { "['t']" });
}

#[test]
fn version_names_the_free_threading_build() {
    let source = "
        import sys
        print('free-threading build' in sys.version)
        print(sys.version.startswith('%d.%d.%d ' % sys.version_info[:3]))
        ";
    prints(source, if GIL { "False\nTrue" } else { "True\nTrue" });
}

#[test]
fn platform_understands_the_version() {
    let source = "
        import platform, sys
        print(platform.python_implementation(), platform.python_compiler())
        print(platform.python_version() == '%d.%d.%d' % sys.version_info[:3])
        print(platform.python_build())
        ";
    let build = if GIL { "GIL build" } else { "" };
    let togil = env!("CARGO_PKG_VERSION");
    prints(source, &format!("RustPython RustPython 0.6.0\nTrue\n('togil {togil}', '{build}')"));
}

#[test]
fn gil_1_turns_the_gil_on_in_both_builds() {
    is_enabled().options(["-X", "gil=1"]).output().prints("True");
    is_enabled().env("PYTHON_GIL", "1").output().prints("True");
}

#[test]
fn gil_1_does_not_change_what_build_it_is() {
    let source = "import sys, sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED'))";
    code(source).options(["-X", "gil=1"]).output().prints(if GIL { "0" } else { "1" });
}

#[test]
fn gil_1_is_a_gil_and_not_only_a_flag() {
    let output = script(
        "
        import threading
        n = 0
        def work():
            global n
            for _ in range(100_000):
                n += 1
        for _ in range(5):
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        print(n)
        ",
    );
    let output = output.options(["-X", "gil=1"]).output().prints("2000000");
    assert_eq!(output.stats()["gil_enabled"], true);
    assert!(output.stats()["gil"]["forced_switches"].as_u64() > Some(0), "{}", output.stats());
}

#[test]
fn gil_0_is_refused_by_a_gil_build_only() {
    for run in [is_enabled().options(["-X", "gil=0"]), is_enabled().env("PYTHON_GIL", "0")] {
        if GIL {
            let output = run.output().exits(1).complains(REFUSED);
            assert_eq!(output.stdout, "");
        } else {
            run.output().prints("False");
        }
    }
}

#[test]
fn other_values_for_the_gil_are_errors() {
    for value in ["gil=2", "gil=", "gil", "gil=on", "gil=01"] {
        is_enabled().options(["-X", value]).output().exits(1).complains(BAD_VALUE);
    }
    for value in ["x", "2", "-1"] {
        is_enabled().env("PYTHON_GIL", value).output().exits(1).complains(BAD_VALUE);
    }
}

#[test]
fn an_empty_gil_variable_counts_as_unset() {
    is_enabled().env("PYTHON_GIL", "").output().prints(python_bool(GIL));
}

#[test]
fn the_gil_option_beats_the_variable() {
    is_enabled().env("PYTHON_GIL", "0").options(["-X", "gil=1"]).output().prints("True");
    let off = is_enabled().env("PYTHON_GIL", "1").options(["-X", "gil=0"]).output();
    if GIL {
        off.exits(1).complains(REFUSED)
    } else {
        off.prints("False")
    };
}

#[test]
fn a_run_that_ignores_the_environment_ignores_the_gil_variable() {
    for option in ["-E", "-I"] {
        let run = is_enabled().env("PYTHON_GIL", "x").options([option]);
        run.output().prints(python_bool(GIL));
    }
}

#[test]
fn a_bad_place_to_switch_is_an_error() {
    let run = is_enabled().options(["-X", "gil_switch=sometimes"]);
    run.output().exits(1).complains("-X gil_switch must be");
}

#[test]
fn the_switch_interval_is_kept() {
    prints(
        "
        import sys
        print(sys.getswitchinterval())
        sys.setswitchinterval(0.25)
        print(sys.getswitchinterval())
        sys.setswitchinterval(1)
        print(sys.getswitchinterval())
        ",
        "0.005\n0.25\n1.0",
    );
}

#[test]
fn a_bad_switch_interval_raises_as_in_cpython() {
    prints(
        "
        import sys
        for bad in (0, 0.0, -1, -1e-9, float('nan'), 'x', None):
            try:
                sys.setswitchinterval(bad)
            except Exception as error:
                print(type(error).__name__, end=' ')
        try:
            sys.setswitchinterval(0)
        except ValueError as error:
            print(error)
        print(sys.getswitchinterval())
        ",
        "ValueError ValueError ValueError ValueError ValueError TypeError TypeError \
         switch interval must be strictly positive\n0.005",
    );
}

#[test]
fn togil_mode_names_the_mode() {
    let mode = if GIL { "gil" } else { "free-threaded" };
    let output = togil(["mode", "--json"]).output().success();
    let document: serde_json::Value = serde_json::from_str(output.text()).expect("JSON");
    assert_eq!(document["mode"], mode);
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert!(togil(["mode"]).output().success().text().ends_with(mode));
}

#[test]
fn the_statistics_name_the_mode() {
    let output = code("pass").output().success();
    assert_eq!(output.stats()["mode"], togil::LOCK_MODE.as_str());
    assert_eq!(output.stats()["gil_enabled"], GIL);
    assert_eq!(output.stats()["gil"].is_object(), GIL);
}

/// The VM's feature `jit` would add it. Its compiler is unsound: `tests/jit` shows how.
#[test]
fn functions_have_no_jit() {
    prints(
        "
        def f(a: int) -> int: return a
        print(hasattr(f, '__jit__'))
        ",
        "False",
    );
}
