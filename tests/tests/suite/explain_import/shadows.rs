//! One module in front of another.

use super::{does_not_say, explain, explain_after, says};
use crate::harness::togil;

/// Adds an entry behind the standard library, as `site` adds packages.
const APPEND: &str = "import sys; sys.path.append('late')";

#[test]
fn a_file_that_hides_the_standard_librarys_is_named() {
    let output = explain(&[("random.py", "")], &["random"]);
    says(
        output,
        0,
        &[
            "random: importable: {}/random.py",
            "your {}/random.py hides the standard library's random",
            "lost: a frozen module, part of the program: {}/random.py comes before the standard library",
        ],
    );
}

#[test]
fn a_file_that_the_standard_library_hides_is_named() {
    let output = togil(["explain-import", "random"])
        .file("late/random.py", "")
        .file("site/sitecustomize.py", APPEND);
    let site = output.path().join("site");
    let output = output.env("PYTHONPATH", site).output();
    let never = "your {}/late/random.py is never read: the standard library's random, which is part of togil, is found first";
    says(output, 0, &[never]);
    // CPython freezes it, too.
    let output = explain(&[("runpy.py", "")], &["runpy"]);
    says(output, 0, &["your {}/runpy.py is never read"]);
    // Loaded before any program runs.
    let output = explain(&[("sys.py", "")], &["sys"]);
    says(output, 0, &["your {}/sys.py is never read", "there: nothing else is done"]);
}

#[test]
fn a_file_that_hides_another_is_named() {
    let output = togil(["explain-import", "tool"]).file("tool.py", "").file("lib/tool.py", "");
    let library = output.path().join("lib");
    let output = output.env("PYTHONPATH", library).output();
    says(
        output,
        0,
        &[
            "tool: importable: {}/tool.py",
            "lost: {}/lib/tool.py: {}/tool.py comes before {}/lib",
            "{}/tool.py hides {}/lib/tool.py, which is never read",
        ],
    );
}

#[test]
fn a_package_beats_a_module_and_a_module_a_bare_directory() {
    let output = explain(&[("tool/__init__.py", ""), ("tool.py", "")], &["tool"]);
    says(
        output,
        0,
        &[
            "tool: importable: {}/tool/__init__.py",
            "{}/tool/__init__.py hides {}/tool.py, which is never read",
        ],
    );
    let output = explain(&[("tool/part.py", ""), ("tool.py", "")], &["tool"]);
    says(
        output,
        0,
        &[
            "tool: importable: {}/tool.py",
            "{}/tool.py hides {}/tool, which is never read: a directory without an __init__.py counts only",
        ],
    );
}

#[test]
fn an_edit_of_a_copy_beside_an_archive_does_nothing() {
    let setup = "
import os, zipfile
with zipfile.ZipFile('app.zip', 'w') as archive:
    archive.writestr('tool.py', 'x = 1')
os.makedirs('app'); open('app/tool.py', 'w').write('x = 2')
os.environ['PYTHONPATH'] = os.path.abspath('app.zip') + ':' + os.path.abspath('app')";
    let output = explain_after(&[], setup, &["tool"]);
    says(
        output,
        0,
        &[
            "{}/app.zip/tool.py (in an archive)",
            "tool comes out of an archive ({}/app.zip/tool.py)",
            "{}/app.zip/tool.py hides {}/app/tool.py",
        ],
    );
}

#[test]
fn an_edit_of_a_module_that_was_imported_does_nothing_until_a_reload() {
    let output = togil(["explain-import", "tool"])
        .file("site/tool.py", "")
        .file("site/sitecustomize.py", "import tool");
    let site = output.path().join("site");
    let output = output.env("PYTHONPATH", site).output();
    says(
        output,
        0,
        &[
            "tool: importable, and imported before: {}/site/tool.py",
            "tool was in sys.modules before it was asked for, so its code was not run again",
            "does nothing until importlib.reload(tool) or a new process",
        ],
    );
}

#[test]
fn a_plain_import_has_no_notes() {
    let output = says(
        explain(&[("tool.py", "import json")], &["tool"]),
        0,
        &["tool: importable: {}/tool.py"],
    );
    does_not_say(&output, "note:");
}
