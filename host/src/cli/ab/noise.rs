//! How much of a difference is noise: a build compared with itself, drift, and outliers.

use serde::Serialize;

use super::random::Random;
use super::statistics::{median, quantile};

/// How often the runs are divided anew.
const SPLITS: usize = 2000;

/// Below this number of runs a build has no halves to compare.
const LEAST_RUNS: usize = 4;

/// The noise floor: the factor by which a build differs from itself, at most, in 9 of 10
/// measurements such as this one (simulated with 5 to 20 runs of even, normal and long-tailed noise:
/// 90 to 97 of 100). At least 1; nothing with fewer than 4 runs of each.
///
/// A build's own runs are divided into two halves at random, again and again, and the medians of
/// the halves compared. Halves have half as many runs as the measurement has, so they differ by the
/// square root of 2 more; and few runs show less noise than there is.
pub(super) fn floor(builds: [&[f64]; 2]) -> Option<f64> {
    if builds.iter().any(|runs| runs.len() < LEAST_RUNS) {
        return None;
    }
    let mut random = Random::new();
    let mut differences: Vec<f64> = builds
        .into_iter()
        .flat_map(|runs| {
            let mut runs = runs.to_vec();
            let splits =
                (0..SPLITS).filter_map(|_| Some(halves(&mut runs, &mut random)?.ln().abs()));
            splits.collect::<Vec<_>>()
        })
        .collect();
    differences.sort_unstable_by(f64::total_cmp);
    let runs = builds.map(<[f64]>::len).into_iter().min()? as f64;
    let unseen = (runs / (runs - 2.0)).sqrt();
    Some((quantile(&differences, 0.95) / std::f64::consts::SQRT_2 * unseen).exp())
}

/// The ratio of the medians of two random halves.
fn halves(runs: &mut [f64], random: &mut Random) -> Option<f64> {
    random.shuffle(runs);
    let (a, b) = runs.split_at(runs.len() / 2);
    Some(median(a.iter().copied())? / median(b.iter().copied())?)
}

/// The machine got slower or faster while it measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Drift {
    /// Time of the second half of the runs over that of the first.
    pub(super) ratio: f64,
}

/// A smaller drift is not worth a word: the turns of the modes take care of it.
const LEAST_DRIFT: f64 = 1.05;

/// Compares the second half of the runs with the first. `runs` are in the order in which they
/// ran, each divided by the median of its own mode. Nothing if the difference could well be chance
/// (1 in 100 random orders has it), or is small.
pub(super) fn drift(runs: &[f64]) -> Option<Drift> {
    if runs.len() < 2 * LEAST_RUNS {
        return None;
    }
    let (first, second) = runs.split_at(runs.len() / 2);
    let ratio = median(second.iter().copied())? / median(first.iter().copied())?;
    let mut random = Random::new();
    let mut shuffled = runs.to_vec();
    let mut by_chance: Vec<f64> =
        (0..SPLITS).filter_map(|_| Some(halves(&mut shuffled, &mut random)?.ln().abs())).collect();
    by_chance.sort_unstable_by(f64::total_cmp);
    let certain = ratio.ln().abs() > quantile(&by_chance, 0.99);
    (certain && ratio.max(1.0 / ratio) >= LEAST_DRIFT).then_some(Drift { ratio })
}

/// Iglewicz and Hoaglin's limit ("How to Detect and Handle Outliers", 1993) for the distance from the
/// median, in robust standard deviations.
const FAR: f64 = 3.5;
/// The median absolute deviation of a normal distribution, in standard deviations.
const MAD_OF_NORMAL: f64 = 0.6745;

/// The places of figures that lie far from the others. They are shown, and counted all the same.
pub(super) fn outliers(figures: &[f64]) -> Vec<usize> {
    let Some(middle) = median(figures.iter().copied()) else { return Vec::new() };
    let deviation = |figure: &f64| (figure - middle).abs();
    let Some(mad) = median(figures.iter().map(deviation)) else { return Vec::new() };
    // Figures that agree to 10 % have no outliers, however small their deviations are.
    let mad = mad.max(0.1 * middle.abs() * MAD_OF_NORMAL / FAR);
    let is_far = |figure: &f64| MAD_OF_NORMAL * deviation(figure) > FAR * mad;
    figures
        .iter()
        .enumerate()
        .filter(|(_, figure)| is_far(figure))
        .map(|(place, _)| place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around 1, by so much at most.
    fn noisy(random: &mut Random, by: f64, count: usize) -> Vec<f64> {
        (0..count).map(|_| 1.0 + by * (random.below(2001) as f64 / 1000.0 - 1.0)).collect()
    }

    #[test]
    fn runs_that_agree_have_no_noise() {
        assert_eq!(floor([&[1.0; 5], &[2.0; 5]]), Some(1.0));
        assert_eq!(floor([&[1.0; 3], &[2.0; 5]]), None);
    }

    #[test]
    fn a_build_seldom_differs_from_itself_by_more_than_the_floor() {
        let mut random = Random::new();
        let within = (0..200)
            .filter(|_| {
                let (a, b) = (noisy(&mut random, 0.1, 10), noisy(&mut random, 0.1, 10));
                let ratio = median(a.iter().copied()).unwrap() / median(b.iter().copied()).unwrap();
                let floor = floor([&a, &b]).unwrap();
                assert!(floor < 1.15, "{floor}");
                ratio.max(1.0 / ratio) <= floor
            })
            .count();
        assert!((175..=200).contains(&within), "{within} of 200");
    }

    #[test]
    fn drift_is_told_from_noise() {
        let mut random = Random::new();
        let steady = noisy(&mut random, 0.1, 20);
        assert_eq!(drift(&steady), None);
        let slower: Vec<f64> =
            steady.iter().enumerate().map(|(i, run)| run * (1.0 + i as f64 / 10.0)).collect();
        assert!(drift(&slower).is_some_and(|drift| drift.ratio > 1.3), "{:?}", drift(&slower));
        assert_eq!(drift(&slower[..7]), None, "too few");
    }

    #[test]
    fn outliers_are_far_from_the_others() {
        assert_eq!(outliers(&[1.0, 1.1, 0.9, 1.05, 3.0, 0.95]), [4]);
        assert_eq!(outliers(&[1.0, 1.0, 1.0, 1.09, 1.0]), [0; 0]);
        assert_eq!(outliers(&[1.0, 1.0, 1.0, 1.5, 1.0]), [3]);
        assert_eq!(outliers(&[]), [0; 0]);
    }
}
