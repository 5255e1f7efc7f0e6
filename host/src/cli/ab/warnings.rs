//! Reasons to take the figures with care. None of them is an error.

use std::fmt;
use std::time::Duration;

use super::arm::Arm;
use super::builds::Binary;
use super::machine::Machine;
use super::mode::{ByMode, Mode};
use super::noise::Drift;
use super::results::RowResult;

/// Shorter runs are mostly the start of the interpreter.
const SHORT_RUN: Duration = Duration::from_millis(50);

/// Load for each core above which other programs are in the way.
const HIGH_LOAD: f64 = 0.5;

/// What was seen. Shown with what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Warning {
    /// Other programs are running.
    BusyMachine {
        /// Load average of the last minute.
        load: f64,
        /// Number of cores.
        cores: usize,
    },
    /// Threads cannot run at the same time.
    OneCore,
    /// More threads than can run at the same time.
    MoreThreadsThanCores {
        /// Most threads asked for.
        threads: u32,
        /// Number of cores.
        cores: usize,
    },
    /// The two binaries differ in more than the mode.
    VersionsDiffer,
    /// Most of what was measured is not the script.
    ShortRuns {
        /// Names of the rows.
        names: Vec<String>,
    },
    /// The machine changed while it measured.
    Drift {
        /// The row with the greatest drift.
        name: String,
        /// Time of the second half of its runs over that of the first.
        ratio: f64,
    },
    /// Some runs took far more or less time than the others.
    Outliers {
        /// Rows with the number of such runs.
        names: Vec<(String, usize)>,
    },
    /// The share of waiting for the GIL is not known.
    NoLockStatistics {
        /// Whose binary did not write them.
        mode: Mode,
    },
}

/// Looks at all that could spoil the figures.
pub(super) fn warnings(
    machine: &Machine,
    binaries: &ByMode<Binary>,
    rows: &[RowResult],
) -> Vec<Warning> {
    let cores = machine.cores;
    let threads = rows.iter().filter_map(|row| row.row.threads).max();
    let mut warnings = Vec::new();
    if let Some(load) = machine.load_average.filter(|load| *load > HIGH_LOAD * cores as f64) {
        warnings.push(Warning::BusyMachine { load, cores });
    }
    if cores == 1 {
        warnings.push(Warning::OneCore);
    } else if let Some(threads) = threads.filter(|threads| *threads as usize > cores) {
        warnings.push(Warning::MoreThreadsThanCores { threads, cores });
    }
    if binaries.gil.version != binaries.free.version {
        warnings.push(Warning::VersionsDiffer);
    }
    let mut names: Vec<String> =
        rows.iter().filter(|row| is_short(row)).map(|row| row.row.name.clone()).collect();
    names.dedup();
    if !names.is_empty() {
        warnings.push(Warning::ShortRuns { names });
    }
    let size = |drift: &Drift| drift.ratio.max(1.0 / drift.ratio);
    let drifts = rows.iter().filter_map(|row| Some((row, row.drift.as_ref()?)));
    if let Some((row, drift)) = drifts.max_by(|a, b| size(a.1).total_cmp(&size(b.1))) {
        warnings.push(Warning::Drift { name: row.row.name.clone(), ratio: drift.ratio });
    }
    let outliers = |row: &RowResult| {
        let summaries = Mode::TURNS.iter().filter_map(|mode| row.summaries.of(*mode).as_ref());
        summaries.map(|summary| summary.outliers.len()).sum::<usize>()
    };
    let names: Vec<(String, usize)> = rows
        .iter()
        .map(|row| (row.title(), outliers(row)))
        .filter(|(_, count)| *count > 0)
        .collect();
    if !names.is_empty() {
        warnings.push(Warning::Outliers { names });
    }
    warnings.extend(
        Mode::TURNS
            .into_iter()
            .filter(|mode| lacks_statistics(rows, *mode))
            .map(|mode| Warning::NoLockStatistics { mode }),
    );
    warnings
}

fn is_short(row: &RowResult) -> bool {
    Mode::TURNS.iter().any(|mode| {
        let summary = row.summaries.of(*mode).as_ref();
        summary.is_some_and(|summary| summary.wall_s.median < SHORT_RUN.as_secs_f64())
    })
}

fn lacks_statistics(rows: &[RowResult], mode: Mode) -> bool {
    let mut runs = rows
        .iter()
        .flat_map(|row| &row.samples)
        .filter(|run| run.arm == Arm::Mode(mode) && run.counts());
    runs.any(|run| run.locks.is_none())
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::BusyMachine { load, cores } => write!(
                f,
                "the load was {load:.1} on {cores} cores at the start: other programs disturb the figures; end them and measure again"
            ),
            Warning::Drift { name, ratio } => {
                let (factor, word) = match *ratio {
                    1.0.. => (*ratio, "slower"),
                    _ => (1.0 / ratio, "faster"),
                };
                write!(
                    f,
                    "the machine got {factor:.2}x {word} while it measured {name} (second half of the runs against the first); the turns of the modes make up for it, a quieter machine would be better"
                )
            }
            Warning::Outliers { names } => {
                let name = |(name, count): &(String, usize)| format!("{name} ({count})");
                let names: Vec<String> = names.iter().map(name).collect();
                write!(
                    f,
                    "runs that took far more or less time than the others of their mode are counted like them: {}",
                    names.join(", ")
                )
            }
            Warning::OneCore => f.write_str(
                "there is one core only: threads cannot run at the same time in either mode; measure on a machine with more",
            ),
            Warning::MoreThreadsThanCores { threads, cores } => {
                write!(f, "{threads} threads share {cores} cores: threads beyond the cores cannot compute at the same time")
            }
            Warning::VersionsDiffer => f.write_str(
                "the binaries are of different versions: the difference need not come from the GIL; build both from the same source",
            ),
            Warning::ShortRuns { names } => write!(
                f,
                "runs under {} ms are mostly the start of the interpreter; give more work to: {}",
                SHORT_RUN.as_millis(),
                names.join(", ")
            ),
            Warning::NoLockStatistics { mode } => write!(
                f,
                "the {mode} binary wrote no lock statistics in some runs; a script that ends with os._exit() prevents it, an old binary too"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::tests::machine;
    use super::super::results::tests::result;
    use super::*;

    fn binaries() -> ByMode<Binary> {
        ByMode::each(|mode| Binary { path: mode.short().into(), version: "1.0".to_owned() })
    }

    #[test]
    fn a_quiet_machine_needs_no_warning() {
        let rows = [result("a", Some(2), &[(2.0, 1.0); 5])];
        assert_eq!(warnings(&machine(), &binaries(), &rows), []);
    }

    #[test]
    fn what_spoils_the_figures_is_named() {
        let mut machine = machine();
        machine.load_average = Some(9.0);
        let mut binaries = binaries();
        binaries.free.version = "2.0".to_owned();
        let mut rows = [result("a", Some(8), &[(0.01, 2.0)])];
        for run in &mut rows[0].samples {
            run.locks = None;
        }
        let found = warnings(&machine, &binaries, &rows);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found[0].to_string().starts_with("the load was 9.0 on 4 cores"));
        assert!(found[3].to_string().ends_with("give more work to: a"));
        machine.cores = 1;
        assert!(warnings(&machine, &binaries, &rows).contains(&Warning::OneCore));
    }
}
