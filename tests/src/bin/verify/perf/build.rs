//! Builds the program with the hot paths.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step;

/// The bench target `counts`, in one mode.
#[derive(Debug)]
pub(super) struct Program {
    /// Where it is.
    pub(super) path: PathBuf,
}

/// Builds it. Cargo's progress goes to stderr.
///
/// # Errors
/// That it cannot be built.
pub(super) fn build(mode: &str) -> Result<Program, String> {
    let mut cargo = step::cargo("bench");
    cargo.args(["-p", "togil-bench", "--bench", "counts", "--no-run"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    if mode == "gil" {
        cargo.args(["--features", "gil"]);
    }
    let output = cargo.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("the {mode} build of 'counts' failed; see cargo's messages above"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let path = messages.lines().find_map(executable).map(PathBuf::from);
    path.map(|path| Program { path })
        .ok_or_else(|| format!("cargo did not say where the {mode} build of 'counts' is"))
}

/// The path in cargo's message about an executable. There is one only.
fn executable(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    Some(rest.split_once('"')?.0.replace("\\\\", "\\"))
}

impl Program {
    /// The hot paths, and how often to run each.
    ///
    /// # Errors
    /// That it does not tell.
    pub(super) fn paths(&self) -> Result<Vec<(String, u64)>, String> {
        let output = Command::new(&self.path).arg("--list").output();
        let output = output.map_err(|error| format!("{} --list: {error}", self.path.display()))?;
        let paths: Option<Vec<_>> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| {
                let (path, times) = line.split_once('\t')?;
                Some((path.to_owned(), times.parse().ok()?))
            })
            .collect();
        paths.filter(|paths| !paths.is_empty()).ok_or_else(|| {
            format!("{} --list ({}) does not list paths", self.path.display(), output.status)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_the_executable() {
        let message =
            r#"{"reason":"compiler-artifact","executable":"/t/deps/counts-1","fresh":true}"#;
        assert_eq!(executable(message).as_deref(), Some("/t/deps/counts-1"));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
    }
}
