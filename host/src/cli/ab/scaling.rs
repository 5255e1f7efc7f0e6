//! What more threads bring: speed-up, efficiency, and Amdahl's law.

use std::path::Path;

use serde::Serialize;

use super::mode::{ByMode, Mode};
use super::results::RowResult;

/// A script at all the numbers of threads that it was run with, two at least.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Sweep {
    /// Name of the script, for people.
    pub(super) name: String,
    /// What more threads bring in each mode; nothing if a run was missing.
    pub(super) curves: ByMode<Option<Curve>>,
}

/// What more threads bring in one mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Curve {
    /// In the order of the numbers of threads.
    pub(super) points: Vec<Point>,
    /// The share (0 to 1) of the work of one thread that more threads do not make shorter, by
    /// Amdahl's law fitted to the wall times: T(n) = T(1) * (s + (1 - s) / n).
    pub(super) serial_fraction: f64,
    /// The number of threads with the least wall time.
    pub(super) best_threads: u32,
    /// The first number of threads beyond that which takes clearly longer (by 5 %).
    pub(super) loses_at: Option<u32>,
}

/// A number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) threads: u32,
    /// Median wall time in seconds.
    pub(super) wall_s: f64,
    /// Against the least number of threads.
    pub(super) speed_up: f64,
    /// Speed-up over how many times as many threads there are: 1 is perfect.
    pub(super) efficiency: f64,
}

/// A smaller loss may be noise.
const CLEAR_LOSS: f64 = 1.05;

/// The scripts that were run with several numbers of threads, and share their work among them.
pub(super) fn sweeps(rows: &[RowResult]) -> Vec<Sweep> {
    let mut scripts: Vec<&Path> = rows.iter().map(|row| row.row.script.as_path()).collect();
    scripts.dedup();
    scripts.iter().filter_map(|script| sweep(rows, script)).collect()
}

fn sweep(rows: &[RowResult], script: &Path) -> Option<Sweep> {
    let rows: Vec<&RowResult> =
        rows.iter().filter(|row| row.row.script == script && row.row.shares_work).collect();
    let first = rows.first()?;
    let curves = ByMode::each(|mode| curve(&times(&rows, mode)));
    let some = curves.gil.is_some() || curves.free.is_some();
    some.then(|| Sweep { name: first.row.name.clone(), curves })
}

/// Numbers of threads with the wall times, in order.
fn times(rows: &[&RowResult], mode: Mode) -> Vec<(u32, f64)> {
    let time =
        |row: &&RowResult| Some((row.row.threads?, row.summaries.of(mode).as_ref()?.wall_s.median));
    let mut times: Vec<(u32, f64)> = rows.iter().filter_map(time).collect();
    times.sort_unstable_by_key(|(threads, _)| *threads);
    times
}

fn curve(times: &[(u32, f64)]) -> Option<Curve> {
    let &[(least, first), _, ..] = times else { return None };
    let points: Vec<Point> = times
        .iter()
        .map(|&(threads, wall_s)| {
            let speed_up = first / wall_s;
            let more = f64::from(threads) / f64::from(least);
            Point { threads, wall_s, speed_up, efficiency: speed_up / more }
        })
        .collect();
    let best = points.iter().min_by(|a, b| a.wall_s.total_cmp(&b.wall_s))?;
    let loses =
        |point: &&Point| point.threads > best.threads && point.wall_s > best.wall_s * CLEAR_LOSS;
    Some(Curve {
        serial_fraction: serial_fraction(times),
        best_threads: best.threads,
        loses_at: points.iter().find(loses).map(|point| point.threads),
        points,
    })
}

/// Least squares of T = a + c / n, a line over 1 / n; the fraction is a / (a + c).
fn serial_fraction(times: &[(u32, f64)]) -> f64 {
    let count = times.len() as f64;
    let inverse = |threads: u32| 1.0 / f64::from(threads);
    let mean_x = times.iter().map(|(threads, _)| inverse(*threads)).sum::<f64>() / count;
    let mean_y = times.iter().map(|(_, wall)| wall).sum::<f64>() / count;
    let (mut over, mut under) = (0.0, 0.0);
    for (threads, wall) in times {
        let x = inverse(*threads) - mean_x;
        over += x * (wall - mean_y);
        under += x * x;
    }
    let slope = over / under;
    let parallel = slope / (mean_y + slope * (1.0 - mean_x));
    (1.0 - parallel).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::result;
    use super::*;

    #[test]
    fn amdahls_law_is_found_again() {
        for serial in [0.0, 0.2, 1.0] {
            let times: Vec<_> =
                [1, 2, 4, 8].map(|n| (n, 3.0 * (serial + (1.0 - serial) / f64::from(n)))).into();
            let curve = curve(&times).unwrap();
            assert!((curve.serial_fraction - serial).abs() < 1e-9, "{curve:?}");
        }
        // Slower with every thread: nothing is parallel.
        assert_eq!(serial_fraction(&[(1, 1.0), (2, 1.5), (4, 2.0)]), 1.0);
    }

    #[test]
    fn the_best_number_of_threads_and_where_more_lose() {
        let curve = curve(&[(1, 1.0), (2, 0.5), (4, 0.51), (8, 0.6)]).unwrap();
        assert_eq!((curve.best_threads, curve.loses_at), (2, Some(8)));
        let last = curve.points[3];
        assert_eq!((last.speed_up, last.efficiency), (1.0 / 0.6, 1.0 / 0.6 / 8.0));
        assert_eq!(super::curve(&[(2, 1.0)]), None);
    }

    #[test]
    fn only_shared_work_makes_a_curve() {
        let rows = |name| [1, 2].map(|threads| result(name, Some(threads), &[(1.0, 0.5); 5]));
        let rows: Vec<_> = rows("a").into_iter().chain(rows("convoy")).collect();
        let sweeps = sweeps(&rows);
        assert_eq!(sweeps.iter().map(|sweep| &*sweep.name).collect::<Vec<_>>(), ["a"]);
        let curves = &sweeps[0].curves;
        assert_eq!(curves.gil.as_ref().unwrap().points[1].speed_up, 1.0);
    }
}
