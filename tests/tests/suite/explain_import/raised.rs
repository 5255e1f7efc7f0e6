//! The module was found, and fails.

use super::{does_not_say, explain, says};
use crate::harness::togil;

#[test]
fn an_import_error_inside_is_not_a_module_that_is_not_found() {
    let output = explain(
        &[("first.py", "x = 1\nimport second"), ("second.py", "import missing_one")],
        &["first"],
    );
    says(
        output,
        1,
        &[
            "first: not importable: it was found, but it imports second ({}/first.py:2), which imports \
             missing_one ({}/second.py:1), and there no finder knows a module named 'missing_one'",
            "missing_one, imported at {}/second.py:1",
            "4 execute",
            "raised ModuleNotFoundError: No module named 'missing_one'",
        ],
    );
}

#[test]
fn an_exception_in_init_is_shown_with_its_place() {
    let output =
        explain(&[("pack/__init__.py", "x = 1\n1 / 0"), ("pack/part.py", "")], &["pack.part"]);
    says(
        output,
        1,
        &[
            "pack.part: not importable: its parent pack is not importable: the code of {}/pack/__init__.py raised \
             ZeroDivisionError: division by zero ({}/pack/__init__.py:2)",
            "so it is not registered",
        ],
    );
}

#[test]
fn an_import_error_that_was_caught_is_no_cause() {
    let source = "try:\n    import missing_one\nexcept ImportError:\n    pass\n";
    let output = explain(&[("tool.py", source)], &["tool"]);
    does_not_say(&says(output, 0, &["tool: importable: {}/tool.py"]), "not importable");
    let output = explain(&[("tool.py", &format!("{source}raise ValueError('other')"))], &["tool"]);
    says(output, 1, &["tool.py raised ValueError: other ({}/tool.py:5)"]);
    let source =
        "try:\n    import missing_one\nexcept ImportError as e:\n    raise OSError('no') from e";
    let output = explain(&[("tool.py", source)], &["tool"]);
    says(output, 1, &["imports missing_one ({}/tool.py:2)", "raised OSError: no ({}/tool.py:4)"]);
}

#[test]
fn a_circle_of_imports_is_drawn() {
    let files = [("first.py", "import second\nx = 1"), ("second.py", "from first import x")];
    let output = explain(&files, &["first"]);
    says(
        output,
        1,
        &[
            "the imports go in a circle: first -> second -> first. second asks first for 'x' at {}/second.py:1, but \
             first is only partially initialized",
            "Import it later",
        ],
    );
    let files = [("first.py", "import second\nx = 1"), ("second.py", "import first\nfirst.x")];
    let output = explain(&files, &["first"]);
    says(output, 1, &["first -> second -> first. second asks first for 'x' at {}/second.py:2"]);
    // The other way round it works: the second of a circle finds the first one whole.
    does_not_say(&says(explain(&files, &["second"]), 0, &["second: importable"]), "circle");
}

#[test]
fn a_name_that_a_module_does_not_have_is_no_circle() {
    let files = [("first.py", "from second import missing_name"), ("second.py", "")];
    let output =
        says(explain(&files, &["first"]), 1, &["cannot import name 'missing_name' from 'second'"]);
    does_not_say(&output, "circle");
}

#[test]
fn a_syntax_error_names_file_and_line() {
    let output = explain(&[("tool.py", "x = 1\ndef f(:\n")], &["tool"]);
    says(
        output,
        1,
        &[
            "tool: not importable: {}/tool.py is no valid Python: ",
            "line 2)",
            "3 compile",
            "failed",
        ],
    );
}

#[test]
fn none_in_sys_modules_blocks_an_import() {
    let output = togil(["explain-import", "tool"])
        .file("tool.py", "")
        .file("site/sitecustomize.py", "import sys; sys.modules['tool'] = None");
    let site = output.path().join("site");
    let output = output.env("PYTHONPATH", site).output();
    says(
        output,
        1,
        &[
            "tool: not importable: sys.modules[\"tool\"] is None, which blocks the import",
            "None is there, which blocks the import",
        ],
    );
}

#[test]
fn what_a_module_prints_stays_out_of_the_report() {
    let output = explain(&[("tool.py", "print('hello')")], &["--json", "tool"]).exits(0);
    let _: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON alone");
    assert_eq!(output.stderr, "hello\n");
}
