//! Other Python interpreters, by the commands that start them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::{Kind, Missing, Other, Program};
use crate::cli::ab::captured;
use crate::cli::ab::interrupt::Interrupt;
use crate::cli::ab::process::{self, Job};

/// An interpreter that takes longer to say what it is does not work.
const PATIENCE: Duration = Duration::from_secs(20);

/// What it is asked. Runs on every Python 3.
const QUESTION: &str = "\
import json, platform, sys
gil = getattr(sys, '_is_gil_enabled', lambda: sys.implementation.name == 'cpython')()
print(json.dumps({'name': sys.implementation.name, 'version': platform.python_version(), 'gil': gil}))";

#[derive(Debug, Deserialize)]
struct Answer {
    name: String,
    version: String,
    gil: bool,
}

/// The interpreter that `command` starts: a program, looked up on PATH if there is no slash in it,
/// and its options.
///
/// # Errors
///
/// When it cannot be asked what it is. That it is missing or gives no answer is none.
pub(super) fn find(command: &str, interrupt: &Interrupt) -> anyhow::Result<Other> {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let args: Vec<_> = words.map(Into::into).collect();
    let program = match lookup(program, env::var_os("PATH").as_deref()) {
        Some(path) => ask(&Program { path, args, version: String::new() }, interrupt)?,
        None if program.contains('/') => Err(format!("there is no program '{program}'")),
        None => Err(format!("there is no program '{program}' on PATH")),
    };
    let program = program.map_err(|missing| Missing { missing });
    Ok(Other { name: command.to_owned(), kind: Kind::Peer, program })
}

fn lookup(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return std::path::absolute(program).ok().filter(is_program);
    }
    let folders = path.into_iter().flat_map(env::split_paths);
    folders.map(|folder| folder.join(program)).find(is_program)
}

/// Fills in the version, or says why it gave none.
fn ask(program: &Program, interrupt: &Interrupt) -> anyhow::Result<Result<Program, String>> {
    let scratch = tempfile::tempdir()
        .context("can't create a directory for temporary files; name one in TMPDIR")?;
    let (stdout, stderr) = (scratch.path().join("stdout"), scratch.path().join("stderr"));
    let mut arguments: Vec<&OsStr> = program.args.iter().map(AsRef::as_ref).collect();
    arguments.extend([OsStr::new("-c"), OsStr::new(QUESTION)]);
    let job = Job {
        program: &program.path,
        arguments: &arguments,
        stdout: &stdout,
        stderr: &stderr,
        statistics: None,
        work: None,
        limit: PATIENCE,
    };
    // A program of another system cannot even be started.
    let ending = match process::run(&job, interrupt) {
        Ok(finished) => finished.ending,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    if !ending.is_success() {
        let said = captured::last_line(&stderr).ok().flatten();
        let said = said.map(|line| format!(": {line}")).unwrap_or_default();
        return Ok(Err(format!("does not run Python ({ending}{said})")));
    }
    Ok(answer(&stdout)
        .map(|answer| Program { version: answer.in_words(), ..program.clone() })
        .ok_or_else(|| "did not say which Python it is".to_owned()))
}

fn answer(stdout: &Path) -> Option<Answer> {
    serde_json::from_slice(&fs::read(stdout).ok()?).ok()
}

impl Answer {
    fn in_words(&self) -> String {
        let gil = if self.gil { "with the GIL" } else { "free-threaded" };
        format!("{} {}, {gil}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(command: &str) -> String {
        let other = find(command, &Interrupt::default()).unwrap();
        assert_eq!(other.name, command);
        other.program.expect_err("it is no Python").missing
    }

    #[test]
    fn what_is_no_python_says_why() {
        assert_eq!(
            missing("no-such-python -X dev"),
            "there is no program 'no-such-python' on PATH"
        );
        assert_eq!(missing("/nowhere/python"), "there is no program '/nowhere/python'");
        assert_eq!(missing("false"), "does not run Python (exit status 1)");
        assert_eq!(missing("echo"), "did not say which Python it is");
        assert!(
            missing("cat --no-such-option").starts_with("does not run Python (exit status 1: ")
        );
    }

    #[test]
    fn a_program_is_a_file_that_may_be_run() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sh"), "no program").unwrap();
        let path = env::join_paths([folder.path(), Path::new("/bin")]).unwrap();
        assert_eq!(lookup("sh", Some(&path)), Some("/bin/sh".into()));
        assert_eq!(lookup("sh", None), None);
    }
}
