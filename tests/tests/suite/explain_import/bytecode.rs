//! Which cache was used, and why not.

use super::{explain, explain_after, says};

/// Compiles `tool.py` to where its cache belongs, in a way that `how` says.
fn cached(how: &str) -> String {
    format!(
        "import importlib.util, os, py_compile
from py_compile import PycInvalidationMode as Mode
open('tool.py', 'w').write('x = 1\\n')
os.utime('tool.py', (1000000000, 1000000000))
cache = importlib.util.cache_from_source('tool.py')
py_compile.compile('tool.py', cfile=cache{how})
data = open(cache, 'rb').read()
"
    )
}

fn edit(setup: &str, edit: &str) -> crate::harness::Output {
    explain_after(&[], &format!("{}{edit}", cached(setup)), &["tool"])
}

#[test]
fn a_fresh_cache_is_taken() {
    says(edit("", ""), 0, &["taken from the cache {}/__pycache__/tool.", ".pyc: fresh"]);
}

#[test]
fn a_stale_cache_says_both_times_or_both_sizes() {
    let output = edit("", "os.utime('tool.py', (1000000099, 1000000099))");
    says(
        output,
        0,
        &[
            "compiled from {}/tool.py",
            "is stale, and was not used: made for a source changed at",
            "(1000000000), and the source was changed at",
            "(1000000099)",
        ],
    );
    let touch = "os.utime('tool.py', (1000000000, 1000000000))";
    let output = edit("", &format!("open('tool.py', 'a').write('y = 2\\n'); {touch}"));
    says(output, 0, &["made for a source of 6 bytes, and the source has 12"]);
}

#[test]
fn a_checked_hash_says_both_hashes() {
    let mode = ", invalidation_mode=Mode.CHECKED_HASH";
    says(edit(mode, ""), 0, &["taken from the cache"]);
    let output = edit(mode, "open('tool.py', 'w').write('x = 2\\n')");
    says(
        output,
        0,
        &["is stale, and was not used: made for a source with the hash", "compiled from"],
    );
}

#[test]
fn an_edit_under_an_unchecked_hash_does_nothing() {
    let mode = ", invalidation_mode=Mode.UNCHECKED_HASH";
    let output = edit(mode, "open('tool.py', 'w').write('x = 2\\n')");
    says(
        output,
        0,
        &[
            "taken from the cache",
            "your edit of {}/tool.py does nothing: the cache",
            "is an unchecked hash-based one",
            "Delete the cache",
        ],
    );
}

#[test]
fn a_cache_of_another_magic_number_is_foreign() {
    let output = edit("", "open(cache, 'wb').write(b'\\x01\\x02\\r\\n' + data[4:])");
    says(
        output,
        0,
        &[
            "was made by another interpreter, and was not used: its magic number is 01020d0a",
            "compiled from",
        ],
    );
}

#[test]
fn caches_of_other_interpreters_are_not_looked_at() {
    let files = [("tool.py", ""), ("__pycache__/tool.cpython-313.pyc", "x")];
    let output = explain(&files, &["tool"]);
    says(
        output,
        0,
        &[
            "not looked at: tool.cpython-313.pyc, which belongs to another interpreter",
            "this cache was made by other interpreters, and never read by togil: {}/__pycache__/tool.cpython-313.pyc",
        ],
    );
}

#[test]
fn a_truncated_cache_is_named() {
    let output = edit("", "open(cache, 'wb').write(data[:10])");
    says(
        output,
        0,
        &["is damaged, and was not used: it has 10 bytes, and a head takes 16", "compiled from"],
    );
    let output = edit("", "open(cache, 'wb').write(data[:4] + b'\\xff\\0\\0\\0' + data[8:])");
    says(output, 0, &["is damaged, and was not used: its flags are 0xff"]);
}

#[test]
fn a_cache_that_cannot_be_unpacked_is_named_and_written_anew() {
    let output = edit("", "open(cache, 'wb').write(data[:16] + b'?')");
    says(
        output,
        0,
        &[
            "not taken: ImportError: truncated or corrupt bytecode in 'tool'",
            "has a good head, but was not used",
            "It was written anew",
            "a new cache was written",
        ],
    );
}

#[test]
fn bytecode_without_a_source_leaves_nothing_to_edit() {
    let setup = ", invalidation_mode=Mode.UNCHECKED_HASH";
    let output = edit(setup, "os.rename(cache, 'tool.pyc'); os.rename('tool.py', 'old.py')");
    says(output, 0, &["tool is the bytecode in {}/tool.pyc; there is no source beside it"]);
}

#[test]
fn why_no_cache_is_written_is_said() {
    let output = explain(&[("tool.py", "")], &["-B", "tool"]);
    says(
        output,
        0,
        &["no cache was written: writing is turned off: sys.dont_write_bytecode is True (-B"],
    );
    let output = crate::harness::togil(["explain-import", "tool"]).file("tool.py", "");
    let output = output.env("PYTHONDONTWRITEBYTECODE", "1").output();
    says(output, 0, &["(PYTHONDONTWRITEBYTECODE is set)"]);
    let on = "import sys; sys.dont_write_bytecode = False\nimport tool";
    let blocked = [("tool.py", ""), ("main.py", on), ("__pycache__", "")];
    let output = explain(&blocked, &["--tree", "--json", "main.py"]);
    says(output, 0, &["{}/__pycache__ is no directory"]);
    let output = explain(&blocked[..2], &["--tree", "--json", "main.py"]);
    says(output, 0, &["\"wrote\": true"]);
}
