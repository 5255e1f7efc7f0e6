//! Medians, quantiles, and how sure a ratio is.

use serde::Serialize;

/// Share of the resampled ratios that lie in the interval.
const CONFIDENCE: f64 = 0.95;

/// How often the pairs are drawn anew.
const RESAMPLES: usize = 10_000;

/// Constant, so that the same samples give the same report.
const SEED: u64 = 0x0070_6769_6c61_6221;

/// The middle and both ends of some figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    /// The middle one.
    pub(super) median: f64,
    /// The least one.
    pub(super) min: f64,
    /// The greatest one.
    pub(super) max: f64,
}

impl Spread {
    /// Of at least one figure.
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread { median: quantile(&sorted, 0.5), min, max })
    }
}

/// The median of at least one figure.
pub(super) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(figures).map(|spread| spread.median)
}

/// The range in which the true ratio most likely is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Interval {
    /// Its lower end.
    pub(super) low: f64,
    /// Its upper end.
    pub(super) high: f64,
}

impl Interval {
    /// Whether `value` is in it. Its ends are.
    pub(super) fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// How the wall times of the two modes compare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Comparison {
    /// Number of pairs: a run with the GIL and the free-threaded one after it.
    pub(super) pairs: usize,
    /// Median wall time with the GIL over the median without it: "free-threaded is
    /// so many times as fast".
    pub(super) ratio: f64,
    /// 95 % interval of the ratio; nothing with a single pair.
    pub(super) interval: Option<Interval>,
    /// Median of the ratios of the single pairs. Far from `ratio` when the machine
    /// got slower or faster during the measurement.
    pub(super) median_of_pair_ratios: f64,
}

impl Comparison {
    /// Compares pairs of wall times, each with the GIL first, all above zero.
    ///
    /// The interval is found by drawing pairs, as many as there are, with
    /// replacement, again and again, and looking where the middle 95 % of the
    /// ratios lie (percentile bootstrap). Drawing whole pairs keeps what the two
    /// runs of a pair have in common, such as a busy machine.
    pub(super) fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let (gil, free): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let ratio = median(gil)? / median(free)?;
        let median_of_pair_ratios = median(pairs.iter().map(|(gil, free)| gil / free))?;
        let interval = (pairs.len() > 1).then(|| bootstrap(pairs));
        Some(Comparison { pairs: pairs.len(), ratio, interval, median_of_pair_ratios })
    }
}

fn bootstrap(pairs: &[(f64, f64)]) -> Interval {
    let mut random = SplitMix { state: SEED };
    let mut gil = vec![0.0; pairs.len()];
    let mut free = gil.clone();
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for (gil, free) in gil.iter_mut().zip(&mut free) {
                (*gil, *free) = pairs[random.below(pairs.len())];
            }
            middle(&mut gil) / middle(&mut free)
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - CONFIDENCE) / 2.0;
    Interval { low: quantile(&ratios, outside), high: quantile(&ratios, 1.0 - outside) }
}

fn middle(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    quantile(figures, 0.5)
}

/// The figure below which a share `q` of them lies. Between two figures it is on
/// the line from one to the other. `sorted` must not be empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}

/// SplitMix64: a few lines, and good enough to draw pairs.
struct SplitMix {
    state: u64,
}

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end` - 1. The bias is below `end` / 2^64.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median([4.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median([]), None);
        assert_eq!(Spread::of([2.0, 9.0, 4.0]), Some(Spread { median: 4.0, min: 2.0, max: 9.0 }));
    }

    #[test]
    fn quantiles_are_interpolated() {
        let figures = [0.0, 10.0, 20.0, 30.0];
        assert_eq!(quantile(&figures, 0.0), 0.0);
        assert_eq!(quantile(&figures, 1.0), 30.0);
        assert_eq!(quantile(&figures, 0.25), 7.5);
    }

    #[test]
    fn splitmix_is_the_known_generator() {
        // From the reference implementation, seed 1234567.
        let mut random = SplitMix { state: 1_234_567 };
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
        assert!((0..1000).all(|_| random.below(3) < 3));
    }

    #[test]
    fn a_constant_ratio_has_no_uncertainty() {
        let pairs: Vec<_> = (1..=8).map(|n| (2.0 * f64::from(n), f64::from(n))).collect();
        let comparison = Comparison::of(&pairs).unwrap();
        assert_eq!((comparison.ratio, comparison.median_of_pair_ratios), (2.0, 2.0));
        assert_eq!(comparison.interval, Some(Interval { low: 2.0, high: 2.0 }));
    }

    #[test]
    fn the_interval_holds_the_ratio_and_is_reproducible() {
        let mut random = SplitMix { state: 1 };
        let mut noise = || 1.0 + (random.below(1000) as f64 - 500.0) / 5000.0;
        let pairs: Vec<_> = (0..20).map(|_| (1.8 * noise(), noise())).collect();
        let comparison = Comparison::of(&pairs).unwrap();
        let interval = comparison.interval.unwrap();
        assert!(interval.contains(comparison.ratio) && interval.contains(1.8), "{comparison:?}");
        assert!(interval.high - interval.low < 0.3, "{comparison:?}");
        assert_eq!(Comparison::of(&pairs), Some(comparison));
    }

    #[test]
    fn most_intervals_hold_the_truth() {
        let mut random = SplitMix { state: 7 };
        let mut noise =
            || 1.0 + (0..12).map(|_| random.below(1000) as f64 / 1e3 - 0.5).sum::<f64>() / 20.0;
        let held = (0..40)
            .filter(|_| {
                let pairs: Vec<_> = (0..15).map(|_| (noise(), noise())).collect();
                Comparison::of(&pairs).and_then(|c| c.interval).unwrap().contains(1.0)
            })
            .count();
        assert!(held >= 35, "{held}");
    }

    #[test]
    fn one_pair_has_no_interval_and_no_pair_no_ratio() {
        assert_eq!(Comparison::of(&[(3.0, 2.0)]).unwrap().interval, None);
        assert_eq!(Comparison::of(&[]), None);
    }
}
