//! What `togil run` runs, how that sees itself, and the status it ends with.

use std::process::Command;

use crate::harness::{Togil, code, script, togil};

#[test]
fn code_from_the_command_line_sees_its_arguments() {
    let source = "import sys; print(sys.argv, __name__, sys.path[0] == '')";
    code(source)
        .args(["a", "-b", "--", "ü"])
        .output()
        .prints("['-c', 'a', '-b', '--', 'ü'] __main__ True");
}

#[test]
fn indented_code_is_accepted_as_by_cpython() {
    code("\n    if True:\n        print('x')\n    print('y')\n").output().prints("x\ny");
}

#[test]
fn a_script_sees_its_arguments_and_its_directory() {
    let run = script("import sys, beside; print(sys.argv, __name__, __file__, beside.value)");
    let run = run.file("beside.py", "value = 'beside'").args(["-x", "y"]);
    run.output().prints("['script.py', '-x', 'y'] __main__ script.py beside");
}

#[test]
fn a_script_elsewhere_imports_from_its_own_directory() {
    let run = togil(["run", "lib/main.py"])
        .file("lib/main.py", "import helper; print(helper.value)")
        .file("lib/helper.py", "value = 'from lib'")
        .file("helper.py", "value = 'from here'");
    run.output().prints("from lib");
}

#[test]
fn a_module_is_run_as_main() {
    let run = togil(["run", "-m", "package", "one"])
        .file("package/__init__.py", "print('init', __name__)")
        .file("package/__main__.py", "import sys; print(__name__, sys.argv[1:], __package__)");
    run.output().prints("init package\n__main__ ['one'] package");
    let run = togil(["run", "-m", "tool"]).file("tool.py", "import sys; print(sys.argv[0][-8:])");
    run.output().prints("/tool.py");
}

#[test]
fn modules_of_the_standard_library_are_run() {
    let run = togil(["run", "-m", "json.tool"]).stdin("{\"b\": [1, 2]}");
    run.output().prints("{\n    \"b\": [\n        1,\n        2\n    ]\n}");
    let run = togil(["run", "-m", "base64", "-e"]).stdin("text");
    run.output().prints("dGV4dA==");
    let run = togil(["run", "-m", "timeit", "-n", "1", "-r", "1", "pass"]);
    assert!(run.output().success().stdout.contains("1 loop"));
}

#[test]
fn a_missing_module_says_so() {
    let output = togil(["run", "-m", "no_such_module"]).output().exits(1);
    output.complains("No module named no_such_module");
    let output = togil(["run", "-m", "package"]).file("package/__init__.py", "").output();
    output.exits(1).complains("No module named package.__main__");
}

#[test]
fn standard_input_is_run() {
    let source = "import sys\nprint(sys.argv, __name__)\n";
    togil(["run", "-", "a", "b"]).stdin(source).output().prints("['-', 'a', 'b'] __main__");
    togil(["run"]).stdin(source).output().prints("[''] __main__");
    let output = togil(["run"]).stdin("x = 1\nx +\n").output().exits(1);
    output.complains("File \"<stdin>\", line 2").complains("SyntaxError");
}

#[test]
fn scripts_read_standard_input() {
    let source = "import sys; print(input().upper(), sys.stdin.read().split())";
    script(source).stdin("first\nrest of\nit\n").output().prints("FIRST ['rest', 'of', 'it']");
    let output = script("input()").output().exits(1);
    output.complains("EOFError");
}

#[test]
fn a_directory_with_a_main_is_run() {
    let source = "import sys, beside; print(sys.argv, __name__, beside.value)";
    let run = togil(["run", "app", "x"])
        .file("app/__main__.py", source)
        .file("app/beside.py", "value = 7");
    run.output().prints("['app', 'x'] __main__ 7");
    let output = togil(["run", "empty"]).file("empty/other.py", "").output().exits(1);
    output.complains("can't find '__main__' module in 'empty'");
}

#[test]
fn a_zip_archive_is_run() {
    // Made with the interpreter itself.
    let run = script(
        "
        import zipfile
        with zipfile.ZipFile('app.zip', 'w') as archive:
            archive.writestr('__main__.py', 'import sys, beside; print(sys.argv, beside.value)')
            archive.writestr('beside.py', 'value = 8')
        import subprocess, sys
        print(subprocess.check_output([sys.executable, 'run', 'app.zip', 'x'], text=True), end='')
        ",
    );
    run.output().prints("['app.zip', 'x'] 8");
}

#[test]
fn sys_exit_sets_the_status() {
    for (argument, status) in [("3", 3), ("", 0), ("None", 0), ("0", 0), ("-1", 255), ("256", 0)] {
        let output = code(&format!("import sys; sys.exit({argument})")).output().exits(status);
        assert_eq!(output.stderr, "");
    }
    let output = code("import sys; print('out'); sys.exit('message')").output().exits(1);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "message\n"));
    let output = code("raise SystemExit((1, 2))").output().exits(1);
    assert_eq!(output.stderr, "(1, 2)\n");
}

#[test]
fn an_uncaught_exception_prints_its_traceback_after_the_output() {
    let source = "
        def inner():
            raise ValueError('oops')
        print('before')
        try:
            {}['key']
        except KeyError:
            inner()
        ";
    let output = script(source).output().exits(1);
    assert_eq!(output.text(), "before");
    for part in [
        "Traceback (most recent call last):",
        "File \"script.py\", line 7, in <module>",
        "inner()",
        "line 2, in inner",
        "raise ValueError('oops')",
        "KeyError: 'key'",
        "During handling of the above exception, another exception occurred:",
    ] {
        assert!(output.stderr.contains(part), "no {part:?}\n{}", output.dump());
    }
    assert!(output.stderr.ends_with("ValueError: oops\n"), "{}", output.dump());
}

#[test]
fn an_excepthook_replaces_the_traceback() {
    let source = "
        import sys
        sys.excepthook = lambda kind, value, traceback: print('hook', kind.__name__, value)
        raise ValueError('oops')
        ";
    let output = script(source).output().exits(1);
    assert_eq!((output.text(), output.stderr.as_str()), ("hook ValueError oops", ""));
}

#[test]
fn a_missing_script_ends_with_2() {
    let output = togil(["run", "missing.py"]).output().exits(2);
    assert!(output.stderr.contains("can't open file '"), "{}", output.dump());
    assert!(output.stderr.contains("missing.py': [Errno 2] No such file or directory"));
}

#[test]
fn a_syntax_error_ends_with_1_and_shows_the_place() {
    let output = script("x = 1\nprint('never'\n").output().exits(1);
    assert_eq!(output.stdout, "");
    let output = output.complains("File \"script.py\", line 2").complains("SyntaxError");
    assert!(!output.stderr.contains("Traceback"), "{}", output.dump());
    code("x +").output().exits(1).complains("File \"<string>\", line 1").complains("SyntaxError");
    code("if x:\npass").output().exits(1).complains("IndentationError");
}

#[test]
fn a_script_may_have_any_encoding_line_and_end_without_a_line_break() {
    let run = |bytes: &[u8]| -> Togil {
        let run = togil(["run", "bytes.py"]);
        std::fs::write(run.path().join("bytes.py"), bytes).expect("a file");
        run
    };
    run(b"# coding: latin-1\nprint(ascii('\xe4'))").output().prints("'\\xe4'");
    run(b"\xef\xbb\xbfprint(ascii('\xc3\xa4'))").output().prints("'\\xe4'");
    run(b"print('a')\r\nprint('b')\r\n").output().prints("a\nb");
    let output = run(b"print('\xe4')\n").output().exits(1);
    output.complains("SyntaxError");
}

#[test]
fn a_reader_that_goes_away_is_an_error_and_no_crash() {
    let path = env!("CARGO_BIN_EXE_togil-under-test");
    let pipe = format!("{path} run -c 'for i in range(100000): print(i)' | head -n 1");
    let output = Command::new("sh").args(["-c", &pipe]).output().expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
    assert!(stderr.contains("BrokenPipeError") && !stderr.contains("panicked"), "{stderr}");
}

#[test]
fn the_executable_runs_python_code() {
    // As so many scripts do.
    script(
        "
        import subprocess, sys
        print(subprocess.run([sys.executable, '-c', 'print(42)'], capture_output=True, text=True).stdout)
        ",
    )
    .output()
    .prints("42");
}
