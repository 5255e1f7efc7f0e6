//! Workloads of the library form: a file that defines `setup(n)`, `work(state, i)` and
//! `check(state)`, run by a script of ours that times the work and not the start of the threads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

/// Tells the script where to write the times.
pub(super) const WORK_VARIABLE: &str = "TOGIL_AB_WORK";

const RUNNER: &str = include_str!("library.py");

/// What the work of a workload took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Work {
    /// From the moment at which all threads may begin to the end of the last.
    pub(super) wall_s: f64,
    /// CPU time in its own code.
    pub(super) user_s: f64,
    /// CPU time in the kernel on its behalf.
    pub(super) sys_s: f64,
}

/// Whether a script has the library form, as far as its text tells: the functions are at the
/// start of a line.
pub(super) fn has_form(source: &str) -> bool {
    ["def setup(", "def work(", "def check("]
        .iter()
        .all(|start| source.lines().any(|line| line.starts_with(start)))
}

/// Writes the script that runs such workloads into `directory`.
///
/// # Errors
///
/// When the directory cannot be written to.
pub(super) fn write_runner(directory: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(directory)
        .with_context(|| format!("can't create '{}'", directory.display()))?;
    let path = directory.join("togil_ab_library.py");
    fs::write(&path, RUNNER).with_context(|| format!("can't write '{}'", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_told_by_its_functions() {
        assert!(has_form(
            "x = 1\ndef setup(n):\n  pass\ndef work(s, i): pass\ndef check(s): pass\n"
        ));
        assert!(!has_form("def setup(n): pass\ndef work(s, i): pass\n"));
        assert!(!has_form(
            "class A:\n  def setup(n): pass\n  def work(s): pass\n  def check(s): 1\n"
        ));
        let script = "if 1:\n  pass\n# def work(\ndef setup(n): 1\ndef check(s): 1\n";
        assert!(!has_form(script));
    }

    #[test]
    fn the_times_are_read_back() {
        let text = r#"{"wall_s": 1.5, "user_s": 2, "sys_s": 0.25, "new": 1}"#;
        assert_eq!(
            serde_json::from_str::<Work>(text).unwrap(),
            Work { wall_s: 1.5, user_s: 2.0, sys_s: 0.25 }
        );
    }
}
