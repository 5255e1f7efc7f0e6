//! Does one run of the plan as a process.

use std::ffi::OsStr;
use std::time::Duration;

use super::builds::Binary;
use super::interrupt::Interrupt;
use super::measure::Runner;
use super::mode::{ByMode, Mode};
use super::outputs::Outputs;
use super::plan::{Round, Row};
use super::process::{self, Job};
use super::sample::Sample;

/// Runs `BINARY run SCRIPT ARGS...`, or `BINARY run RUNNER SCRIPT ARGS...`.
#[derive(Debug)]
pub(super) struct ProcessRunner<'a> {
    /// The binary of each mode.
    pub(super) binaries: &'a ByMode<Binary>,
    /// Where the runs write.
    pub(super) outputs: &'a Outputs,
    /// When a run is killed.
    pub(super) limit: Duration,
    /// What else makes it be killed.
    pub(super) interrupt: &'a Interrupt,
}

impl Runner for ProcessRunner<'_> {
    fn run(
        &mut self,
        number: usize,
        row: &Row,
        mode: Mode,
        round: Round,
    ) -> anyhow::Result<Sample> {
        let files = self.outputs.of_run(number, mode, round)?;
        let mut arguments = vec![OsStr::new("run")];
        arguments.extend(row.runner.as_ref().map(|runner| runner.as_os_str()));
        arguments.push(row.script.as_os_str());
        arguments.extend(row.args.iter().map(|arg| arg.as_os_str()));
        let job = Job {
            program: &self.binaries.of(mode).path,
            arguments: &arguments,
            stdout: &files.stdout,
            stderr: &files.stderr,
            statistics: Some(&files.statistics),
            work: row.runner.is_some().then_some(&files.work),
            limit: self.limit,
        };
        let finished = process::run(&job, self.interrupt)?;
        Sample::new(mode, round, &finished, &files)
    }
}
