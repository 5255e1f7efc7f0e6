//! What the processes tell the one that has started them: a line of JSON each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::race::{Blocked, End, GilVerdict, Report, SiteId, line, line_of_another_process};

/// Instead of the number of a model: another process has found what is looked for in the one that is explored.
pub(super) const STOP: &str = "stop";

/// What a process tells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// It explores a model of this name now.
    Begins(String),
    /// It has.
    Explored(Box<Model>),
    /// One of several targets cannot be explored.
    Unreadable {
        /// Which.
        target: usize,
        /// Why.
        error: String,
    },
    /// The number that it was given is beyond the last model.
    Done {
        /// All models of all targets, those not asked for, too.
        names: Vec<String>,
    },
    /// Nothing can be explored, in words.
    Failed(String),
}

/// What was found out about a model.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Model {
    pub(super) number: usize,
    pub(super) target: usize,
    /// The findings of which it was asked whether they count, in their order.
    candidates: Vec<Report>,
    /// One of them counts.
    pub(super) is_found: bool,
    report: Report,
    /// Where the sites are that threads wait at: their numbers mean nothing elsewhere.
    lines: BTreeMap<u32, (String, u32)>,
}

impl Model {
    pub(super) fn new(
        number: usize,
        target: usize,
        mut candidates: Vec<Report>,
        is_found: bool,
        mut report: Report,
    ) -> Self {
        let all = candidates.iter_mut().chain([&mut report]).flat_map(blocked);
        let sites = all.map(|blocked| blocked.site);
        let lines = sites.filter_map(|site| Some((site.0, line(site)?))).collect();
        Self { number, target, candidates, is_found, report, lines }
    }

    /// The candidates and the report, as if they were found in this process.
    pub(super) fn into_reports(self) -> (Vec<Report>, Report) {
        let Self { mut candidates, mut report, lines, .. } = self;
        let here = lines
            .into_iter()
            .map(|(site, (file, line))| (site, line_of_another_process(file, line)));
        let here: BTreeMap<u32, SiteId> = here.collect();
        for blocked in candidates.iter_mut().chain([&mut report]).flat_map(blocked) {
            blocked.site = here.get(&blocked.site.0).copied().unwrap_or_default();
        }
        (candidates, report)
    }
}

/// The threads that wait for ever, of all executions in a report.
fn blocked(report: &mut Report) -> impl Iterator<Item = &mut Blocked> {
    let ends = report.finding.as_mut().map(|finding| {
        let with_gil = match &mut finding.gil {
            Some(GilVerdict::Possible { end, .. }) => Some(end),
            _ => None,
        };
        [Some(&mut finding.end), with_gil]
    });
    ends.into_iter().flatten().flatten().flat_map(|end| match end {
        End::Deadlock(blocked) | End::Livelock(blocked) => blocked.as_mut_slice(),
        _ => &mut [],
    })
}
