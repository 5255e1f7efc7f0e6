//! From the samples of a row to its figures.

use serde::Serialize;

use super::arm::Arm;
use super::mode::ByMode;
use super::noise::{self, Drift};
use super::sample::Sample;
use super::statistics::{Comparison, Spread, median};

/// The figures of one mode: medians over its measured runs that ended well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Summary {
    /// Number of these runs.
    pub(super) runs: usize,
    /// Wall time in seconds.
    pub(super) wall_s: Spread,
    /// CPU time in its own code, in seconds.
    pub(super) user_s: f64,
    /// CPU time in the kernel on its behalf, in seconds.
    pub(super) sys_s: f64,
    /// CPU time over wall time.
    pub(super) cores_used: f64,
    /// From the start of the process to its end, in seconds.
    pub(super) process_s: f64,
    /// Most memory held at a time.
    pub(super) max_rss_bytes: f64,
    /// How often a thread gave up its core to wait for something.
    pub(super) kernel_voluntary_switches: f64,
    /// How often the kernel took a core away from a thread.
    pub(super) kernel_involuntary_switches: f64,
    /// Pages that the kernel had to give it.
    pub(super) page_faults: f64,
    /// Runs whose wall time lies far from the others', by their numbers. They count.
    pub(super) outliers: Vec<u32>,
    /// What the GIL did, if there was one and the binary told.
    pub(super) gil: Option<GilSummary>,
    /// Time in which one thread had all others stopped, in seconds.
    pub(super) stopped_s: Option<f64>,
    /// Time spent collecting garbage, in seconds, if the binary told.
    pub(super) collecting_s: Option<f64>,
}

/// What the GIL did in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct GilSummary {
    /// How often a thread gave it up because it did not need it.
    pub(super) voluntary_switches: f64,
    /// How often a thread gave it up because another one wanted it.
    pub(super) forced_switches: f64,
    /// Of the time for which threads wanted to run Python, the share (0 to 1) for
    /// which they waited for it.
    pub(super) wait_share: Option<f64>,
    /// How long it was held, in seconds.
    pub(super) hold_s: f64,
    /// How long all threads together waited for it, in seconds.
    pub(super) wait_s: f64,
    /// How long it was held at a time, on average, in seconds.
    pub(super) mean_hold_s: f64,
    /// The longest wait for it, in seconds.
    pub(super) longest_wait_s: f64,
}

impl Summary {
    /// Of the runs of one program; nothing if none ended well.
    pub(super) fn of(samples: &[Sample], arm: impl Into<Arm>) -> Option<Self> {
        let arm = arm.into();
        let runs: Vec<&Sample> =
            samples.iter().filter(|run| run.arm == arm && run.counts()).collect();
        let middle = |figure: fn(&Sample) -> f64| median(runs.iter().map(|run| figure(run)));
        Some(Summary {
            runs: runs.len(),
            wall_s: Spread::of(runs.iter().map(|run| run.wall_s))?,
            user_s: middle(|run| run.user_s)?,
            sys_s: middle(|run| run.sys_s)?,
            cores_used: middle(Sample::cores_used)?,
            process_s: middle(|run| run.process_s)?,
            max_rss_bytes: middle(|run| run.max_rss_bytes as f64)?,
            kernel_voluntary_switches: middle(|run| run.kernel_voluntary_switches as f64)?,
            kernel_involuntary_switches: middle(|run| run.kernel_involuntary_switches as f64)?,
            page_faults: middle(|run| (run.minor_page_faults + run.major_page_faults) as f64)?,
            outliers: {
                let walls: Vec<f64> = runs.iter().map(|run| run.wall_s).collect();
                noise::outliers(&walls).into_iter().map(|place| runs[place].round.number).collect()
            },
            gil: GilSummary::of(&runs),
            stopped_s: median(runs.iter().filter_map(|run| {
                let stops = run.locks.as_ref()?.stop_the_world.as_ref()?;
                Some(stops.total_ns as f64 / 1e9)
            })),
            collecting_s: median(
                runs.iter().filter_map(|run| {
                    Some(run.locks.as_ref()?.gc.as_ref()?.duration_ns as f64 / 1e9)
                }),
            ),
        })
    }
}

impl GilSummary {
    fn of(runs: &[&Sample]) -> Option<Self> {
        let locks = || runs.iter().filter_map(|run| run.locks.as_ref()?.gil.as_ref());
        Some(GilSummary {
            voluntary_switches: median(locks().map(|gil| gil.voluntary_releases as f64))?,
            forced_switches: median(locks().map(|gil| gil.forced_switches as f64))?,
            wait_share: median(locks().filter_map(|gil| gil.wait_share())),
            hold_s: median(locks().map(|gil| gil.hold_ns as f64 / 1e9))?,
            wait_s: median(locks().map(|gil| gil.wait_ns as f64 / 1e9))?,
            longest_wait_s: median(locks().map(|gil| gil.max_wait_ns as f64 / 1e9))?,
            mean_hold_s: median(
                locks().map(|gil| gil.hold_ns as f64 / 1e9 / gil.acquisitions.max(1) as f64),
            )?,
        })
    }
}

/// The figures of both modes.
pub(super) fn summaries(samples: &[Sample]) -> ByMode<Option<Summary>> {
    ByMode::each(|mode| Summary::of(samples, mode))
}

/// Compares the wall times of two programs in the rounds in which both runs count: the ratio is that
/// of the first to the second.
pub(super) fn comparison(
    samples: &[Sample],
    first: impl Into<Arm>,
    second: impl Into<Arm>,
) -> Option<Comparison> {
    let (first, second) = (first.into(), second.into());
    let of = |arm: Arm| samples.iter().filter(move |run| run.arm == arm && run.counts());
    let pairs: Vec<(f64, f64)> = of(first)
        .filter_map(|one| {
            let other = of(second).find(|other| other.round == one.round)?;
            Some((one.wall_s, other.wall_s))
        })
        .collect();
    Comparison::of(&pairs)
}

/// How much slower or faster the machine got; see [`noise::drift`].
pub(super) fn drift(samples: &[Sample], summaries: &ByMode<Option<Summary>>) -> Option<Drift> {
    let relative = |run: &Sample| {
        let Arm::Mode(mode) = run.arm else { return None };
        let summary = summaries.of(mode).as_ref()?;
        Some(run.wall_s / summary.wall_s.median)
    };
    let runs: Vec<f64> = samples.iter().filter(|run| run.counts()).filter_map(relative).collect();
    noise::drift(&runs)
}

#[cfg(test)]
mod tests {
    use super::super::ending::Ending;
    use super::super::lock_stats::{GilStats, LockStats};
    use super::super::mode::Mode;
    use super::super::sample::tests::sample;
    use super::*;

    fn locks(wait_ns: u64, hold_ns: u64) -> Option<LockStats> {
        let gil = GilStats {
            acquisitions: 1,
            waits: 1,
            wait_ns,
            max_wait_ns: wait_ns,
            hold_ns,
            forced_switches: 4,
            voluntary_releases: 9,
        };
        Some(LockStats { gil_enabled: true, gil: Some(gil), stop_the_world: None, gc: None })
    }

    #[test]
    fn figures_are_medians_of_the_runs_that_count() {
        let mut samples: Vec<_> = (1..=3).map(|n| sample(Mode::Gil, n, f64::from(n))).collect();
        samples
            .push(Sample { ending: Ending::Signal { signal: 11 }, ..sample(Mode::Gil, 4, 900.0) });
        samples.push(sample(Mode::Free, 1, 7.0));
        samples[1].locks = locks(30, 70);
        let gil = Summary::of(&samples, Mode::Gil).unwrap();
        assert_eq!(gil.runs, 3);
        assert_eq!(gil.wall_s, Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(gil.gil.unwrap().wait_share, Some(0.3));
        assert_eq!(Summary::of(&samples, Mode::Free).unwrap().gil, None);
        assert_eq!(Summary::of(&samples[..1], Mode::Free), None);
    }

    #[test]
    fn only_whole_pairs_are_compared() {
        let samples = [
            sample(Mode::Gil, 1, 2.0),
            Sample { ending: Ending::Exited { status: 1 }, ..sample(Mode::Free, 1, 0.1) },
            sample(Mode::Gil, 2, 3.0),
            sample(Mode::Free, 2, 2.0),
            sample(Mode::Gil, 3, 9.0),
        ];
        let comparison = comparison(&samples, Mode::Gil, Mode::Free).unwrap();
        assert_eq!((comparison.pairs, comparison.ratio), (1, 1.5));
    }
}
