//! Does one run of the plan as a process.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;

use super::arm::Arm;
use super::builds::Binary;
use super::interrupt::Interrupt;
use super::measure::Runner;
use super::mode::ByMode;
use super::others::Other;
use super::outputs::Outputs;
use super::plan::{Round, Row};
use super::process::{self, Job};
use super::sample::Sample;

/// Runs `BINARY run SCRIPT ARGS...`, or `BINARY run RUNNER SCRIPT ARGS...`.
#[derive(Debug)]
pub(super) struct ProcessRunner<'a> {
    /// The binary of each mode.
    pub(super) binaries: &'a ByMode<Binary>,
    /// What takes turns with them.
    pub(super) others: &'a [Other],
    /// Where the runs write.
    pub(super) outputs: &'a Outputs,
    /// When a run is killed.
    pub(super) limit: Duration,
    /// What else makes it be killed.
    pub(super) interrupt: &'a Interrupt,
}

impl Runner for ProcessRunner<'_> {
    fn run(&mut self, number: usize, row: &Row, arm: Arm, round: Round) -> anyhow::Result<Sample> {
        let files = self.outputs.of_run(number, arm, round)?;
        let (program, mut arguments) = self.program(arm)?;
        arguments.extend(row.arguments());
        let job = Job {
            program,
            arguments: &arguments,
            stdout: &files.stdout,
            stderr: &files.stderr,
            statistics: Some(&files.statistics),
            work: row.runner.is_some().then_some(&files.work),
            limit: self.limit,
        };
        let finished = process::run(&job, self.interrupt)?;
        Sample::new(arm, round, &finished, &files)
    }

    fn declines(&self, row: &Row, other: usize) -> bool {
        self.others[other].declines(row).is_some()
    }
}

impl ProcessRunner<'_> {
    /// The file, and what comes before the script.
    fn program(&self, arm: Arm) -> anyhow::Result<(&Path, Vec<&OsStr>)> {
        match arm {
            Arm::Mode(mode) => Ok((&self.binaries.of(mode).path, vec![OsStr::new("run")])),
            Arm::Other(number) => match &self.others[number].program {
                Ok(program) => {
                    Ok((&program.path, program.args.iter().map(AsRef::as_ref).collect()))
                }
                Err(missing) => {
                    bail!("can't run '{}': {}", self.others[number].name, missing.missing)
                }
            },
        }
    }
}
