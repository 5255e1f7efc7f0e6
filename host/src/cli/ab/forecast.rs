//! What a run with the GIL says about one without, before anybody makes it.

use serde::Serialize;

use super::results::RowResult;
use super::statistics::median;
use super::summary::Summary;

/// The speed-up without the GIL, foretold from the run with it, and what came of it.
///
/// While somebody holds the GIL, others may wait for it. Were there none, all of these would run at
/// once, as far as there are cores: the time for which it is held shrinks by (held + waited) / held,
/// the average number of threads that wanted it while it was taken, but not by more than the
/// cores. The rest of the wall time stays. What this leaves out is what being free costs: shared
/// objects, locks, memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Forecast {
    /// Wall time with the GIL over wall time without, as foretold.
    pub(super) ratio: f64,
    /// The same, measured over foretold; nothing if it could not be measured.
    pub(super) measured_over_foretold: Option<f64>,
}

impl Forecast {
    /// Nothing without the figures of the GIL.
    pub(super) fn of(row: &RowResult, cores: usize) -> Option<Self> {
        let ratio = foretold(row.summaries.gil.as_ref()?, cores)?;
        let measured = row.comparison.map(|comparison| comparison.ratio / ratio);
        Some(Forecast { ratio, measured_over_foretold: measured })
    }
}

fn foretold(gil: &Summary, cores: usize) -> Option<f64> {
    let locks = gil.gil.as_ref()?;
    let wall = gil.wall_s.median;
    // What was held outside of what was timed: one thread that starts and checks.
    let outside = gil.process_s - wall;
    let held = (locks.hold_s - outside).clamp(0.0, wall);
    if held <= 0.0 {
        return Some(1.0);
    }
    let wanted = (held + locks.wait_s) / held;
    let without = wall - held + held / wanted.clamp(1.0, cores as f64);
    Some(wall / without)
}

/// How far the forecasts can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Trust {
    /// Rows with a forecast and a measurement.
    pub(super) rows: usize,
    /// Half of the forecasts were off by no more than this factor, either way.
    pub(super) median_error: f64,
    /// The worst was off by this factor.
    pub(super) greatest_error: f64,
}

impl Trust {
    /// Nothing without a forecast that was checked.
    pub(super) fn of(forecasts: impl IntoIterator<Item = Forecast>) -> Option<Self> {
        let errors: Vec<f64> = forecasts
            .into_iter()
            .filter_map(|forecast| forecast.measured_over_foretold)
            .map(|error| error.max(1.0 / error))
            .collect();
        Some(Trust {
            rows: errors.len(),
            median_error: median(errors.iter().copied())?,
            greatest_error: errors.iter().copied().fold(1.0, f64::max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::GilSummary;
    use super::*;

    fn gil(process_s: f64, hold_s: f64, wait_s: f64) -> Summary {
        let mut row = super::super::results::tests::result("a", Some(2), &[(1.0, 0.5); 5]);
        let mut summary = row.summaries.gil.take().unwrap();
        summary.process_s = process_s;
        summary.wall_s.median = process_s;
        summary.gil = Some(GilSummary { hold_s, wait_s, ..summary.gil.unwrap() });
        summary
    }

    #[test]
    fn what_waits_for_the_gil_would_run() {
        let foretold = |process, held, waited, cores| {
            (foretold(&gil(process, held, waited), cores).unwrap() * 1000.0).round() / 1000.0
        };
        // Two threads that compute all the time.
        assert_eq!(foretold(1.0, 1.0, 1.0, 2), 2.0);
        assert_eq!(foretold(1.0, 1.0, 1.0, 1), 1.0);
        // Four of them on two cores.
        assert_eq!(foretold(1.0, 1.0, 3.0, 2), 2.0);
        // Waiting for I/O: nobody wants it.
        assert_eq!(foretold(1.0, 0.1, 0.0, 2), 1.0);
        // Half of the time is spent outside.
        assert_eq!(foretold(1.0, 0.5, 0.5, 2), 1.333);
        // Of a workload only the work counts: 1 s of 3, for all of which the GIL was held.
        let mut workload = gil(3.0, 3.0, 1.0);
        workload.wall_s.median = 1.0;
        assert_eq!(super::foretold(&workload, 2), Some(2.0));
    }

    #[test]
    fn forecasts_are_checked() {
        let forecast = |error| Forecast { ratio: 1.0, measured_over_foretold: error };
        let trust = Trust::of([forecast(Some(0.5)), forecast(Some(1.1)), forecast(None)]).unwrap();
        assert_eq!((trust.rows, trust.greatest_error), (2, 2.0));
        assert!((trust.median_error - 1.55).abs() < 1e-9);
        assert_eq!(Trust::of([forecast(None)]), None);
    }
}
