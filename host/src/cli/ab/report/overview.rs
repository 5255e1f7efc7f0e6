//! The table with a line for each row: all workloads, or all numbers of threads.

use super::super::mode::Mode;
use super::super::results::RowResult;
use super::grid::{Align, Cell, FAINT, Grid, HEADING, styled};
use super::table::style_of;
use super::units::{self, NONE};

const BAR_WIDTH: usize = 8;

/// Which columns are worth their space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    /// Names of the rows, if they have different ones.
    pub(super) workload: bool,
    /// How much faster than with the first number of threads, if there are several.
    pub(super) speed_up: bool,
    /// Wall times drawn.
    pub(super) bars: bool,
}

/// Heading and side of a column, and what is in it.
struct Column<'a> {
    heading: &'static str,
    align: Align,
    cell: Box<dyn Fn(&RowResult) -> Cell + 'a>,
}

/// The table, and what its columns mean.
pub(super) fn render(results: &[RowResult], shown: Columns) -> String {
    let columns = columns(results, shown);
    let mut grid = Grid::new(columns.iter().map(|column| column.align).collect());
    grid.row(columns.iter().map(|column| Cell::styled(column.heading, HEADING)).collect());
    for result in results {
        grid.row(columns.iter().map(|column| (column.cell)(result)).collect());
    }
    format!("{}\n{}", grid.render(), legend(shown))
}

fn columns(results: &[RowResult], shown: Columns) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    if shown.workload {
        columns.push(column("workload", Align::Left, |of| of.row.name.clone().into()));
    }
    let threads = |of: &RowResult| or_none(of.row.threads.map(|threads| threads.to_string()));
    columns.push(column("threads", Align::Right, threads));
    for (mode, heading) in Mode::TURNS.into_iter().zip(["gil", "free"]) {
        columns.push(column(heading, Align::Right, move |of| {
            or_none(wall(of, mode).map(units::time))
        }));
        if shown.bars {
            columns.push(column("", Align::Left, move |of| bar(of, mode).into()));
        }
        if shown.speed_up {
            let times = move |of: &RowResult| {
                speed_up(results, of, mode).map(|times| format!("{times:.2}x"))
            };
            columns.push(column("speed-up", Align::Right, move |of| or_none(times(of))));
        }
    }
    let ratio = |of: &RowResult| or_none(of.comparison.map(|of| format!("{:.2}", of.ratio)));
    columns.push(column("ratio", Align::Right, ratio));
    columns.push(column("95 % interval", Align::Left, |of| or_none(interval(of))));
    columns.push(column("cores", Align::Left, |of| cores(of).into()));
    columns.push(column("waited", Align::Right, |of| or_none(of.wait_share().map(units::share))));
    let verdict = |of: &RowResult| Cell::styled(verdict(of), style_of(&of.verdict));
    columns.push(column("verdict", Align::Left, verdict));
    let cost = |of: &RowResult| or_none(of.cause.as_ref().map(|cause| cause.short().to_owned()));
    columns.push(column("costs most", Align::Left, cost));
    columns
}

fn column<'a>(
    heading: &'static str,
    align: Align,
    cell: impl Fn(&RowResult) -> Cell + 'a,
) -> Column<'a> {
    Column { heading, align, cell: Box::new(cell) }
}

fn or_none(text: Option<String>) -> Cell {
    text.unwrap_or_else(|| NONE.to_owned()).into()
}

/// Median wall time in seconds.
fn wall(result: &RowResult, mode: Mode) -> Option<f64> {
    Some(result.summaries.of(mode).as_ref()?.wall_s.median)
}

/// As long as the wall time, full for the slower mode of the row.
fn bar(result: &RowResult, mode: Mode) -> String {
    let longest = Mode::TURNS.iter().filter_map(|mode| wall(result, *mode)).reduce(f64::max);
    let share = wall(result, mode).zip(longest).map(|(wall, longest)| wall / longest);
    share.map(|share| units::bar(share, BAR_WIDTH)).unwrap_or_default()
}

/// Against the first number of threads that the same script was run with.
fn speed_up(results: &[RowResult], result: &RowResult, mode: Mode) -> Option<f64> {
    let first = results.iter().find(|other| other.row.script == result.row.script)?;
    if !result.row.shares_work {
        return None;
    }
    Some(wall(first, mode)? / wall(result, mode)?)
}

fn interval(result: &RowResult) -> Option<String> {
    let interval = result.comparison?.interval?;
    Some(format!("{:.2} to {:.2}", interval.low, interval.high))
}

fn cores(result: &RowResult) -> String {
    let of = |mode: Mode| {
        let summary = result.summaries.of(mode).as_ref();
        summary.map_or(NONE.to_owned(), |of| format!("{:.1}", of.cores_used))
    };
    format!("{} / {}", of(Mode::Gil), of(Mode::Free))
}

/// What is wrong comes first, even where it does not rule out to compare.
fn verdict(result: &RowResult) -> String {
    let verdict = result.verdict.short();
    match result.findings.first() {
        Some(finding) if finding.short() != verdict => format!("{verdict}, {}", finding.short()),
        _ => verdict,
    }
}

fn legend(shown: Columns) -> String {
    let mut lines = vec![
        "gil, free: median wall time. ratio: gil over free, so above 1 free-threaded is faster.",
        "cores: CPU time over wall time, gil / free. waited: of the time for which threads wanted",
        "to run Python with the GIL, the share for which they waited for it. costs most: GIL wait",
        "in the runs with it; shared objects, locks and GC stops in those without; I/O in both.",
    ];
    if shown.speed_up {
        lines.push("speed-up: against the first number of threads in the same mode.");
    }
    lines.into_iter().map(|line| styled(line, FAINT) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::results::tests::{crashed, result};
    use super::*;

    /// Starts with a line end, so that the expected text can keep its spaces.
    fn table(results: &[RowResult], workload: bool, speed_up: bool, bars: bool) -> String {
        let text = render(results, Columns { workload, speed_up, bars });
        let plain = anstream::adapter::strip_str(&text).to_string();
        format!("\n{}", plain.split("\n\n").next().unwrap_or_default())
    }

    #[test]
    fn a_line_for_each_workload() {
        let results = [
            result(
                "cpu_loops",
                Some(2),
                &[(1.9, 1.05), (2.0, 1.0), (2.1, 0.95), (2.0, 1.0), (2.0, 1.0)],
            ),
            result("io_sleep", Some(2), &[(0.5, 0.5); 5]),
            crashed("cpu_fib"),
            result("convoy", Some(2), &[(0.5, 1.0); 2]),
        ];
        let expected = "
  workload   threads     gil    free  ratio  95 % interval  cores      waited  verdict        costs most
  cpu_loops        2  2.00 s  1.00 s   2.00  1.81 to 2.21   1.0 / 1.9    47 %  2.0x faster    GIL wait
  io_sleep         2  500 ms  500 ms   1.00  1.00 to 1.00   1.0 / 1.9    47 %  no difference  shared objects
  cpu_fib          2  1.00 s  500 ms      -  -              1.0 / 1.9    47 %  failed         -
  convoy           2  500 ms  1.00 s   0.50  0.50 to 0.50   1.0 / 1.9    47 %  too few runs   shared objects";
        assert_eq!(table(&results, true, false, false), expected);
    }

    #[test]
    fn a_line_for_each_number_of_threads() {
        let walls = [(1.0, 0.8), (1.0, 0.4)].map(|pair| [pair; 5]);
        let results: Vec<_> =
            [1, 2].iter().zip(walls).map(|(n, walls)| result("a", Some(*n), &walls)).collect();
        let expected = "
  threads     gil            speed-up    free           speed-up  ratio  95 % interval  cores      waited  verdict       costs most
        1  1.00 s  ████████     1.00x  800 ms  ██████▍     1.00x   1.25  1.25 to 1.25   1.0 / 1.9    47 %  1.25x faster  -
        2  1.00 s  ████████     1.00x  400 ms  ███▎        2.00x   2.50  2.50 to 2.50   1.0 / 1.9    47 %  2.5x faster   GIL wait";
        assert_eq!(table(&results, false, true, true), expected);
    }

    #[test]
    fn more_load_is_no_speed_up() {
        let results = [1, 2].map(|threads| result("convoy", Some(threads), &[(1.0, 1.0); 5]));
        assert_eq!(speed_up(&results, &results[1], Mode::Gil), None);
    }
}
