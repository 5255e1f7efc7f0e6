//! The table of the lines on which the time went.

use super::super::explain::{Explanation, Line, Spent};
use super::super::mode::Mode;
use super::grid::{Align, Cell, FAINT, Grid, HEADING, styled};
use super::units::{self, NONE};

/// More lines are in the profiles.
pub(super) const MOST: usize = 12;

pub(super) const HEADINGS: [&str; 7] =
    ["line", "gil: running", "waiting", "blocked", "free: running", "blocked", "free/gil, running"];

/// The table of a row, if it was asked for.
pub(super) fn render(title: &str, explanation: &Explanation) -> Option<String> {
    if explanation.lines.is_empty() && explanation.missing.is_empty() {
        return None;
    }
    let mut aligns = vec![Align::Left];
    aligns.extend([Align::Right; 6]);
    let mut grid = Grid::new(aligns);
    grid.row(HEADINGS.map(|heading| Cell::styled(heading, HEADING)).into());
    for line in explanation.lines.iter().take(MOST) {
        grid.row(cells(line).map(Cell::from).into());
    }
    let mut text =
        format!("{}\n{}", styled(&format!("Where the time went: {title}"), HEADING), grid.render());
    let mut legend: Vec<String> = explanation.missing.clone();
    legend.extend((explanation.lines.len() > MOST).then(|| {
        format!(
            "{} more lines take less; --explain-dir keeps them all.",
            explanation.lines.len() - MOST
        )
    }));
    legend.push(
        "Time of all threads together, in one run of each mode of its own. waiting: for the GIL."
            .to_owned(),
    );
    for line in legend {
        text += &(styled(&line, FAINT) + "\n");
    }
    Some(text)
}

/// The cells of a line. Of its file only the name is shown.
pub(super) fn cells(line: &Line) -> [String; 7] {
    let [gil, free] = Mode::TURNS.map(|mode| *line.spent.of(mode));
    let ratio = (gil.running_ms > 0 && free.running_ms > 0)
        .then(|| format!("{:.2}", free.running_ms as f64 / gil.running_ms as f64));
    [
        short(&line.text),
        time(gil, |spent| spent.running_ms),
        time(gil, |spent| spent.waiting_ms),
        time(gil, |spent| spent.blocked_ms),
        time(free, |spent| spent.running_ms),
        time(free, |spent| spent.blocked_ms),
        ratio.unwrap_or_else(|| NONE.to_owned()),
    ]
}

fn time(spent: Spent, what: impl Fn(&Spent) -> u64) -> String {
    match what(&spent) {
        0 => NONE.to_owned(),
        milliseconds => units::time(milliseconds as f64 / 1e3),
    }
}

/// `work (/a/b.py:3)` as `work (b.py:3)`.
fn short(text: &str) -> String {
    match text.rsplit_once(" (") {
        Some((function, place)) => {
            format!("{function} ({}", place.rsplit('/').next().unwrap_or(place))
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::mode::ByMode;
    use super::*;

    /// Something to show.
    pub(in super::super) fn explanation() -> Explanation {
        let spent =
            |running_ms, waiting_ms, blocked_ms| Spent { running_ms, waiting_ms, blocked_ms };
        let line =
            |text: &str, gil, free| Line { text: text.to_owned(), spent: ByMode { gil, free } };
        Explanation {
            lines: vec![
                line("work (/a/b.py:3)", spent(400, 380, 0), spent(500, 0, 0)),
                line("<module> (/a/b.py:9)", spent(0, 0, 800), spent(1, 0, 510)),
            ],
            ..Explanation::default()
        }
    }

    #[test]
    fn the_modes_are_side_by_side() {
        let text = render("b.py", &explanation()).unwrap();
        let text = anstream::adapter::strip_str(&text).to_string();
        let expected = "\
Where the time went: b.py
  line               gil: running  waiting  blocked  free: running  blocked  free/gil, running
  work (b.py:3)            400 ms   380 ms        -         500 ms        -               1.25
  <module> (b.py:9)             -        -   800 ms        1.00 ms   510 ms                  -
";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(render("b.py", &Explanation::default()), None);
    }

    #[test]
    fn a_run_that_failed_is_told() {
        let missing = vec!["gil: the run to be watched failed (exit status 1)".to_owned()];
        let text = render("b.py", &Explanation { missing, ..Explanation::default() }).unwrap();
        assert!(text.contains("gil: the run to be watched failed"), "{text}");
    }
}
