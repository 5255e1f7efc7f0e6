//! `--jobs N`: models are explored in N processes.
//!
//! An execution is one thread at a time, so more cores are of use for more models only: each model is
//! explored by one process, and none twice. Every process opens the same targets and so numbers the same
//! models; whoever has done one is given the next number. What they find is judged again here, and told in the
//! order of the numbers: it reads as if one process had explored all.

mod message;
mod processes;
pub(super) mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::mpsc;

use self::message::{Message, Model};
use self::processes::{Event, Processes};
use super::RaceArgs;
use super::explore::{Explored, open};
use super::judge::Judge;
use crate::race::Target;

/// Explores all models of the targets in so many processes.
///
/// # Errors
/// In words: what one process would have ended with, or that one of them has died.
pub(super) fn explore(
    args: &RaceArgs,
    targets: &[Target],
    judge: &mut Judge<'_>,
    jobs: NonZero<u16>,
) -> Result<Explored, String> {
    for target in targets {
        open(judge, target)?;
    }
    let (sender, events) = mpsc::channel();
    let mut processes = Processes::start(jobs, &sender)?;
    drop(sender);
    let mut found = Found::default();
    let mut begun = vec![None; usize::from(jobs.get())];
    for Event { process, message } in events {
        match message {
            Some(Message::Begins(model)) => begun[process] = Some(model),
            Some(Message::Explored(model)) => {
                begun[process] = None;
                processes.give_next(process);
                found.add(*model, args, targets, judge)?;
            }
            Some(Message::Unreadable { target, error }) => {
                found.unreadable(targets, target, &error)
            }
            Some(Message::Failed(error)) => return Err(error),
            Some(Message::Done { names }) => {
                processes.done(process);
                found.explored.names = names;
            }
            None => {
                if let Some(status) = processes.ended(process) {
                    let what = begun[process].take().unwrap_or_else(|| "the models".to_owned());
                    return Err(format!("the process that explored {what} has ended: {status}"));
                }
            }
        }
    }
    Ok(found.explored)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    explored: Explored,
    /// Those that must wait for one with a lower number.
    early: BTreeMap<usize, Model>,
    /// The targets that could not be explored: each process finds that.
    unreadable: BTreeSet<usize>,
}

impl Found {
    /// Tells of a model, or keeps it until those before it were told.
    fn add(
        &mut self,
        model: Model,
        args: &RaceArgs,
        targets: &[Target],
        judge: &mut Judge<'_>,
    ) -> Result<(), String> {
        self.early.insert(model.number, model);
        while let Some(model) = self.early.remove(&self.explored.reports.len()) {
            let (target, candidates, report) = model.into_reports();
            for candidate in &candidates {
                judge.counts(candidate)?;
            }
            let report = judge.judge(report)?;
            if let Some(target) = targets.get(target) {
                args.tell(target, &report);
            }
            self.explored.reports.push(report);
        }
        Ok(())
    }

    fn unreadable(&mut self, targets: &[Target], number: usize, error: &str) {
        if self.unreadable.insert(number)
            && let Some(target) = targets.get(number)
        {
            self.explored.cannot_explore(target, error);
        }
    }
}
