//! A row of the report with all that is known about it.

use super::cause::{Cause, Kind};
use super::findings::{Finding, findings};
use super::forecast::Forecast;
use super::mode::{ByMode, Mode};
use super::noise::Drift;
use super::others::{Other, OtherResult};
use super::plan::Row;
use super::sample::Sample;
use super::statistics::Comparison;
use super::summary::{Summary, comparison, drift, summaries};
use super::verdict::Verdict;

/// What came of a row.
#[derive(Debug)]
pub(super) struct RowResult {
    /// What was run.
    pub(super) row: Row,
    /// Every run of it.
    pub(super) samples: Vec<Sample>,
    /// The figures of each mode that had a run end well.
    pub(super) summaries: ByMode<Option<Summary>>,
    /// How the modes compare; nothing if they cannot be compared.
    pub(super) comparison: Option<Comparison>,
    /// What is wrong.
    pub(super) findings: Vec<Finding>,
    /// What it comes to.
    pub(super) verdict: Verdict,
    /// What kind of work it is.
    pub(super) kind: Option<Kind>,
    /// What costs most.
    pub(super) cause: Option<Cause>,
    /// What the runs with the GIL alone would have said.
    pub(super) forecast: Option<Forecast>,
    /// How the machine changed while it measured.
    pub(super) drift: Option<Drift>,
    /// What came of the other programs.
    pub(super) others: Vec<OtherResult>,
}

impl RowResult {
    /// Works everything out from the samples, which were taken on a machine with so many cores.
    pub(super) fn new(row: Row, samples: Vec<Sample>, others: &[Other], cores: usize) -> Self {
        let findings = findings(&samples);
        let summaries = summaries(&samples);
        let comparable = !findings.iter().any(Finding::rules_out_comparison);
        let comparison =
            if comparable { comparison(&samples, Mode::Gil, Mode::Free) } else { None };
        let verdict = Verdict::of(&findings, comparison.as_ref(), wait_share(&summaries));
        let mut result = RowResult {
            kind: Kind::of(&summaries),
            cause: comparison.and_then(|_| Cause::of(&row, &summaries, cores)),
            drift: drift(&samples, &summaries),
            forecast: None,
            others: OtherResult::of(others, &row, &samples),
            row,
            samples,
            summaries,
            comparison,
            findings,
            verdict,
        };
        result.forecast = Forecast::of(&result, cores);
        result
    }

    /// Which row it is, in words.
    pub(super) fn title(&self) -> String {
        match self.row.threads {
            Some(threads) => format!("{}, threads {threads}", self.row.name),
            None => self.row.name.clone(),
        }
    }

    /// The share (0 to 1) of waiting for the GIL, where there was one.
    pub(super) fn wait_share(&self) -> Option<f64> {
        wait_share(&self.summaries)
    }
}

fn wait_share(summaries: &ByMode<Option<Summary>>) -> Option<f64> {
    summaries.gil.as_ref()?.gil.as_ref()?.wait_share
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::ending::Ending;
    use super::super::lock_stats::{GilStats, LockStats, StopStats};
    use super::super::mode::Mode;
    use super::super::sample::tests::sample;
    use super::*;

    /// A row with pairs of these wall times, the GIL first. The threads waited for
    /// the GIL for 47 % of the time.
    pub(in super::super) fn result(
        name: &str,
        threads: Option<u32>,
        walls: &[(f64, f64)],
    ) -> RowResult {
        let row = Row {
            name: name.to_owned(),
            script: format!("/tmp/{name}").into(),
            runner: None,
            args: vec!["--size".into(), "3".into()],
            threads,
            shares_work: name != "convoy",
        };
        RowResult::new(row, samples(walls), &[], 2)
    }

    fn samples(walls: &[(f64, f64)]) -> Vec<Sample> {
        let pair = |(number, (gil, free)): (u32, &(f64, f64))| {
            let mut pair = [sample(Mode::Gil, number, *gil), sample(Mode::Free, number, *free)];
            pair[1].user_s = free * 1.9;
            for (run, gil_stats) in pair.iter_mut().zip([Some(gil_stats()), None]) {
                let stops = StopStats { stops: 3, total_ns: 1_500_000, max_ns: 900_000 };
                run.locks = Some(LockStats {
                    gil_enabled: gil_stats.is_some(),
                    gil: gil_stats,
                    stop_the_world: Some(stops),
                    gc: None,
                });
            }
            pair
        };
        (1..).zip(walls).flat_map(pair).collect()
    }

    fn gil_stats() -> GilStats {
        GilStats {
            acquisitions: 2000,
            waits: 900,
            wait_ns: 940_000_000,
            max_wait_ns: 5_000_000,
            hold_ns: 1_060_000_000,
            forced_switches: 321,
            voluntary_releases: 1234,
        }
    }

    /// A row in which the free-threaded build crashed once.
    pub(in super::super) fn crashed(name: &str) -> RowResult {
        let mut crashed = result(name, Some(2), &[(1.0, 0.5); 5]);
        crashed.samples[3].ending = Ending::Signal { signal: 11 };
        RowResult::new(crashed.row, crashed.samples, &[], 2)
    }

    #[test]
    fn different_work_is_not_compared() {
        let crashed = crashed("a");
        assert_eq!(crashed.comparison, None);
        assert_eq!(crashed.verdict, Verdict::Wrong { what: "failed" });
        assert!(crashed.summaries.free.is_some());
    }

    #[test]
    fn good_runs_are() {
        let result = result("a", None, &[(1.0, 0.5); 5]);
        assert!(result.findings.is_empty());
        assert_eq!(result.verdict.short(), "2.0x faster");
        assert_eq!(result.wait_share(), Some(0.47));
    }
}
