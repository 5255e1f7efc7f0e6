//! The directory with what the runs print, kept when there is something to look at.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use super::arm::Arm;
use super::plan::Round;

/// A temporary directory with a folder for each row of the plan.
#[derive(Debug)]
pub(super) struct Outputs {
    directory: TempDir,
}

/// Where one run writes.
#[derive(Debug, Clone)]
pub(super) struct RunFiles {
    /// Its standard output.
    pub(super) stdout: PathBuf,
    /// Its standard error.
    pub(super) stderr: PathBuf,
    /// Its lock statistics. The file is missing when the run died early.
    pub(super) statistics: PathBuf,
    /// The times of its work, if it is a workload of the library form.
    pub(super) work: PathBuf,
}

impl Outputs {
    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// When the directory for temporary files cannot be written to.
    pub(super) fn create() -> anyhow::Result<Self> {
        let directory =
            tempfile::Builder::new().prefix("togil-ab-").tempdir().with_context(|| {
                format!(
                    "can't create a directory for the outputs in '{}'; name another one in TMPDIR",
                    std::env::temp_dir().display()
                )
            })?;
        Ok(Outputs { directory })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Names the files of one run, and makes the folder for them.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub(super) fn of_run(&self, row: usize, arm: Arm, round: Round) -> anyhow::Result<RunFiles> {
        let folder = self.folder(row);
        fs::create_dir_all(&folder)
            .with_context(|| format!("can't create '{}'", folder.display()))?;
        let file = |ending: &str| {
            let kind = if round.warmup { "warmup" } else { "run" };
            folder.join(format!("{}-{kind}-{}.{ending}", arm.short(), round.number))
        };
        Ok(RunFiles {
            stdout: file("stdout"),
            stderr: file("stderr"),
            statistics: file("locks.json"),
            work: file("work.json"),
        })
    }

    /// Keeps the folders of the rows for which `keep` is true, and tells where they
    /// are. Without any such row everything is removed.
    pub(super) fn finish(self, keep: &[bool]) -> Option<PathBuf> {
        if !keep.contains(&true) {
            return None;
        }
        for (row, _) in keep.iter().enumerate().filter(|(_, keep)| !**keep) {
            // A folder too many does no harm.
            drop(fs::remove_dir_all(self.folder(row)));
        }
        Some(self.directory.keep())
    }

    fn folder(&self, row: usize) -> PathBuf {
        self.path().join(format!("row-{}", row + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::mode::Mode;
    use super::*;

    #[test]
    fn only_rows_worth_a_look_are_kept() {
        let outputs = Outputs::create().unwrap();
        let round = Round { number: 2, warmup: true };
        for row in 0..2 {
            let files = outputs.of_run(row, Mode::Free.into(), round).unwrap();
            fs::write(files.stdout, "x").unwrap();
        }
        let kept = outputs.finish(&[false, true]).unwrap();
        assert!(!kept.join("row-1").exists());
        assert!(kept.join("row-2/free-warmup-2.stdout").exists());
        fs::remove_dir_all(kept).unwrap();
    }

    #[test]
    fn nothing_is_left_when_all_is_well() {
        let outputs = Outputs::create().unwrap();
        let path = outputs.path().to_owned();
        assert_eq!(outputs.finish(&[false]), None);
        assert!(!path.exists());
    }
}
