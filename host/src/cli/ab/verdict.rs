//! What the figures of a row come to, in words.

use std::fmt;

use serde::Serialize;

use super::findings::Finding;
use super::statistics::{Comparison, Interval};

/// With fewer pairs one outlier decides.
pub(super) const ENOUGH_PAIRS: usize = 5;

/// A smaller difference is not worth a word: the layout of the code in memory
/// alone can make it.
const LEAST_DIFFERENCE: f64 = 1.02;

/// A smaller share of waiting for the GIL explains nothing.
const LEAST_WAIT_SHARE: f64 = 0.005;

/// What a row comes to. Shown as one sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Runs failed, or the modes did different work.
    Wrong {
        /// What is wrong, in one or two words.
        what: &'static str,
    },
    /// There is no pair of good runs.
    NothingMeasured,
    /// There is a ratio, but not enough behind it.
    TooFew {
        /// Number of pairs.
        pairs: usize,
        /// Time with the GIL over time without.
        ratio: f64,
    },
    /// The difference is small, or could well be chance.
    NoDifference {
        /// Time with the GIL over time without.
        ratio: f64,
        /// 95 % interval of the ratio.
        interval: Interval,
    },
    /// The free-threaded build takes less time.
    Faster(Difference),
    /// The free-threaded build takes more time.
    Slower(Difference),
}

/// A difference that is none of chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Difference {
    /// The longer time over the shorter one.
    pub(super) factor: f64,
    /// 95 % interval of the factor.
    pub(super) interval: Interval,
    /// Of the time for which threads wanted to run Python with the GIL, the share
    /// (0 to 1) for which they waited for it.
    pub(super) wait_share: Option<f64>,
}

impl Verdict {
    /// Judges a row by what is wrong with it, its times, and its wait for the GIL.
    pub(super) fn of(
        findings: &[Finding],
        comparison: Option<&Comparison>,
        wait_share: Option<f64>,
    ) -> Self {
        if let Some(finding) = findings.iter().find(|finding| finding.rules_out_comparison()) {
            return Verdict::Wrong { what: finding.short() };
        }
        let Some(comparison) = comparison else {
            return Verdict::NothingMeasured;
        };
        let &Comparison { pairs, ratio, interval, noise_floor, .. } = comparison;
        let Some(interval) = interval.filter(|_| pairs >= ENOUGH_PAIRS) else {
            return Verdict::TooFew { pairs, ratio };
        };
        let least = noise_floor.unwrap_or(1.0).max(LEAST_DIFFERENCE);
        if interval.contains(1.0) || ratio.max(1.0 / ratio) < least {
            return Verdict::NoDifference { ratio, interval };
        }
        let wait_share = wait_share.filter(|share| *share >= LEAST_WAIT_SHARE);
        if ratio > 1.0 {
            Verdict::Faster(Difference { factor: ratio, interval, wait_share })
        } else {
            let interval = Interval { low: 1.0 / interval.high, high: 1.0 / interval.low };
            Verdict::Slower(Difference { factor: 1.0 / ratio, interval, wait_share })
        }
    }

    /// A few words, for a table.
    pub(super) fn short(&self) -> String {
        match self {
            Verdict::Wrong { what } => (*what).to_owned(),
            Verdict::NothingMeasured => "not measured".to_owned(),
            Verdict::TooFew { .. } => "too few runs".to_owned(),
            Verdict::NoDifference { .. } => "no difference".to_owned(),
            Verdict::Faster(difference) => format!("{} faster", times(difference.factor)),
            Verdict::Slower(difference) => format!("{} slower", times(difference.factor)),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Wrong { what } => write!(f, "not compared: {what}"),
            Verdict::NothingMeasured => f.write_str("not compared: no run of each mode ended well"),
            Verdict::TooFew { pairs, ratio } => {
                let noun = if *pairs == 1 { "pair" } else { "pairs" };
                write!(
                    f,
                    "ratio {ratio:.2}, but {pairs} {noun} of runs are too few to trust it ({ENOUGH_PAIRS} or more are needed)"
                )
            }
            Verdict::NoDifference { ratio, interval } => write!(
                f,
                "no difference measured (ratio {ratio:.2}, 95 % interval {:.2} to {:.2})",
                interval.low, interval.high
            ),
            Verdict::Faster(difference) => {
                write!(f, "free-threaded is {}", difference.in_words("faster"))
            }
            Verdict::Slower(difference) => {
                write!(f, "free-threaded is {}", difference.in_words("slower"))
            }
        }
    }
}

impl Difference {
    fn in_words(&self, direction: &str) -> String {
        let digits = digits(self.factor);
        let mut words = format!(
            "{} {direction} (95 % interval {:.digits$} to {:.digits$})",
            times(self.factor),
            self.interval.low,
            self.interval.high
        );
        if let Some(share) = self.wait_share {
            words += &format!(
                "; with the GIL the threads waited {:.0} % of their running time for it",
                share * 100.0
            );
        }
        words
    }
}

fn times(factor: f64) -> String {
    format!("{factor:.*}x", digits(factor))
}

/// As many digits as tell the factor from 1.
fn digits(factor: f64) -> usize {
    match factor {
        ..1.5 => 2,
        ..10.0 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ending::Ending;
    use super::super::mode::Mode;
    use super::super::plan::Round;
    use super::*;

    fn verdict(pairs: usize, ratio: f64, low: f64, high: f64, wait_share: Option<f64>) -> Verdict {
        let interval = Some(Interval { low, high });
        let noise_floor = Some(1.01);
        let comparison =
            Comparison { pairs, ratio, interval, noise_floor, median_of_pair_ratios: ratio };
        Verdict::of(&[], Some(&comparison), wait_share)
    }

    #[test]
    fn a_difference_below_the_noise_floor_is_none() {
        let mut comparison = Comparison::of(&[(1.2, 1.0); 5]).unwrap();
        assert_eq!(Verdict::of(&[], Some(&comparison), None).short(), "1.20x faster");
        comparison.noise_floor = Some(1.25);
        assert_eq!(Verdict::of(&[], Some(&comparison), None).short(), "no difference");
    }

    #[test]
    fn what_could_be_chance_is_no_difference() {
        let words = "no difference measured (ratio 1.02, 95 % interval 0.97 to 1.06)";
        assert_eq!(verdict(10, 1.02, 0.97, 1.06, Some(0.4)).to_string(), words);
        // Certain, but below 2 %.
        assert_eq!(verdict(10, 1.015, 1.01, 1.02, None).short(), "no difference");
        assert_eq!(verdict(10, 0.985, 0.98, 0.99, None).short(), "no difference");
        assert_eq!(verdict(10, 1.04, 1.03, 1.05, None).short(), "1.04x faster");
    }

    #[test]
    fn a_difference_in_words() {
        assert_eq!(
            verdict(10, 1.8, 1.7, 1.9, Some(0.47)).to_string(),
            "free-threaded is 1.8x faster (95 % interval 1.7 to 1.9); \
             with the GIL the threads waited 47 % of their running time for it"
        );
        let slower = verdict(10, 0.8, 0.75, 0.9, Some(0.001));
        assert_eq!(
            slower.to_string(),
            "free-threaded is 1.25x slower (95 % interval 1.11 to 1.33)"
        );
        assert_eq!(slower.short(), "1.25x slower");
        assert_eq!(verdict(10, 12.3, 11.0, 13.0, None).short(), "12x faster");
    }

    #[test]
    fn few_pairs_are_not_trusted() {
        assert_eq!(
            verdict(4, 1.8, 1.7, 1.9, Some(0.5)).to_string(),
            "ratio 1.80, but 4 pairs of runs are too few to trust it (5 or more are needed)"
        );
        assert_eq!(verdict(5, 1.8, 1.7, 1.9, None).short(), "1.8x faster");
        assert_eq!(Verdict::of(&[], None, None).short(), "not measured");
    }

    #[test]
    fn failures_are_not_compared() {
        let hung = Finding::Failed {
            mode: Mode::Free,
            ending: Ending::TimedOut { after_s: 1.0 },
            failed: 1,
            of: 1,
            first: Round { number: 1, warmup: false },
            stderr_last_line: None,
        };
        let comparison = Comparison::of(&[(2.0, 1.0); 9]);
        let verdict = Verdict::of(&[hung], comparison.as_ref(), None);
        assert_eq!(verdict.to_string(), "not compared: hung");
    }
}
