//! Findings that were there before: only new ones fail.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::race::Verdict;

/// Counts up when an older togil would misread it.
const VERSION: u32 = 2;

/// Its fingerprints knew no file, and were of all lines that conflict.
const OLD_VERSION: u32 = 1;

/// A file of known findings.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

/// One of them. Only the fingerprint is compared; the rest is for people.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// See [`fingerprint`].
    pub(super) fingerprint: String,
    /// See [`portable`].
    pub(super) file: String,
    /// The model's name.
    pub(super) model: String,
    /// In one word.
    pub(super) verdict: String,
    /// What the lines say that the finding turns on.
    pub(super) lines: BTreeSet<String>,
    /// What [`OLD_VERSION`] would have as its fingerprint.
    #[serde(skip)]
    old_fingerprint: String,
}

impl Known {
    /// A finding as a baseline has it. `lines`: the code of the lines that it turns on; `all`: of those that
    /// conflict.
    pub(super) fn new(
        file: String,
        model: &str,
        verdict: Verdict,
        lines: BTreeSet<String>,
        all: &BTreeSet<String>,
    ) -> Self {
        let verdict = verdict.as_str().to_owned();
        Self {
            fingerprint: fingerprint(&[&file, model, &verdict], &lines),
            old_fingerprint: fingerprint(&[model, &verdict], all),
            file,
            model: model.to_owned(),
            verdict,
            lines,
        }
    }
}

/// Stays the same when lines move, and when others are edited: of the file and the model's names, the verdict
/// and the code of the lines that the finding turns on, whatever their order.
fn fingerprint(names: &[&str], lines: &BTreeSet<String>) -> String {
    let parts = names.iter().copied().chain(lines.iter().map(String::as_str));
    // FNV-1a, with an end behind each part that no text has in it. The same in every version of togil,
    // which the standard library's hasher is not.
    let bytes = parts.flat_map(|part| part.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// A file's name as seen from a directory, the same wherever both are: with `/` on every system. What is no file,
/// a module for example, keeps its name.
pub(super) fn portable(file: &str, directory: &Path) -> String {
    if !Path::new(file).is_file() {
        return file.to_owned();
    }
    let (file, directory) = (plain(Path::new(file)), plain(directory));
    let (mut to, mut from) = (file.components().peekable(), directory.components().peekable());
    while to.peek().is_some() && to.peek() == from.peek() {
        to.next();
        from.next();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// An absolute path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let mut found = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(found.pop()),
            other => found.push(other),
        }
    }
    found
}

impl Baseline {
    pub(super) fn of(findings: Vec<Known>) -> Self {
        Self { version: VERSION, findings }
    }

    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            format!("cannot read the baseline '{shown}': {error}; --write-baseline makes one")
        })?;
        let read: Self = serde_json::from_str(&text)
            .map_err(|error| format!("'{shown}' is not a baseline: {error}"))?;
        match read.version {
            VERSION | OLD_VERSION => Ok(read),
            other => Err(format!(
                "the baseline '{shown}' has version {other}, and this togil knows {VERSION}: write \
                 it anew with --write-baseline"
            )),
        }
    }

    /// Whether it cannot tell files apart.
    pub(super) fn is_old(&self) -> bool {
        self.version == OLD_VERSION
    }

    /// Writes it as a file whose lines change with what they are about, for version control.
    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        super::write(path, &format!("{text}\n"))
    }

    pub(super) fn has(&self, finding: &Known) -> bool {
        self.findings.iter().any(|known| self.is_same(known, finding))
    }

    /// What it has of these files, and was not found again.
    pub(super) fn gone<'a>(
        &'a self,
        files: &'a BTreeSet<String>,
        found: &'a [&Known],
    ) -> impl Iterator<Item = &'a Known> {
        let mine = self.findings.iter().filter(|known| files.contains(&known.file));
        mine.filter(|known| !found.iter().any(|found| self.is_same(known, found)))
    }

    /// Whether one that it has is the one that was found.
    fn is_same(&self, known: &Known, found: &Known) -> bool {
        known.fingerprint
            == if self.is_old() { &*found.old_fingerprint } else { &*found.fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(model: &str, verdict: Verdict, lines: &[&str]) -> String {
        let lines: BTreeSet<_> = lines.iter().map(|&line| line.to_owned()).collect();
        let known = Known::new("m.py".to_owned(), model, verdict, lines.clone(), &lines);
        // Of version 1: it must be found as long as that version is read.
        if (model, verdict, lines.len()) == ("race_a", Verdict::Fails, 2) {
            assert_eq!(known.old_fingerprint, "52880346fd80c87d");
        }
        known.fingerprint
    }

    #[test]
    fn a_fingerprint_tells_findings_apart() {
        let one = known("race_a", Verdict::Fails, &["x += 1", "y"]);
        assert_eq!(one, known("race_a", Verdict::Fails, &["y", "x += 1", "y"]));
        for other in [
            known("race_b", Verdict::Fails, &["x += 1", "y"]),
            known("race_a", Verdict::Deadlock, &["x += 1", "y"]),
            known("race_a", Verdict::Fails, &["x += 1"]),
            known("race_a", Verdict::Fails, &["x += 1y"]),
        ] {
            assert_ne!(one, other);
        }
        // It must not change from version to version.
        assert_eq!(one, "b5054147a4139f5a");
    }

    #[test]
    fn a_file_is_named_as_the_directory_sees_it() {
        // Tests run in the directory of their package.
        let name = |file: &str, directory: &str| portable(file, Path::new(directory));
        assert_eq!(name("src/lib.rs", ""), "src/lib.rs");
        assert_eq!(name("./src/../src/lib.rs", "src"), "lib.rs");
        assert_eq!(name("src/lib.rs", "src/race/explore"), "../../lib.rs");
        let here = std::env::current_dir().unwrap();
        assert_eq!(name(&here.join("src/lib.rs").to_string_lossy(), "src/race"), "../lib.rs");
        assert_eq!(name("unittest", "src"), "unittest");
    }
}
