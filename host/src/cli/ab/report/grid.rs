//! Text in aligned columns.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// For what heads a table.
pub(in super::super) const HEADING: Style = Style::new().bold();
/// For what explains a table.
pub(in super::super) const FAINT: Style = Style::new().dimmed();
/// For a gain.
pub(in super::super) const GAIN: Style = AnsiColor::Green.on_default();
/// For a loss, and for what needs care.
pub(in super::super) const LOSS: Style = AnsiColor::Yellow.on_default();
/// For what is wrong.
pub(in super::super) const WRONG: Style = AnsiColor::Red.on_default().bold();

/// Between two columns.
const GAP: &str = "  ";

/// Text with a style.
#[derive(Debug, Clone)]
pub(in super::super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Text in this style.
    pub(in super::super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Cell { text: text.into(), style }
    }

    /// Characters it takes on the screen.
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::styled(text, Style::new())
    }
}

/// `text` in a style, with its end marked.
pub(in super::super) fn styled(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// To which side of its column a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// Rows of cells. All rows have as many cells as there are columns.
#[derive(Debug)]
pub(in super::super) struct Grid {
    columns: Vec<Align>,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// An empty grid.
    pub(in super::super) fn new(columns: Vec<Align>) -> Self {
        Grid { columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(in super::super) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{cells:?}");
        self.rows.push(cells);
    }

    /// The rows, a line for each, indented by two characters.
    pub(in super::super) fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(Cell::width)
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            // Spaces owed to the line: those at its end are never paid.
            let mut owed = GAP.len();
            for ((cell, align), width) in row.iter().zip(&self.columns).zip(&widths) {
                let padding = width - cell.width();
                let before = if *align == Align::Right { padding } else { 0 };
                owed += before;
                if !cell.text.is_empty() {
                    // Writing to a string cannot fail.
                    let _ = write!(line, "{:owed$}{}", "", styled(&cell.text, cell.style));
                    owed = 0;
                }
                owed += padding - before + GAP.len();
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_the_style() {
        let mut grid = Grid::new(vec![Align::Left, Align::Right, Align::Left]);
        grid.row(vec![Cell::styled("name", HEADING), "µs".into(), "what".into()]);
        grid.row(vec!["a".into(), Cell::styled("1000", WRONG), "".into()]);
        grid.row(vec!["".into(), "".into(), "x".into()]);
        let plain = anstream::adapter::strip_str(&grid.render()).to_string();
        assert_eq!(plain, "  name    µs  what\n  a     1000\n              x\n");
    }

    #[test]
    fn nothing_follows_the_last_text_of_a_line() {
        let mut grid = Grid::new(vec![Align::Left, Align::Left]);
        grid.row(vec!["a".into(), "long text".into()]);
        grid.row(vec!["b".into(), "".into()]);
        assert_eq!(grid.render(), "  a  long text\n  b\n");
    }
}
