//! The progress bar on stderr.

use std::fmt;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::arm::Arm;
use super::others::Other;
use super::plan::{Plan, Row};

const TEMPLATE: &str = "{bar:24} {pos}/{len} runs{left}  {msg}";

/// A bar with one step for each run. It is drawn between runs only: a bar that
/// moves by itself would take time from the run that is measured. Where stderr is
/// not a terminal nothing is drawn.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    processes_per_row: u64,
    /// Names of the others.
    others: Vec<String>,
}

impl Progress {
    /// Shows an empty bar.
    pub(super) fn of(plan: &Plan, others: &[Other]) -> Self {
        let processes_per_row = plan.processes_per_row();
        let bar = ProgressBar::new(processes_per_row * plan.rows.len() as u64);
        // The template is a constant; should it not parse, the default bar does.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.with_key("left", time_left));
        }
        let others = others.iter().map(|other| other.name.clone()).collect();
        Progress { bar, processes_per_row, others }
    }

    /// Shows nothing at all.
    #[cfg(test)]
    pub(super) fn hidden() -> Self {
        Progress { bar: ProgressBar::hidden(), processes_per_row: 0, others: Vec::new() }
    }

    /// Names the run that starts now.
    pub(super) fn starts(&self, row: &Row, arm: Arm) {
        let threads = row.threads.map(|threads| format!(", threads {threads}")).unwrap_or_default();
        let what = match arm {
            Arm::Mode(mode) => mode.to_string(),
            Arm::Other(number) => self.others.get(number).cloned().unwrap_or_default(),
        };
        self.bar.set_message(format!("{}{threads}, {what}", row.name));
        self.bar.tick();
    }

    /// Moves on by one run, and back the end if there are more of them than expected.
    pub(super) fn finished_run(&self) {
        self.bar.inc(1);
        if self.bar.length() < Some(self.bar.position()) {
            self.bar.inc_length(2);
        }
    }

    /// Moves on past the runs that were left out, if any. Never back: with a budget a row has as
    /// many runs as fit.
    pub(super) fn finished_rows(&self, rows: u64) {
        let planned = rows * self.processes_per_row;
        self.bar.set_position(planned.max(self.bar.position()));
    }
}

/// Before the first run has ended there is nothing to tell it from.
fn time_left(state: &ProgressState, text: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // A bar without it is still a bar.
        let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
    }
}

impl Drop for Progress {
    /// Makes room for the report.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_never_moves_back() {
        let mut progress = Progress::hidden();
        progress.processes_per_row = 4;
        for _ in 0..6 {
            progress.finished_run();
        }
        progress.finished_rows(1);
        assert_eq!(progress.bar.position(), 6);
        progress.finished_rows(2);
        assert_eq!(progress.bar.position(), 8);
    }
}
