//! The report: all that was found out, and the ways to print it.

mod csv;
mod detail;
mod files;
pub(super) mod grid;
mod header;
mod html;
pub(super) mod json;
mod lines;
mod markdown;
mod others;
mod overview;
mod sweep;
mod table;
pub(super) mod units;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use super::builds::Binary;
use super::explain::Explanation;
use super::interrupt;
use super::machine::Machine;
use super::measure::Stopped;
use super::mode::ByMode;
use super::others::Other;
use super::plan::Runs;
use super::results::RowResult;
use super::subject::Subject;
use super::warnings::Warning;

pub(super) use files::Files;

/// All that is known at the end.
#[derive(Debug)]
pub(super) struct Report {
    /// Where it was measured.
    pub(super) machine: Machine,
    /// What was compared.
    pub(super) binaries: ByMode<Binary>,
    /// What took turns with it.
    pub(super) others: Vec<Other>,
    /// What the user asked for.
    pub(super) subject: Subject,
    /// Rounds before the measured ones.
    pub(super) warmup: u32,
    /// Measured rounds of each row.
    pub(super) runs: Runs,
    /// When a run counted as hung.
    pub(super) limit: Duration,
    /// What came of it.
    pub(super) rows: Vec<RowResult>,
    /// Where the time went, for each row of which it was asked.
    pub(super) explanations: Vec<Explanation>,
    /// Why rows or runs are missing, if any are.
    pub(super) stopped: Option<Stopped>,
    /// Directory with the outputs of rows in which something is wrong.
    pub(super) kept: Option<PathBuf>,
    /// Reasons to take the figures with care.
    pub(super) warnings: Vec<Warning>,
}

impl Report {
    /// The exit status of the program.
    pub(super) fn exit_status(&self) -> u8 {
        match self.stopped {
            Some(Stopped::Signal(signal)) => interrupt::exit_status(signal),
            Some(Stopped::Error(_)) => super::CANNOT_MEASURE,
            None => u8::from(self.rows.iter().any(|row| !row.findings.is_empty())),
        }
    }

    /// Why it is incomplete, if it is.
    fn incomplete(&self) -> Option<String> {
        match self.stopped.as_ref()? {
            Stopped::Signal(_) => Some("interrupted".to_owned()),
            Stopped::Error(error) => Some(format!("{error:#}")),
        }
    }
}

/// Prints the report to stdout: tables, or a JSON document.
///
/// # Errors
///
/// When stdout cannot be written to. That nobody reads it any more is no error.
pub(super) fn print(report: &Report, as_json: bool) -> anyhow::Result<()> {
    let written = if as_json {
        let mut stdout = io::stdout().lock();
        stdout.write_all(json::render(report)?.as_bytes()).and_then(|()| stdout.flush())
    } else {
        let bars = io::stdout().is_terminal();
        // Takes the colours out again where they are not wanted.
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(table::render(report, bars).as_bytes()).and_then(|()| stdout.flush())
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::machine::tests::machine;
    use super::super::mode::Mode;
    use super::super::results::tests::{crashed, result};
    use super::*;

    /// A report of bundled workloads, with these rows.
    pub(super) fn report(rows: Vec<RowResult>) -> Report {
        Report {
            machine: machine(),
            binaries: ByMode::each(|mode: Mode| Binary {
                path: format!("/opt/togil-{}", mode.short()).into(),
                version: "0.1.0".to_owned(),
            }),
            others: Vec::new(),
            subject: Subject::Bundled { threads: vec![2], scale: 1.0, groups: Vec::new() },
            warmup: 1,
            runs: Runs::Count(5),
            limit: Duration::from_secs(300),
            rows,
            explanations: Vec::new(),
            stopped: None,
            kept: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn the_exit_status_tells_what_happened() {
        let good = || result("a", None, &[(1.0, 0.5); 5]);
        assert_eq!(report(vec![good()]).exit_status(), 0);
        let mut failed = report(vec![good(), crashed("b")]);
        assert_eq!(failed.exit_status(), 1);
        failed.stopped = Some(Stopped::Error(anyhow::anyhow!("gone")));
        assert_eq!(failed.exit_status(), 2);
        failed.stopped = Some(Stopped::Signal(2));
        assert_eq!(failed.exit_status(), 130);
    }
}
