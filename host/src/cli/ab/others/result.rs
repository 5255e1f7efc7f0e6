//! What came of another program in a row.

use serde::Serialize;

use super::{Kind, Other};
use crate::cli::ab::arm::Arm;
use crate::cli::ab::ending::Ending;
use crate::cli::ab::mode::{ByMode, Mode};
use crate::cli::ab::plan::Row;
use crate::cli::ab::sample::Sample;
use crate::cli::ab::statistics::{Comparison, median};
use crate::cli::ab::summary::{Summary, comparison};

/// Another program in a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::cli::ab) struct OtherResult {
    /// Its number among the others.
    pub(in crate::cli::ab) other: usize,
    #[serde(flatten)]
    pub(in crate::cli::ab) outcome: Outcome,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(in crate::cli::ab) enum Outcome {
    /// It was measured.
    Measured {
        /// Its figures.
        summary: Box<Summary>,
        /// Its wall time over that of each build: above 1 the build is faster.
        against: Box<ByMode<Option<Comparison>>>,
        /// Whether it printed the same as the builds.
        same_output: bool,
    },
    /// It was not, and why.
    NotMeasured {
        /// In words.
        why: String,
    },
}

impl OtherResult {
    /// Of each of the others.
    pub(in crate::cli::ab) fn of(others: &[Other], row: &Row, samples: &[Sample]) -> Vec<Self> {
        let outcome = |(number, other): (usize, &Other)| OtherResult {
            other: number,
            outcome: outcome(other, number, row, samples),
        };
        others.iter().enumerate().map(outcome).collect()
    }

    /// Its figures, if it was measured.
    pub(in crate::cli::ab) fn summary(&self) -> Option<&Summary> {
        match &self.outcome {
            Outcome::Measured { summary, .. } => Some(summary),
            Outcome::NotMeasured { .. } => None,
        }
    }

    /// How it compares with a build.
    pub(in crate::cli::ab) fn against(&self, mode: Mode) -> Option<&Comparison> {
        match &self.outcome {
            Outcome::Measured { against, .. } => against.of(mode).as_ref(),
            Outcome::NotMeasured { .. } => None,
        }
    }

    /// What there is to say besides, in words.
    pub(in crate::cli::ab) fn note(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::NotMeasured { why } => Some(why),
            Outcome::Measured { same_output: false, .. } => Some("prints something else"),
            Outcome::Measured { .. } => None,
        }
    }
}

fn outcome(other: &Other, number: usize, row: &Row, samples: &[Sample]) -> Outcome {
    if let Some(why) = other.declines(row) {
        return Outcome::NotMeasured { why };
    }
    let arm = Arm::Other(number);
    let runs = || samples.iter().filter(|run| run.arm == arm);
    let failed = |run: &&Sample| !run.ending.is_success() && run.ending != Ending::Interrupted;
    if let Some(run) = runs().find(failed) {
        let said = run.stderr_last_line.as_ref().map(|line| format!(": {line}"));
        let why = format!("failed ({}{})", run.ending, said.unwrap_or_default());
        return Outcome::NotMeasured { why };
    }
    let Some(summary) = Summary::of(samples, arm) else {
        return Outcome::NotMeasured { why: "not run".to_owned() };
    };
    let printed = |run: &Sample| run.ending.is_success().then(|| run.stdout.clone());
    let ours: Vec<_> =
        samples.iter().filter(|run| matches!(run.arm, Arm::Mode(_))).filter_map(printed).collect();
    Outcome::Measured {
        summary: Box::new(summary),
        against: Box::new(ByMode::each(|mode| comparison(samples, arm, mode))),
        same_output: runs().filter_map(printed).all(|text| ours.contains(&text)),
    }
}

/// What it costs to be thread-safe, in each build: its time over that of the VM without thread
/// support, the median over all rows in which that one ran. Above 1 it costs.
pub(in crate::cli::ab) fn thread_safety_cost<'a>(
    others: &[Other],
    rows: impl Iterator<Item = &'a [OtherResult]> + Clone,
) -> ByMode<Option<f64>> {
    let single = others.iter().position(|other| other.kind == Kind::Single);
    ByMode::each(|mode| {
        let of_row = |row: &[OtherResult]| {
            let result = row.iter().find(|result| Some(result.other) == single)?;
            Some(1.0 / result.against(mode)?.ratio)
        };
        median(rows.clone().filter_map(of_row))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::peer;
    use super::*;
    use crate::cli::ab::results::tests::result;
    use crate::cli::ab::sample::tests::{printed, sample};

    fn samples(change: impl Fn(&mut Sample)) -> (Row, Vec<Sample>) {
        let row = result("a", Some(2), &[]).row;
        let round = |number| {
            let mut other = sample(Arm::Other(0), number, 3.0);
            change(&mut other);
            [sample(Mode::Gil, number, 2.0), sample(Mode::Free, number, 1.0), other]
        };
        (row, (1..=5).flat_map(round).collect())
    }

    fn only(change: impl Fn(&mut Sample)) -> OtherResult {
        let (row, samples) = samples(change);
        let [result] = OtherResult::of(&[peer("x")], &row, &samples).try_into().unwrap();
        result
    }

    #[test]
    fn it_is_compared_with_both_builds() {
        let result = only(|_| ());
        let ratio = |mode| result.against(mode).unwrap().ratio;
        assert_eq!([Mode::Gil, Mode::Free].map(ratio), [1.5, 3.0]);
        assert_eq!(result.note(), None);
        let other = only(|run| run.stdout = printed("something else"));
        assert_eq!(other.note(), Some("prints something else"));
    }

    #[test]
    fn a_failure_says_what_happened() {
        let failed = only(|run| {
            run.ending = Ending::Exited { status: 1 };
            run.stderr_last_line = Some("ImportError: x".to_owned());
        });
        assert_eq!(failed.note(), Some("failed (exit status 1: ImportError: x)"));
        assert!(failed.summary().is_none());
    }

    #[test]
    fn the_cost_of_thread_safety_is_the_median_over_the_rows() {
        let single = Other { kind: Kind::Single, ..peer("single") };
        let (mut row, samples) = samples(|run| run.wall_s = 0.8);
        row.threads = Some(1);
        let results = OtherResult::of(std::slice::from_ref(&single), &row, &samples);
        let cost = thread_safety_cost(&[single], [results.as_slice()].into_iter());
        assert_eq!(cost, ByMode { gil: Some(2.5), free: Some(1.25) });
        let none = thread_safety_cost(&[peer("x")], [results.as_slice()].into_iter());
        assert_eq!(none, ByMode { gil: None, free: None });
    }
}
