//! The table of the other programs beside the builds.

use super::super::mode::{ByMode, Mode};
use super::super::others::{Other, OtherResult, thread_safety_cost};
use super::super::results::RowResult;
use super::Report;
use super::grid::{Align, Cell, FAINT, Grid, HEADING, styled};
use super::units::{self, NONE};

/// What a table shows of a program in a row, beside the name of the row.
pub(super) const HEADINGS: [&str; 7] =
    ["beside", "wall", "over gil", "over free", "waited", "longest wait", "note"];

/// The table, what its columns mean, and what being thread-safe costs; nothing without others.
pub(super) fn render(report: &Report) -> Option<String> {
    if report.others.is_empty() || report.rows.is_empty() {
        return None;
    }
    let mut aligns = vec![Align::Left; 2];
    aligns.extend([Align::Right; 5]);
    aligns.push(Align::Left);
    let mut grid = Grid::new(aligns);
    let headings = ["workload"].into_iter().chain(HEADINGS);
    grid.row(headings.map(|heading| Cell::styled(heading, HEADING)).collect());
    for row in &report.rows {
        // The builds first, so that one need not look them up.
        for mode in Mode::TURNS {
            grid.row(with_title(row, of_build(row, mode)));
        }
        for result in &row.others {
            grid.row(with_title(row, of_other(&report.others[result.other], result)));
        }
    }
    let mut legend = vec![
        "over gil, over free: wall time over that of the build; above 1 the build is faster.",
        "waited, longest wait: for the GIL, of the threads' running time, and at a time.",
    ];
    let cost = cost_in_words(report);
    legend.extend(cost.as_deref());
    let legend: String = legend.iter().map(|line| styled(line, FAINT) + "\n").collect();
    Some(format!("{}\n{legend}", grid.render()))
}

/// What being thread-safe costs, if that was measured.
pub(super) fn cost_in_words(report: &Report) -> Option<String> {
    let ByMode { gil, free } =
        thread_safety_cost(&report.others, report.rows.iter().map(|row| row.others.as_slice()));
    let percent = |ratio: f64| format!("{:+.0} %", (ratio - 1.0) * 100.0);
    Some(format!(
        "Being thread-safe costs, on one thread, against the VM without thread support: {} with the GIL, {} free-threaded (median of the rows).",
        percent(gil?),
        percent(free?)
    ))
}

fn with_title(row: &RowResult, cells: [String; 7]) -> Vec<Cell> {
    std::iter::once(row.title()).chain(cells).map(Cell::from).collect()
}

fn of_build(row: &RowResult, mode: Mode) -> [String; 7] {
    let summary = row.summaries.of(mode).as_ref();
    let gil = summary.and_then(|summary| summary.gil.as_ref());
    [
        mode.to_string(),
        or_none(summary.map(|summary| units::time(summary.wall_s.median))),
        NONE.to_owned(),
        NONE.to_owned(),
        or_none(gil.and_then(|gil| gil.wait_share).map(units::share)),
        or_none(gil.map(|gil| units::time(gil.longest_wait_s))),
        String::new(),
    ]
}

/// The cells of another program.
pub(super) fn of_other(other: &Other, result: &OtherResult) -> [String; 7] {
    let summary = result.summary();
    let gil = summary.and_then(|summary| summary.gil.as_ref());
    let over = |mode| or_none(result.against(mode).map(|of| format!("{:.2}", of.ratio)));
    [
        other.name.clone(),
        or_none(summary.map(|summary| units::time(summary.wall_s.median))),
        over(Mode::Gil),
        over(Mode::Free),
        or_none(gil.and_then(|gil| gil.wait_share).map(units::share)),
        or_none(gil.map(|gil| units::time(gil.longest_wait_s))),
        result.note().unwrap_or_default().to_owned(),
    ]
}

fn or_none(text: Option<String>) -> String {
    text.unwrap_or_else(|| NONE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::arm::Arm;
    use super::super::super::others::tests::peer;
    use super::super::super::results::tests::result;
    use super::super::super::sample::tests::sample;
    use super::super::tests::report;
    use super::*;

    #[test]
    fn a_line_for_each_program() {
        let mut samples = result("a", Some(2), &[(2.0, 1.0); 5]).samples;
        samples.extend((1..=5).map(|number| sample(Arm::Other(0), number, 3.0)));
        let missing = super::super::super::others::Missing { missing: "not there".to_owned() };
        let others = vec![peer("python3.14"), Other { program: Err(missing), ..peer("pypy") }];
        let row = result("a", Some(2), &[]).row;
        let mut report = report(vec![RowResult::new(row, samples, &others, 2)]);
        report.others = others;
        let text = anstream::adapter::strip_str(&render(&report).unwrap()).to_string();
        let expected = "
  workload      beside           wall  over gil  over free  waited  longest wait  note
  a, threads 2  gil            2.00 s         -          -    47 %       5.00 ms
  a, threads 2  free-threaded  1.00 s         -          -       -             -
  a, threads 2  python3.14     3.00 s      1.50       3.00       -             -
  a, threads 2  pypy                -         -          -       -             -  not there
";
        assert!(format!("\n{text}").starts_with(expected), "{text}");
        report.others.clear();
        assert_eq!(render(&report), None);
    }
}
