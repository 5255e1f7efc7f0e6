//! The table of a single script: its figures side by side.

use super::super::mode::Mode;
use super::super::results::RowResult;
use super::super::summary::{GilSummary, Summary};
use super::grid::{Align, Cell, Grid, HEADING, styled};
use super::table::style_of;
use super::units::{self, NONE};

const BAR_WIDTH: usize = 24;

/// The figures of a row in both modes, and what they come to. With `bars` the wall
/// times are drawn too.
pub(super) fn render(result: &RowResult, bars: bool) -> String {
    let verdict = styled(&result.verdict.to_string(), style_of(&result.verdict)) + "\n";
    // Without a run that ended well there are no figures to show.
    if Mode::TURNS.iter().all(|mode| result.summaries.of(*mode).is_none()) {
        return verdict;
    }
    let mut grid = Grid::new(vec![Align::Left; 3]);
    let threads =
        result.row.threads.map(|threads| format!("threads {threads}")).unwrap_or_default();
    let [gil, free] = Mode::TURNS.map(|mode| Cell::styled(mode.to_string(), HEADING));
    grid.row(vec![Cell::styled(threads, HEADING), gil, free]);
    let mut line = |name: &str, of: &dyn Fn(&Summary) -> Option<String>| {
        let figure = |mode: Mode| {
            let text = result.summaries.of(mode).as_ref().and_then(of);
            Cell::from(text.unwrap_or_else(|| NONE.to_owned()))
        };
        let [gil, free] = Mode::TURNS.map(figure);
        grid.row(vec![name.into(), gil, free]);
    };
    line("wall", &|of| Some(units::time_with_range(&of.wall_s)));
    if let Some(longest) = longest(result).filter(|_| bars) {
        line("", &|of| Some(units::bar(of.wall_s.median / longest, BAR_WIDTH)));
    }
    line("user", &|of| Some(units::time(of.user_s)));
    line("system", &|of| Some(units::time(of.sys_s)));
    line("cores used", &|of| Some(format!("{:.2}", of.cores_used)));
    line("peak memory", &|of| Some(units::memory(of.max_rss_bytes)));
    line("GIL given up: voluntary", &|of| {
        lock(of, |gil| Some(format!("{:.0}", gil.voluntary_switches)))
    });
    line("GIL given up: forced", &|of| lock(of, |gil| Some(format!("{:.0}", gil.forced_switches))));
    line("waited for the GIL", &|of| lock(of, |gil| gil.wait_share.map(units::share)));
    line("longest wait for the GIL", &|of| lock(of, |gil| Some(units::time(gil.longest_wait_s))));
    line("GIL held at a time", &|of| lock(of, |gil| Some(units::time(gil.mean_hold_s))));
    line("all threads stopped", &|of| of.stopped_s.filter(|time| *time > 0.0).map(units::time));
    line("collecting garbage", &|of| of.collecting_s.map(units::time));
    line("page faults", &|of| Some(format!("{:.0}", of.page_faults)));
    line("switches: slept", &|of| Some(format!("{:.0}", of.kernel_voluntary_switches)));
    line("switches: preempted", &|of| Some(format!("{:.0}", of.kernel_involuntary_switches)));
    line("outliers", &|of| {
        let runs: Vec<String> = of.outliers.iter().map(|run| format!("run {run}")).collect();
        (!runs.is_empty()).then(|| runs.join(", "))
    });

    format!("{}\n{verdict}{}", grid.render(), reasons(result))
}

/// What kind of work it is, what costs most, and what one could have known before.
fn reasons(result: &RowResult) -> String {
    let mut sentences = Vec::new();
    let kind = result.kind.map(|kind| kind.to_string());
    let cause = result.cause.as_ref().map(|cause| format!("what costs most: {cause}"));
    let parts: Vec<String> = kind.into_iter().chain(cause).collect();
    if !parts.is_empty() {
        sentences.push(parts.join("; "));
    }
    if let Some(forecast) = result.forecast {
        let measured = forecast.measured_over_foretold.map(|error| {
            let direction = if error < 1.0 { "less" } else { "more" };
            format!(" (measured: {:.0} % {direction})", (error - 1.0).abs() * 100.0)
        });
        sentences.push(format!(
            "forecast of the ratio from the runs with the GIL alone: {:.2}{}",
            forecast.ratio,
            measured.unwrap_or_default()
        ));
    }
    if let Some(floor) = result.comparison.and_then(|comparison| comparison.noise_floor) {
        sentences.push(format!("noise floor: a build differs from itself by {floor:.2}x here"));
    }
    sentences.into_iter().map(|sentence| sentence + "\n").collect()
}

fn lock(summary: &Summary, figure: impl Fn(&GilSummary) -> Option<String>) -> Option<String> {
    summary.gil.as_ref().and_then(figure)
}

/// The longer median wall time of the two, in seconds.
fn longest(result: &RowResult) -> Option<f64> {
    let medians = Mode::TURNS
        .iter()
        .filter_map(|mode| result.summaries.of(*mode).as_ref())
        .map(|of| of.wall_s.median);
    medians.reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::result;
    use super::*;

    #[test]
    fn a_script_in_both_modes() {
        let result = result(
            "work.py",
            Some(2),
            &[(1.9, 1.05), (2.0, 1.0), (2.1, 0.95), (2.0, 1.0), (2.0, 1.0)],
        );
        // Starts with a line end, so that the spaces after it stay.
        let expected = "
  threads 2                 gil                       free-threaded
  wall                      2.00 s [1.90 to 2.10]     1.00 s [0.95 to 1.05]
                            ████████████████████████  ████████████
  user                      2.00 s                    1.90 s
  system                    0 µs                      0 µs
  cores used                1.00                      1.90
  peak memory               8.0 MiB                   8.0 MiB
  GIL given up: voluntary   1234                      -
  GIL given up: forced      321                       -
  waited for the GIL        47 %                      -
  longest wait for the GIL  5.00 ms                   -
  GIL held at a time        530 µs                    -
  all threads stopped       1.50 ms                   1.50 ms
  collecting garbage        -                         -
  page faults               700                       700
  switches: slept           5                         5
  switches: preempted       3                         3
  outliers                  -                         -

free-threaded is 2.0x faster (95 % interval 1.8 to 2.2); \
with the GIL the threads waited 47 % of their running time for it
CPU-bound; what costs most: waiting for the GIL, 47 % of the threads' running time
forecast of the ratio from the runs with the GIL alone: 1.33 (measured: 50 % more)
noise floor: a build differs from itself by 1.02x here
";
        let plain = anstream::adapter::strip_str(&render(&result, true)).to_string();
        assert_eq!(format!("\n{plain}"), expected);
        let without_bars = anstream::adapter::strip_str(&render(&result, false)).to_string();
        assert!(
            !without_bars.contains('█') && without_bars.contains("waited for the GIL        47 %")
        );
    }

    #[test]
    fn without_a_good_run_there_are_no_figures() {
        let text = render(&result("work.py", None, &[]), true);
        assert_eq!(text, "not compared: no run of each mode ended well\n");
    }
}
