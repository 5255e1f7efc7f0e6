//! Explores all models of all targets, one after the other.

use super::judge::{Judge, Judged};
use super::{RaceArgs, explain, lab, targets};
use crate::Python;
use crate::race::{Lab, Report, Search, Target};

/// What was found out about all targets.
#[derive(Default)]
pub(super) struct Explored {
    pub(super) reports: Vec<Judged>,
    /// All models, those not asked for, too.
    pub(super) names: Vec<String>,
    /// Whether some target could not be explored. That was told.
    pub(super) failed: bool,
}

pub(super) fn explore(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
) -> Result<Explored, String> {
    let mut lab = lab(py, args)?;
    let mut explored = Explored::default();
    for target in targets {
        open(judge, target)?;
        let models = lab.open(target).and_then(|()| lab.models());
        let models = match models {
            Ok(models) => models,
            Err(error) if targets.len() > 1 => {
                explored.cannot_explore(target, &explain(error));
                continue;
            }
            Err(error) => return Err(explain(error)),
        };
        for model in models {
            if args.asks_for(&model) {
                let report =
                    explored_past(&mut lab, &model, args.search(), judge, &mut Vec::new())?;
                let report = judge.judge(report)?;
                args.tell(target, &report);
                explored.reports.push(report);
            }
            explored.names.push(model);
        }
    }
    Ok(explored)
}

/// Reads what comments of a target let be.
pub(super) fn open(judge: &mut Judge<'_>, target: &Target) -> Result<(), String> {
    match target {
        Target::File { path, text } | Target::Script { path, text, .. } => {
            judge.open(&path.display().to_string(), text)
        }
        _ => Ok(()),
    }
}

impl Explored {
    /// One of several targets cannot be explored: the others are.
    pub(super) fn cannot_explore(&mut self, target: &Target, error: &str) {
        anstream::eprintln!("togil race: {}: {error}", target.name());
        self.failed = true;
    }

    /// Tells of models that start no threads. It is an error if there was no model at all.
    pub(super) fn check(&self, args: &RaceArgs, targets: &[Target]) -> Result<(), String> {
        let plain = self.reports.iter().filter(|report| report.threads < 2).count();
        if !args.json && !args.diff && targets.iter().any(targets::is_of_tests) && plain > 0 {
            let (tests, start) = if plain == 1 { ("test", "starts") } else { ("tests", "start") };
            anstream::println!("{plain} {tests} {start} no thread");
        }
        match (&args.name, self.reports.is_empty() && !self.failed) {
            (_, false) => Ok(()),
            (Some(part), true) if !self.names.is_empty() => {
                let names = self.names.join(", ");
                Err(format!("no model has '{part}' in its name; there are {names}"))
            }
            (_, true) => Err(format!(
                "there is no model in '{}': it takes a function race_* that starts threads, joins \
                 them and asserts, or setup(), workers and invariant(state)",
                args.targets.name()
            )),
        }
    }
}

/// Explores a model up to a finding that counts. `candidates`: gets those that it was asked of.
pub(super) fn explored_past(
    lab: &mut Lab<'_>,
    model: &str,
    search: Search,
    judge: &mut Judge<'_>,
    candidates: &mut Vec<Report>,
) -> Result<Report, String> {
    let mut error = None;
    let counts = |report: &Report| {
        candidates.push(report.clone());
        match judge.counts(report) {
            Ok(counts) => counts,
            Err(raised) => {
                error = Some(raised);
                true
            }
        }
    };
    let report = lab.explore_past(model, search, counts).map_err(explain)?;
    error.map_or(Ok(report), Err)
}
