//! What a command left behind, and what a test expects of that.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Where `TOGIL_STATS` points to.
pub(super) const STATS: &str = "togil-stats.json";

/// What a command that has ended left behind.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
    pub(super) directory: TempDir,
}

impl Output {
    /// Status 0 and nothing on stderr.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        let good = self.status.success() && self.stderr.is_empty();
        assert!(good, "{} after {:?}\n{}", self.status, self.elapsed, self.dump());
        self
    }

    /// Success, and exactly this on stdout.
    #[track_caller]
    pub(crate) fn prints(self, expected: &str) -> Self {
        let output = self.success();
        assert_eq!(output.text(), expected);
        output
    }

    /// This exit status, whatever stands on stderr.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.status, self.dump());
        self
    }

    /// stderr has this text somewhere.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} on stderr\n{}", self.dump());
        self
    }

    /// Ended by Ctrl-C, in the way of a shell or by the signal itself.
    #[track_caller]
    pub(crate) fn interrupted(self) -> Self {
        let by_signal = self.status.signal() == Some(libc::SIGINT);
        let ended = by_signal || self.status.code() == Some(128 + libc::SIGINT);
        assert!(ended, "{}\n{}", self.status, self.dump());
        self
    }

    /// stdout without the last line break.
    pub(crate) fn text(&self) -> &str {
        self.stdout.trim_end()
    }

    /// The `TOGIL_STATS` document.
    #[track_caller]
    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.read(STATS)).expect("the statistics are JSON")
    }

    /// Where the command ran.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// A file that the program left in its working directory.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.dump()))
    }

    /// The working directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn dump(&self) -> String {
        dump(&self.stdout, &self.stderr)
    }
}

pub(super) fn dump(stdout: &str, stderr: &str) -> String {
    let mut text = String::new();
    for (name, content) in [("stdout", stdout), ("stderr", stderr)] {
        let (content, cut) = match content.char_indices().nth_back(4000) {
            Some((start, _)) => (&content[start..], "(the end) "),
            None => (content, ""),
        };
        let _ = writeln!(text, "--- {name} {cut}\n{content}");
    }
    text
}
