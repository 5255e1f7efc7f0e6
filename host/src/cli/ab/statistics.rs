//! Medians, quantiles, and how sure a ratio is.

use serde::Serialize;

use super::noise;
use super::random::Random;

/// Share of the resampled ratios that lie in the interval.
const CONFIDENCE: f64 = 0.95;

/// How often the pairs are drawn anew.
const RESAMPLES: usize = 10_000;

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
    /// Where the middle 95 % of the resampled ratios lie.
    fn around(ratios: &mut [f64]) -> Self {
        ratios.sort_unstable_by(f64::total_cmp);
        let outside = (1.0 - CONFIDENCE) / 2.0;
        Interval { low: quantile(ratios, outside), high: quantile(ratios, 1.0 - outside) }
    }

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
    /// By what factor a build differs from itself here: smaller differences are noise. Nothing with
    /// fewer than 4 pairs.
    pub(super) noise_floor: Option<f64>,
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
        let noise_floor = noise::floor([&gil, &free]);
        let ratio = median(gil)? / median(free)?;
        let median_of_pair_ratios = median(pairs.iter().map(|(gil, free)| gil / free))?;
        let interval = (pairs.len() > 1).then(|| bootstrap(pairs));
        Some(Comparison { pairs: pairs.len(), ratio, interval, noise_floor, median_of_pair_ratios })
    }
}

/// How the wall times of one build changed from one report to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    /// Median of the old times over the median of the new ones.
    pub(super) ratio: f64,
    /// Its 95 % interval.
    pub(super) interval: Interval,
}

impl Change {
    /// Compares times that were not taken in turn, so each side is drawn on its own. Nothing with
    /// fewer than 2 of either.
    pub(super) fn of(old: &[f64], new: &[f64]) -> Option<Self> {
        if old.len().min(new.len()) < 2 {
            return None;
        }
        let ratio = median(old.iter().copied())? / median(new.iter().copied())?;
        let mut random = Random::new();
        let mut draw = |from: &[f64]| {
            let mut drawn: Vec<f64> = from.iter().map(|_| from[random.below(from.len())]).collect();
            middle(&mut drawn)
        };
        let mut ratios: Vec<f64> = (0..RESAMPLES).map(|_| draw(old) / draw(new)).collect();
        Some(Change { ratio, interval: Interval::around(&mut ratios) })
    }

    /// Whether the interval holds 1.
    pub(super) fn could_be_chance(&self) -> bool {
        self.interval.contains(1.0)
    }
}

fn bootstrap(pairs: &[(f64, f64)]) -> Interval {
    let mut random = Random::new();
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
    Interval::around(&mut ratios)
}

fn middle(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    quantile(figures, 0.5)
}

/// The figure below which a share `q` of them lies. Between two figures it is on
/// the line from one to the other. `sorted` must not be empty.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
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
    fn a_constant_ratio_has_no_uncertainty() {
        let pairs: Vec<_> = (1..=8).map(|n| (2.0 * f64::from(n), f64::from(n))).collect();
        let comparison = Comparison::of(&pairs).unwrap();
        assert_eq!((comparison.ratio, comparison.median_of_pair_ratios), (2.0, 2.0));
        assert_eq!(comparison.interval, Some(Interval { low: 2.0, high: 2.0 }));
    }

    #[test]
    fn the_interval_holds_the_ratio_and_is_reproducible() {
        let mut random = Random::new();
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
        let mut random = Random::new();
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
