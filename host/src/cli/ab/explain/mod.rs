//! One more run of each mode that tells where the time went: on which lines, and which thread held
//! the GIL when. Watching costs time, so these runs count in no other figure.

mod lines;
mod timeline;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::builds::Binary;
use super::ending::Ending;
use super::interrupt::Interrupt;
use super::mode::{ByMode, Mode};
use super::outputs::Outputs;
use super::plan::{Round, Row};
use super::process::{self, Job};
use crate::cli::profile::folded::{self, Stack};
use crate::cli::profile::speedscope;

pub(super) use self::lines::{Line, Spent, lines};
pub(super) use self::timeline::Timeline;
#[cfg(test)]
pub(super) use self::timeline::Track;

/// What the user wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The lines on which the time went.
    pub(super) lines: bool,
    /// Who did what when.
    pub(super) timelines: bool,
}

/// What one row's runs told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Explanation {
    /// The lines, those that take most first.
    pub(super) lines: Vec<Line>,
    /// Who did what when.
    pub(super) timelines: Vec<(Mode, Timeline)>,
    /// Why there is less than was wanted, in words.
    pub(super) missing: Vec<String>,
}

/// Runs the rows once more.
#[derive(Debug)]
pub(super) struct Explainer<'a> {
    pub(super) binaries: &'a ByMode<Binary>,
    pub(super) outputs: &'a Outputs,
    pub(super) limit: Duration,
    pub(super) interrupt: &'a Interrupt,
    pub(super) wanted: Wanted,
    /// Where to keep the profiles.
    pub(super) directory: Option<&'a Path>,
}

impl Explainer<'_> {
    /// What the row does with its time.
    ///
    /// # Errors
    ///
    /// When a process cannot be run, or a file not be read or written. That the script fails is
    /// part of the explanation.
    pub(super) fn explain(&self, number: usize, row: &Row) -> anyhow::Result<Explanation> {
        let mut explanation = Explanation::default();
        let mut stacks = ByMode::each(|_| Vec::new());
        for mode in Mode::TURNS {
            let round = Round { number: 0, warmup: false };
            let files = self.outputs.of_run(number, mode.into(), round)?;
            let (profile, trace) =
                (files.stdout.with_extension("folded"), files.stdout.with_extension("trace"));
            let mut arguments: Vec<&std::ffi::OsStr> = vec!["run".as_ref()];
            if self.wanted.lines {
                arguments.extend(["--sample".as_ref(), profile.as_os_str()]);
            }
            if self.wanted.timelines {
                arguments.extend(["--trace".as_ref(), trace.as_os_str()]);
            }
            arguments.extend(row.arguments());
            let job = Job {
                program: &self.binaries.of(mode).path,
                arguments: &arguments,
                stdout: &files.stdout,
                stderr: &files.stderr,
                statistics: None,
                work: row.runner.is_some().then_some(&files.work),
                limit: self.limit,
            };
            let ending = process::run(&job, self.interrupt)?.ending;
            if ending == Ending::Interrupted {
                return Ok(explanation);
            }
            if !ending.is_success() {
                explanation
                    .missing
                    .push(format!("{mode}: the run to be watched failed ({ending})"));
                continue;
            }
            if let Some(text) = read(&profile)? {
                *stacks.of_mut(mode) = folded::parse(&text);
            }
            if let Some(text) = read(&trace)? {
                explanation.timelines.extend(Timeline::parse(&text).map(|of| (mode, of)));
            }
        }
        if let Some(directory) = self.directory {
            for mode in Mode::TURNS {
                keep(directory, row, mode, stacks.of(mode))?;
            }
        }
        explanation.lines = lines(&stacks);
        Ok(explanation)
    }
}

fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("can't read '{}'", path.display())),
    }
}

/// Writes a profile in both forms.
fn keep(directory: &Path, row: &Row, mode: Mode, stacks: &[Stack]) -> anyhow::Result<()> {
    let threads = row.threads.map(|threads| format!("-{threads}")).unwrap_or_default();
    let name = format!("{}{threads}-{}", row.name, mode.short());
    let path = |ending: &str| -> PathBuf { directory.join(format!("{name}.{ending}")) };
    let speedscope = speedscope::render(&name, stacks).context("can't write a profile as JSON")?;
    let texts = [(path("folded"), folded::render(stacks)), (path("speedscope.json"), speedscope)];
    for (path, text) in texts {
        fs::write(&path, text).with_context(|| format!("can't write '{}'", path.display()))?;
    }
    Ok(())
}
