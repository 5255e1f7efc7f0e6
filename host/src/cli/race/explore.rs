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

/// What is done with what a [`walk`] comes to.
pub(super) trait Visitor {
    /// One of several targets, by number, cannot be explored. The walk goes on.
    fn unreadable(&mut self, target: usize, error: String) -> Result<(), String>;

    /// A model that is asked for; they are numbered in the order of the walk. Returns whether to go on.
    fn model(
        &mut self,
        lab: &mut Lab<'_>,
        judge: &mut Judge<'_>,
        place: Place<'_>,
    ) -> Result<bool, String>;
}

/// Which model a [`walk`] has come to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The number of its target.
    pub(super) target: usize,
    pub(super) number: usize,
    pub(super) model: &'a str,
}

/// Opens all targets, and visits their models. Returns the names of all, those not asked for, too; `None` if the visitor
/// did not want to go on.
pub(super) fn walk(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
    visitor: &mut impl Visitor,
) -> Result<Option<Vec<String>>, String> {
    let mut lab = lab(py, args)?;
    let (mut names, mut number) = (Vec::new(), 0);
    for (target, opened) in targets.iter().enumerate() {
        open(judge, opened)?;
        let models = match lab.open(opened).and_then(|()| lab.models()).map_err(explain) {
            Ok(models) => models,
            Err(error) if targets.len() > 1 => {
                visitor.unreadable(target, error)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        for model in models {
            if args.asks_for(&model) {
                if !visitor.model(&mut lab, judge, Place { target, number, model: &model })? {
                    return Ok(None);
                }
                number += 1;
            }
            names.push(model);
        }
    }
    Ok(Some(names))
}

/// Explores all models in this process.
pub(super) fn explore(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
) -> Result<Explored, String> {
    let mut all = All { args, targets, explored: Explored::default() };
    let names = walk(py, args, targets, judge, &mut all)?;
    Ok(Explored { names: names.unwrap_or_default(), ..all.explored })
}

struct All<'a> {
    args: &'a RaceArgs,
    targets: &'a [Target],
    explored: Explored,
}

impl Visitor for All<'_> {
    fn unreadable(&mut self, target: usize, error: String) -> Result<(), String> {
        self.explored.cannot_explore(&self.targets[target], &error);
        Ok(())
    }

    fn model(
        &mut self,
        lab: &mut Lab<'_>,
        judge: &mut Judge<'_>,
        Place { target, model, .. }: Place<'_>,
    ) -> Result<bool, String> {
        let report = explored_past(lab, model, self.args.search(), judge, |_, _| ())?;
        let report = judge.judge(report)?;
        self.args.tell(&self.targets[target], &report);
        self.explored.reports.push(report);
        Ok(true)
    }
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

/// Explores a model up to a finding that counts. `candidate` is shown each that this is asked of, and the answer.
pub(super) fn explored_past(
    lab: &mut Lab<'_>,
    model: &str,
    search: Search,
    judge: &mut Judge<'_>,
    mut candidate: impl FnMut(&Report, bool),
) -> Result<Report, String> {
    let mut error = None;
    let counts = |report: &Report| {
        let counts = judge.counts(report).unwrap_or_else(|raised| {
            error = Some(raised);
            true
        });
        candidate(report, counts);
        counts
    };
    let report = lab.explore_past(model, search, counts).map_err(explain)?;
    error.map_or(Ok(report), Err)
}
