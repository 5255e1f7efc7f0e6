//! The lines of the user's on which the threads' time went, both modes side by side.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::ab::mode::{ByMode, Mode};
use crate::cli::profile::folded::Stack;

/// Fewer milliseconds may be chance.
const LEAST: u64 = 5;

/// A line with the time that was spent on it, in calls from there too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::cli::ab) struct Line {
    /// `function (file:line)`
    pub(in crate::cli::ab) text: String,
    /// By all threads together.
    pub(in crate::cli::ab) spent: ByMode<Spent>,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(in crate::cli::ab) struct Spent {
    /// Running Python; without the GIL also waiting for each other's objects.
    pub(in crate::cli::ab) running_ms: u64,
    /// Waiting for the GIL.
    pub(in crate::cli::ab) waiting_ms: u64,
    /// In calls that may block: I/O, locks, joins.
    pub(in crate::cli::ab) blocked_ms: u64,
}

impl Spent {
    fn total(self) -> u64 {
        self.running_ms + self.waiting_ms + self.blocked_ms
    }

    fn add(&mut self, activity: &str, milliseconds: u64) {
        match activity {
            "waiting for the GIL" => self.waiting_ms += milliseconds,
            "blocked" => self.blocked_ms += milliseconds,
            _ => self.running_ms += milliseconds,
        }
    }
}

/// The lines, those that take most in either mode first.
pub(in crate::cli::ab) fn lines(stacks: &ByMode<Vec<Stack>>) -> Vec<Line> {
    let mut spent: BTreeMap<&str, ByMode<Spent>> = BTreeMap::new();
    for mode in Mode::TURNS {
        for stack in stacks.of(mode) {
            let Some(line) = responsible(stack) else { continue };
            let of_line = spent.entry(line).or_insert_with(|| ByMode::each(|_| Spent::default()));
            of_line.of_mut(mode).add(&stack.activity, stack.milliseconds);
        }
    }
    let most = |spent: &ByMode<Spent>| spent.gil.total().max(spent.free.total());
    let mut lines: Vec<Line> = spent
        .into_iter()
        .filter(|(_, spent)| most(spent) >= LEAST)
        .map(|(line, spent)| Line { text: line.to_owned(), spent })
        .collect();
    // The sort is stable: ties are in the order of the text.
    lines.sort_by_key(|line| std::cmp::Reverse(most(&line.spent)));
    lines
}

/// The innermost line that is in a file: the frozen standard library's have a name without ending.
/// A wait in `queue.get` belongs to who called it.
fn responsible(stack: &Stack) -> Option<&str> {
    let in_a_file = |frame: &&String| {
        let place = frame.rsplit_once(" (").map_or("", |(_, place)| place);
        place.rsplit_once(':').is_some_and(|(file, _)| file.ends_with(".py"))
    };
    let of_user = stack.frames.iter().rev().find(in_a_file);
    of_user.or(stack.frames.last()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::profile::folded::tests::stack;

    #[test]
    fn time_belongs_to_the_innermost_line_of_the_user() {
        let gil = vec![
            stack(&["<module> (a.py:9)", "work (a.py:3)"], "running", 40),
            stack(&["<module> (a.py:9)", "work (a.py:3)"], "waiting for the GIL", 41),
            stack(&["<module> (a.py:9)", "Thread.join (threading:1133)"], "blocked", 80),
            stack(&["<module> (a.py:1)"], "running", LEAST - 1),
            stack(&[], "running", 100),
        ];
        let free = vec![
            stack(&["<module> (a.py:9)", "work (a.py:3)"], "running", 45),
            stack(&["Thread._bootstrap (threading:5)"], "collecting garbage", 7),
        ];
        let lines = lines(&ByMode { gil, free });
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            ["work (a.py:3)", "<module> (a.py:9)", "Thread._bootstrap (threading:5)"]
        );
        let work = &lines[0].spent;
        assert_eq!(work.gil, Spent { running_ms: 40, waiting_ms: 41, blocked_ms: 0 });
        assert_eq!(work.free, Spent { running_ms: 45, waiting_ms: 0, blocked_ms: 0 });
        assert_eq!(lines[1].spent.gil.blocked_ms, 80);
    }
}
