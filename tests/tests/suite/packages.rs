//! Virtual environments and what lies in them, made up here. What real packages do is in
//! `tests/packages`, which needs a network.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::harness::{Output, Togil, code, togil};

const PROGRAM: &str = env!("CARGO_BIN_EXE_togil-under-test");
const SHOW: &str = "import sys, pure; print(pure.__file__.rpartition('/env/')[2], sys.prefix[-4:])";

/// An environment `env` with a package `pure`, as CPython 3.13 would have made it.
fn with_environment(run: Togil) -> Togil {
    run.file("env/pyvenv.cfg", "home = /usr/bin\nversion = 3.13.0\n")
        .file("env/lib/python3.13/site-packages/pure/__init__.py", "value = 'pure'")
}

/// With that environment active.
fn activated(run: Togil) -> Togil {
    let run = with_environment(run);
    let environment = run.path().join("env");
    run.env("VIRTUAL_ENV", environment)
}

#[test]
fn packages_of_the_active_environment_are_found() {
    let found = "lib/python3.13/site-packages/pure/__init__.py /env";
    activated(code(SHOW)).output().prints(found);
    let missing = "No module named 'pure'";
    activated(code(SHOW)).options(["-I"]).output().exits(1).complains(missing);
    activated(code(SHOW)).options(["-S"]).output().exits(1).complains(missing);
    with_environment(code(SHOW)).output().exits(1).complains(missing);
}

#[test]
fn a_program_in_an_environment_finds_its_packages() {
    let run = with_environment(code(""));
    let bin = run.path().join("env/bin");
    std::fs::create_dir(&bin).expect("a directory");
    symlink(PROGRAM, bin.join("togil")).expect("a link");
    std::fs::copy(PROGRAM, bin.join("python")).expect("a copy");
    for name in ["togil", "python"] {
        // Another one that is active does not count.
        let output = Command::new(bin.join(name))
            .args(["-c", SHOW])
            .env("VIRTUAL_ENV", run.path().join("other"))
            .output()
            .expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {stderr}");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(stdout, "lib/python3.13/site-packages/pure/__init__.py /env\n", "{name}");
    }
}

#[test]
fn pip_is_run_from_the_environment() {
    let run = activated(togil(["-m", "pip", "--version"]))
        .file("env/lib/python3.13/site-packages/pip/__init__.py", "")
        .file(
            "env/lib/python3.13/site-packages/pip/__main__.py",
            "import sys; print('pip', *sys.argv[1:], sys.prefix != sys.base_prefix)",
        );
    run.output().prints("pip --version True");
}

#[test]
fn path_files_and_editable_installs_of_the_environment_count() {
    let packages = "env/lib/python3.13/site-packages";
    let run = activated(code("import edited, started; print(edited.value, started.value)"))
        .file("project/src/edited.py", "value = 'from the project'")
        .file(&format!("{packages}/__editable__.edited.pth"), "../../../../project/src")
        .file(
            &format!("{packages}/started.pth"),
            "import sys; sys.modules['started'] = type(sys)('s')",
        )
        .file(&format!("{packages}/then.pth"), "import sys; sys.modules['started'].value = 7");
    run.output().prints("from the project 7");
}

/// What the import statement raises for the extension modules `top` and `package._c`.
fn extension(statement: &str) -> Output {
    let run = code(&format!(
        "try: {statement}\nexcept ImportError as e: print(type(e).__name__, e.name, e.path, e, sep='|')"
    ));
    run.file("package/__init__.py", "")
        .file("package/_c.cpython-313-x86_64-linux-gnu.so", "")
        .file("top.abi3.so", "")
        .file("namespace/inner.so", "")
        .output()
        .success()
}

#[test]
fn an_extension_module_is_named_in_the_error() {
    let file = "_c.cpython-313-x86_64-linux-gnu.so";
    for (statement, class) in [
        ("import package._c", "ModuleNotFoundError"),
        ("from package._c import x", "ModuleNotFoundError"),
        ("import importlib; importlib.import_module('package._c')", "ModuleNotFoundError"),
        ("from package import _c", "ImportError"),
    ] {
        let output = extension(statement);
        let parts: Vec<_> = output.text().split('|').collect();
        assert_eq!(parts[..2], [class, "package._c"], "{statement}");
        assert!(parts[2].ends_with(&format!("package/{file}")), "{statement}: {}", parts[2]);
        let message = format!(
            "cannot import 'package._c': it is an extension module for CPython ({file}), and togil \
             runs pure Python only"
        );
        assert!(parts[3].starts_with(&message), "{statement}: {}", parts[3]);
    }
    for (statement, file) in
        [("import top", "(top.abi3.so)"), ("import namespace.inner", "(inner.so)")]
    {
        let output = extension(statement);
        assert!(output.text().contains(file), "{}", output.text());
    }
}

#[test]
fn what_is_missing_is_told_as_ever() {
    assert_eq!(
        extension("import nope").text(),
        "ModuleNotFoundError|nope|None|No module named 'nope'"
    );
    let output = extension("from package import nope");
    assert!(
        output.text().contains("cannot import name 'nope' from 'package'"),
        "{}",
        output.text()
    );
    // Nobody is told that there is something to be imported.
    let find = "import importlib.util; print(importlib.util.find_spec('top'))";
    assert_eq!(extension(find).text(), "None");
}

#[test]
fn a_package_with_a_pure_twin_goes_on_without_the_extension_module() {
    for error in ["ImportError", "ModuleNotFoundError"] {
        let run = code("import package; print(package.speed)")
            .file(
                "package/__init__.py",
                &format!("try: from ._c import speed\nexcept {error}: speed = 'pure'"),
            )
            .file("package/_c.cpython-314-x86_64-linux-gnu.so", "");
        run.output().prints("pure");
    }
}
