//! What several processes have found in their parts of a model.

use crate::race::Report;

/// What one of them has found.
pub(super) struct Part {
    /// Which.
    pub(super) process: usize,
    /// The findings of which it was asked whether they count, in their order.
    pub(super) candidates: Vec<Report>,
    /// One of them does.
    pub(super) is_found: bool,
    pub(super) report: Report,
}

/// One report of all parts: with the finding of the first process that has one which counts, or else of the first that has one.
/// `None` if there are none.
pub(super) fn together(mut parts: Vec<Part>) -> Option<Report> {
    parts.sort_by_key(|part| (!part.is_found, part.report.finding.is_none(), part.process));
    let mut reports = parts.into_iter().map(|part| part.report);
    let mut all = reports.next()?;
    for part in reports {
        all.executions += part.executions;
        all.steps += part.steps;
        all.threads = all.threads.max(part.threads);
        all.elapsed = all.elapsed.max(part.elapsed);
        for (outcome, times) in part.outcomes {
            *all.outcomes.entry(outcome).or_default() += times;
        }
        all.inexact = all.inexact.or(part.inexact);
    }
    Some(all)
}
