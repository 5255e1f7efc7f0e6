//! Findings that were there before: only new ones fail.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::race::Verdict;

/// Counts up when an older togil would misread it.
const VERSION: u32 = 1;

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
    /// As it was given on the command line.
    pub(super) file: String,
    /// The model's name.
    pub(super) model: String,
    /// In one word.
    pub(super) verdict: String,
    /// What the lines say that conflict.
    pub(super) lines: BTreeSet<String>,
}

impl Known {
    /// A finding as a baseline has it. `lines`: the code of the lines that conflict.
    pub(super) fn new(file: &str, model: &str, verdict: Verdict, lines: BTreeSet<String>) -> Self {
        let verdict = verdict.as_str().to_owned();
        Self {
            fingerprint: fingerprint(model, &verdict, &lines),
            file: file.to_owned(),
            model: model.to_owned(),
            verdict,
            lines,
        }
    }
}

/// Stays the same when lines move, and when others are edited: of the model's name, the verdict and the
/// code of the lines that conflict, whatever their order.
fn fingerprint(model: &str, verdict: &str, lines: &BTreeSet<String>) -> String {
    let parts = [model, verdict].into_iter().chain(lines.iter().map(String::as_str));
    // FNV-1a, with an end behind each part that no text has in it. The same in every version of togil,
    // which the standard library's hasher is not.
    let bytes = parts.flat_map(|part| part.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
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
            VERSION => Ok(read),
            other => Err(format!(
                "the baseline '{shown}' has version {other}, and this togil knows {VERSION}: write \
                 it anew with --write-baseline"
            )),
        }
    }

    /// Writes it as a file whose lines change with what they are about, for version control.
    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        super::write(path, &format!("{text}\n"))
    }

    pub(super) fn has(&self, fingerprint: &str) -> bool {
        self.findings.iter().any(|known| known.fingerprint == fingerprint)
    }

    /// What it has of these files, and of the models that `is_explored` names, and was not found again.
    pub(super) fn gone<'a>(
        &'a self,
        files: &'a BTreeSet<String>,
        is_explored: impl Fn(&str) -> bool + 'a,
        found: &'a BTreeSet<&str>,
    ) -> impl Iterator<Item = &'a Known> {
        let mine = self.findings.iter().filter(move |known| files.contains(&known.file));
        mine.filter(move |known| {
            is_explored(&known.model) && !found.contains(known.fingerprint.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(model: &str, verdict: Verdict, lines: &[&str]) -> String {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        Known::new("m.py", model, verdict, lines).fingerprint
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
        assert_eq!(one, "52880346fd80c87d");
    }
}
