//! The drawing of an interleaving: a lane for each thread, a row for each step, and the source beside it.
//!
//! A CSS grid, in which bars and lines are items that span rows and lanes. So they stay where they belong when
//! text is wrapped, without a script that measures it.

use std::fmt::Write;

use super::super::source::Sources;
use crate::cli::html::escaped;
use crate::race::{LockStep, Row, Witness};

/// What the signs mean.
pub(super) const LEGEND: &str = "<p class=\"legend\"><span><i class=\"dot c1\"></i> a step</span> \
    <span><i class=\"dot c1 conflicts\"></i> a step that conflicts with another thread's, with a line to \
    it</span> <span><i class=\"held l0\"></i> a lock is held</span> \
    <span><i class=\"switch\"></i> another thread goes on</span></p>\n";

/// How a thread ends that does not end well.
pub(super) struct Last {
    pub(super) thread: usize,
    pub(super) text: String,
    /// The place in words, the file and the line.
    pub(super) place: Option<(String, String, u32)>,
}

/// What is drawn.
pub(super) struct Drawing<'a> {
    pub(super) witness: &'a Witness,
    pub(super) last: &'a [Last],
    /// Of the steps' ids: two drawings on a page need two.
    pub(super) prefix: &'a str,
    /// For those who do not see it.
    pub(super) label: &'a str,
}

/// Colours of threads and of locks in the style sheet.
const COLOURS: usize = 6;

/// Lines beside each other between the same lanes.
const LINES: usize = 4;

/// The grid's row of a step; the first has the names.
fn grid_row(row: usize) -> usize {
    row + 2
}

/// The grid's column of a thread; the first has the numbers.
fn column(thread: usize) -> usize {
    thread + 2
}

impl Drawing<'_> {
    pub(super) fn render(&self, sources: &mut Sources) -> String {
        let Witness { threads, rows } = self.witness;
        let held = held(rows);
        let slots = held.iter().map(|held| held.slot + 1).max().unwrap_or(0);
        let lanes = threads.len();
        let label = escaped(self.label);
        let mut text = format!(
            "<div class=\"wide\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n\
             <div class=\"steps\" role=\"table\" aria-label=\"{label}\" \
             style=\"--slots:{slots};--lanes:{lanes}\">\n"
        );
        self.signs(&mut text, &held);
        self.head(&mut text);
        for (index, row) in rows.iter().enumerate() {
            let source =
                (row.line > 0).then(|| (row.place.as_str(), sources.line(&row.file, row.line)));
            let switches = index > 0 && rows[index - 1].thread != row.thread;
            self.row(&mut text, index, row, source, switches);
        }
        for (index, last) in self.last.iter().enumerate() {
            let at = grid_row(rows.len() + index);
            let source = last.place.as_ref();
            let source =
                source.map(|(place, file, line)| (place.as_str(), sources.line(file, *line)));
            let _ = write!(
                text,
                "<div class=\"row\" role=\"row\"><div class=\"number\" role=\"rowheader\" \
                 style=\"grid-area:{at}/1\"></div><div class=\"step last c{}\" role=\"cell\" \
                 style=\"grid-area:{at}/{}\">{}</div>",
                colour(last.thread),
                column(last.thread),
                escaped(&last.text)
            );
            self.source(&mut text, at, source);
        }
        text + "</div>\n</div>\n"
    }

    /// The names of the threads.
    fn head(&self, text: &mut String) {
        text.push_str(
            "<div class=\"row\" role=\"row\"><div class=\"head\" role=\"columnheader\" \
             style=\"grid-area:1/1\"><span class=\"unseen\">step</span></div>",
        );
        for (thread, name) in self.witness.threads.iter().enumerate() {
            let _ = write!(
                text,
                "<div class=\"head lane c{}\" role=\"columnheader\" style=\"grid-area:1/{}\">{}</div>",
                colour(thread),
                column(thread),
                escaped(name)
            );
        }
        let _ = writeln!(
            text,
            "<div class=\"head\" role=\"columnheader\" style=\"grid-area:1/{}\">source</div></div>",
            column(self.witness.threads.len())
        );
    }

    fn row(
        &self,
        text: &mut String,
        index: usize,
        row: &Row,
        source: Option<(&str, &str)>,
        switches: bool,
    ) {
        let (at, number, prefix) = (grid_row(index), index + 1, self.prefix);
        let switched = if switches { " switched" } else { "" };
        let _ = write!(
            text,
            "<div class=\"row{switched}\" role=\"row\"><div class=\"number\" role=\"rowheader\" \
             id=\"{prefix}{number}\" style=\"grid-area:{at}/1\">\
             <a href=\"#{prefix}{number}\">{number}</a></div>\
             <div class=\"step c{}\" role=\"cell\" style=\"grid-area:{at}/{}\">\
             <span class=\"what\">{}</span>",
            colour(row.thread),
            column(row.thread),
            escaped(&row.operation)
        );
        if let Some(value) = &row.value {
            let _ = write!(text, " <span class=\"value\">= {}</span>", escaped(value));
        }
        if row.conflicts {
            let links = row.conflicts_with.iter().map(|other| {
                let other = other + 1;
                format!("<a href=\"#{prefix}{other}\">{other}</a>")
            });
            let links = links.collect::<Vec<_>>().join(", ");
            let with = if links.is_empty() { String::new() } else { format!(" with {links}") };
            let _ = write!(text, " <span class=\"mark\">conflicts{with}</span>");
        }
        text.push_str("</div>");
        self.source(text, at, source);
    }

    fn source(&self, text: &mut String, at: usize, source: Option<(&str, &str)>) {
        let column = column(self.witness.threads.len());
        let (place, code) = source.unwrap_or_default();
        let _ = writeln!(
            text,
            "<div class=\"source\" role=\"cell\" style=\"grid-area:{at}/{column}\">\
             <span class=\"place\">{}</span> <code>{}</code></div></div>",
            escaped(place),
            escaped(code)
        );
    }

    /// All that is not text: behind it, and nothing for those who listen.
    fn signs(&self, text: &mut String, held: &[Held]) {
        let rows = &self.witness.rows;
        let all = rows.len() + self.last.len();
        let mut sign = |class: &str,
                        (from, to): (usize, usize),
                        (left, right): (usize, usize),
                        style: &str| {
            let _ = writeln!(
                text,
                "<i class=\"{class}\" aria-hidden=\"true\" \
                 style=\"grid-area:{}/{}/{}/{};{style}\"></i>",
                grid_row(from),
                column(left),
                grid_row(to),
                column(right)
            );
        };
        for thread in 0..self.witness.threads.len() {
            sign(&format!("lane c{}", colour(thread)), (0, all), (thread, thread + 1), "");
        }
        for held in held {
            let open = if held.until.is_none() { " open" } else { "" };
            let class = format!("held{open} l{}", held.lock as usize % COLOURS);
            let lane = (held.thread, held.thread + 1);
            let style = format!("--slot:{}", held.slot);
            sign(&class, (held.from, held.until.unwrap_or(all)), lane, &style);
        }
        for (from, to) in runs(rows) {
            let thread = rows[from].thread;
            sign(&format!("run c{}", colour(thread)), (from, to), (thread, thread + 1), "");
            if let Some(before) = from.checked_sub(1) {
                let (left, right) = ordered(rows[before].thread, thread);
                sign("switch", (from, from + 1), (left, right), "");
            }
        }
        for (row, step) in rows.iter().enumerate() {
            for (number, &other) in step.conflicts_with.iter().enumerate() {
                let earlier = rows[other].thread;
                // Where the row of a text goes on to the right of it, the line leaves to the left.
                let class = if earlier < step.thread { "conflict right" } else { "conflict left" };
                let lanes = ordered(earlier, step.thread);
                let style = format!("--line:{}", (row + number) % LINES);
                sign(class, (other, row), lanes, &style);
            }
        }
        for (row, step) in rows.iter().enumerate() {
            let conflicts = if step.conflicts { " conflicts" } else { "" };
            let class = format!("dot c{}{conflicts}", colour(step.thread));
            sign(&class, (row, row + 1), (step.thread, step.thread + 1), "");
        }
    }
}

/// The first thread, which the others start from, has one of its own.
fn colour(thread: usize) -> usize {
    if thread == 0 { 0 } else { (thread - 1) % COLOURS + 1 }
}

fn ordered(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

/// From which step to before which one threads run on.
fn runs(rows: &[Row]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match runs.last_mut() {
            Some((from, to)) if rows[*from].thread == row.thread => *to = index + 1,
            _ => runs.push((index, index + 1)),
        }
    }
    runs
}

/// A lock that a thread has.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    lock: u32,
    thread: usize,
    from: usize,
    /// The step that gives it back; it is held to the end if there is none.
    until: Option<usize>,
    /// Beside how many others its bar is.
    slot: usize,
}

fn held(rows: &[Row]) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match row.lock {
            Some(LockStep::Takes(lock)) => {
                let beside = all.iter().filter(|held| held.thread == row.thread);
                let taken: Vec<usize> =
                    beside.filter(|held| held.until.is_none()).map(|held| held.slot).collect();
                let slot = (0..).find(|slot| !taken.contains(slot)).unwrap_or_default();
                let thread = row.thread;
                all.push(Held { lock, thread, from: index, until: None, slot });
            }
            // By whoever: a lock may be given back by another thread.
            Some(LockStep::Gives(lock)) => {
                let open = all.iter_mut().rev();
                let mut open = open.filter(|held| held.lock == lock && held.until.is_none());
                if let Some(held) = open.next() {
                    held.until = Some(index);
                }
            }
            None => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(thread: usize, lock: Option<LockStep>) -> Row {
        Row { thread, lock, ..Row::default() }
    }

    #[test]
    fn locks_held_together_are_drawn_beside_each_other() {
        use LockStep::{Gives, Takes};
        let rows = [
            row(1, Some(Takes(0))),
            row(1, Some(Takes(1))),
            row(2, Some(Gives(0))),
            row(1, Some(Takes(2))),
        ];
        let all = held(&rows);
        let spans: Vec<_> = all.iter().map(|held| (held.from, held.until, held.slot)).collect();
        assert_eq!(spans, [(0, Some(2), 0), (1, None, 1), (3, None, 0)]);
    }

    #[test]
    fn a_run_ends_where_another_thread_goes_on() {
        let rows = [0, 0, 1, 0].map(|thread| row(thread, None));
        assert_eq!(runs(&rows), [(0, 2), (2, 3), (3, 4)]);
        assert_eq!(runs(&[]), []);
    }
}
