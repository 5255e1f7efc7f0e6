//! The options of `togil run`, and the variables that stand for them: CPython's.

use crate::GIL;
use crate::harness::{code, script, togil};

/// Runs code with options and wants this printed, and something else without them.
#[track_caller]
fn option_changes(options: &[&str], source: &str, with: &str, without: &str) {
    assert_ne!(with, without);
    code(source).options(options).output().prints(with);
    code(source).output().prints(without);
}

#[test]
fn o_takes_assertions_out_and_oo_docstrings_too() {
    let source = "
def f(): 'text'
assert not __debug__ or f.__doc__
import sys
print(__debug__, f.__doc__, sys.flags.optimize)";
    option_changes(&["-O"], source, "False text 1", "True text 0");
    option_changes(&["-OO"], source, "False None 2", "True text 0");
    code("assert False; print('went on')").options(["-O"]).output().prints("went on");
    code("assert False; print('went on')").env("PYTHONOPTIMIZE", "1").output().prints("went on");
    code("assert False").output().exits(1).complains("AssertionError");
}

#[test]
fn w_filters_warnings() {
    let source = "import warnings; warnings.warn('careful'); print('went on')";
    let output = code(source).output().exits(0).complains("UserWarning: careful");
    assert_eq!(output.text(), "went on");
    code(source).options(["-W", "ignore"]).output().prints("went on");
    code(source).options(["-Wignore::UserWarning"]).output().prints("went on");
    code(source).options(["-W", "error"]).output().exits(1).complains("UserWarning: careful");
    code(source).env("PYTHONWARNINGS", "error").output().exits(1).complains("UserWarning");
    let both = code(source).env("PYTHONWARNINGS", "error").options(["-W", "ignore"]);
    both.output().prints("went on");
}

#[test]
fn b_warns_about_bytes_and_bb_raises() {
    let source = "print(str(b'x'))";
    code(source).output().prints("b'x'");
    code(source).options(["-b"]).output().exits(0).complains("BytesWarning");
    code(source).options(["-bb"]).output().exits(1).complains("BytesWarning");
}

#[test]
fn u_does_not_buffer() {
    let source = "import os, sys; print('x', end=''); sys.stdout.write('y'); os._exit(0)";
    option_changes(&["-u"], source, "xy", "");
    code(source).env("PYTHONUNBUFFERED", "1").output().prints("xy");
}

#[test]
fn s_leaves_the_user_site_out() {
    let source = "import site, sys; print(sys.flags.no_user_site, site.ENABLE_USER_SITE)";
    option_changes(&["-s"], source, "1 False", "0 True");
    code(source).env("PYTHONNOUSERSITE", "1").output().prints("1 False");
}

#[test]
fn capital_s_does_not_import_site() {
    // Where `site` finds nothing, the names that it makes are all there is of it.
    let source = "import builtins; print(hasattr(builtins, 'credits'))";
    option_changes(&["-S"], source, "False", "True");
}

#[test]
fn quiet_debug_verbose_and_inspect_are_flags() {
    let source = "import sys; f = sys.flags; print(f.quiet, f.debug, f.verbose, f.dev_mode)";
    option_changes(&["-q"], source, "1 0 0 False", "0 0 0 False");
    option_changes(&["-d"], source, "0 1 0 False", "0 0 0 False");
    option_changes(&["-X", "dev"], source, "0 0 0 True", "0 0 0 False");
}

/// A module that only `PYTHONPATH` leads to.
const VIA_PYTHONPATH: &str = "
try:
    import via_pythonpath
    print(via_pythonpath.value)
except ImportError:
    print('not found')
";

#[test]
fn pythonpath_is_searched_unless_the_environment_is_ignored() {
    let run = || {
        let run = script(VIA_PYTHONPATH).file("lib/via_pythonpath.py", "value = 'found'");
        let directories = format!("/nowhere:{}", run.path().join("lib").display());
        run.env("PYTHONPATH", directories)
    };
    run().output().prints("found");
    run().options(["-E"]).output().prints("not found");
    run().options(["-I"]).output().prints("not found");
    run().options(["-s", "-P"]).output().prints("found");
}

#[test]
fn pythonpath_stands_before_the_standard_library_and_after_the_script() {
    let run = script("import sys; print(sys.path[1:3])").env("PYTHONPATH", "/one:/two");
    run.output().prints("['/one', '/two']");
}

#[test]
fn isolated_and_safe_path_leave_the_script_directory_out() {
    let run = || {
        let source = "import sys\ntry:\n import beside\nexcept ImportError:\n print('not found')";
        script(source).file("beside.py", "print('found')")
    };
    run().output().prints("found");
    run().options(["-I"]).output().prints("not found");
    run().options(["-P"]).output().prints("not found");
    run().env("PYTHONSAFEPATH", "1").output().prints("not found");
    run().env("PYTHONSAFEPATH", "1").options(["-E"]).output().prints("found");
    let source = "import sys; f = sys.flags; \
                  print(f.isolated, f.ignore_environment, f.no_user_site, f.safe_path)";
    option_changes(&["-I"], source, "1 1 1 True", "0 0 0 False");
}

#[test]
fn the_site_packages_of_the_active_venv_are_found() {
    let venv = |options: &[&str]| {
        let source = "
import sys
try:
    import in_venv
    print(in_venv.value, sys.prefix == sys.argv[1])
except ImportError:
    print('not found')";
        let run = script(source)
            .file("venv/lib/python3.14/site-packages/in_venv.py", "value = 'found'")
            .file("venv/pyvenv.cfg", "home = /usr/bin\n");
        let path = run.path().join("venv");
        run.options(options).args([&path]).env("VIRTUAL_ENV", &path)
    };
    venv(&[]).output().prints("found True");
    venv(&["-E"]).output().prints("not found");
    venv(&["-S"]).output().prints("not found");
}

#[test]
fn pth_files_of_the_venv_are_read() {
    let run = script("import elsewhere; print(elsewhere.value)")
        .file("other/elsewhere.py", "value = 'via pth'");
    let other = run.path().join("other").display().to_string();
    let run = run.file("venv/lib/python3.14/site-packages/my.pth", &other);
    let venv = run.path().join("venv");
    run.env("VIRTUAL_ENV", venv).output().prints("via pth");
}

#[test]
fn x_options_are_seen_by_the_script() {
    let source = "import sys; print(sys._xoptions)";
    let options = ["-X", "mine=1", "-Xyours"];
    option_changes(&options, source, "{'mine': '1', 'yours': True}", "{}");
    let source = "import os; print(os.cpu_count() == 77)";
    option_changes(&["-X", "cpu_count=77"], source, "True", "False");
    let source = "import sys; print(sys.get_int_max_str_digits())";
    option_changes(&["-X", "int_max_str_digits=1000"], source, "1000", "4300");
    let source = "import sys; print(sys.flags.utf8_mode)";
    option_changes(&["-X", "utf8=0"], source, "0", "1"); // On by default where no locale is set.
}

#[test]
fn threads_inherit_the_context_by_default_without_the_gil_only() {
    let source = "
import contextvars, threading
variable = contextvars.ContextVar('v', default='fresh')
variable.set('inherited')
thread = threading.Thread(target=lambda: print(variable.get()))
thread.start(); thread.join()";
    code(source).output().prints(if GIL { "fresh" } else { "inherited" });
    code(source).options(["-X", "thread_inherit_context=1"]).output().prints("inherited");
    code(source).options(["-X", "thread_inherit_context=0"]).output().prints("fresh");
}

#[test]
fn x_skips_the_first_line() {
    let source = "this is no Python\nprint('second line')";
    script(source).options(["-x"]).output().prints("second line");
    script(source).output().exits(1).complains("SyntaxError");
}

#[test]
fn i_goes_on_with_a_prompt() {
    let output = code("value = 5").options(["-i"]).stdin("print(value + 1)\n").output().exits(0);
    assert!(output.stdout.contains('6'), "{}", output.dump());
}

#[test]
fn text_is_utf_8_with_and_without_a_locale() {
    let source = "import sys; print('ü', sys.argv[1], sys.stdout.encoding.lower(), open(0).encoding.lower())";
    let run = || code(source).args(["ö"]);
    run().output().prints("ü ö utf-8 utf-8");
    run().env("LC_ALL", "C.UTF-8").output().prints("ü ö utf-8 utf-8");
    run().options(["-X", "utf8"]).output().prints("ü ö utf-8 utf-8");
}

#[test]
fn hash_seed_and_io_encoding_are_taken_from_the_environment() {
    let hash =
        |seed| code("print(hash('x'))").env("PYTHONHASHSEED", seed).output().success().stdout;
    assert_eq!(hash("1"), hash("1"));
    assert_ne!(hash("1"), hash("2"));
    assert_ne!(hash("random"), hash("random"));
    let encoding = code("print(__import__('sys').stdout.encoding)");
    encoding.env("PYTHONIOENCODING", "latin-1").output().prints("latin-1");
}

#[test]
fn usage_errors_end_with_2() {
    let unknown = code("pass").options(["-y"]).output().exits(2).complains("Unknown option: -y");
    let unknown = unknown.complains("usage: togil");
    assert_eq!(unknown.stdout, "");
    code("pass").options(["--no-such"]).output().exits(2).complains("Unknown option: --no-such");
    togil(["run", "-c"]).output().exits(2).complains("Argument expected for the -c option");
    togil(["no-such-command"]).output().exits(2).complains("no-such-command");
}

#[test]
fn help_and_version_are_printed() {
    for option in ["-h", "--help", "-?"] {
        let output = togil(["run", option]).output().success();
        assert!(output.stdout.contains("usage: togil"), "{}", output.dump());
        assert!(output.stdout.contains("-X opt"), "{}", output.dump());
    }
    let output = togil(["run", "--version"]).output().success();
    assert!(output.stdout.starts_with("Python 3.14."), "{}", output.dump());
    let output = togil(["run", "-VV"]).output().success();
    assert_eq!(output.stdout.contains("free-threading build"), !GIL, "{}", output.dump());
    let output = togil(["--version"]).output().success();
    assert_eq!(output.text(), concat!("togil ", env!("CARGO_PKG_VERSION")));
    let output = togil(["--help"]).output().success();
    assert!(["run", "ab", "mode", "completions"].iter().all(|c| output.stdout.contains(c)));
}

#[test]
fn completions_are_printed() {
    let output = togil(["completions", "bash"]).output().success();
    assert!(output.stdout.contains("complete -F _togil"), "{}", output.dump());
    assert!(output.stdout.contains("completions"), "{}", output.dump());
    togil(["completions", "tcsh"]).output().exits(2);
}
