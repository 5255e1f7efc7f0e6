//! What is run, and in which order.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One line of the report: a program with its arguments, to be run in both modes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Name of the script, for people.
    pub(super) name: String,
    /// The file to run.
    pub(super) script: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Number of threads, where it was asked for.
    pub(super) threads: Option<u32>,
    /// Whether more threads share the same work. If not, comparing its times at
    /// different numbers of threads says nothing.
    pub(super) shares_work: bool,
}

/// One run of each mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Round {
    /// Counts from 1, warm-ups and measured rounds each on their own.
    #[serde(rename = "run")]
    pub(super) number: u32,
    /// Whether its figures are thrown away.
    pub(super) warmup: bool,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.warmup { "warm-up" } else { "run" }, self.number)
    }
}

/// All rows, and how often each of them is run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What is run, one after the other.
    pub(super) rows: Vec<Row>,
    /// Rounds before the measured ones.
    pub(super) warmup: u32,
    /// Measured rounds.
    pub(super) runs: u32,
}

impl Plan {
    /// The rounds of each row in their order. In a round the modes take turns as
    /// in [`Mode::TURNS`](super::mode::Mode::TURNS).
    pub(super) fn rounds(&self) -> impl Iterator<Item = Round> + use<> {
        let warmups = (1..=self.warmup).map(|number| Round { number, warmup: true });
        let measured = (1..=self.runs).map(|number| Round { number, warmup: false });
        warmups.chain(measured)
    }

    /// How many processes each row takes.
    pub(super) fn processes_per_row(&self) -> u64 {
        2 * (u64::from(self.warmup) + u64::from(self.runs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_ups_come_first() {
        let plan = Plan { rows: Vec::new(), warmup: 1, runs: 2 };
        let rounds: Vec<_> = plan.rounds().map(|round| (round.number, round.warmup)).collect();
        assert_eq!(rounds, [(1, true), (1, false), (2, false)]);
        assert_eq!(plan.processes_per_row(), 6);
    }
}
