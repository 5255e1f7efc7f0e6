//! `--jobs N`: models are explored in N processes.
//!
//! An execution is one thread at a time, so more cores are of use for more executions only. Those of a random strategy
//! have numbers, and know nothing of each other: each process runs its [part](shares) of them in every model. An
//! exhaustive exploration learns from each execution what to run next, and most of the time that is the only one that is known
//! to come soon: each model is explored by one process, and none twice.
//!
//! Every process opens the same targets and so numbers the same models; whoever has done one is given the next number.
//! What they find is judged again here, and told in the order of the numbers: it reads as if one process had
//! explored all.

mod message;
mod processes;
mod shares;
pub(super) mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use self::message::{Message, Model};
use self::processes::{Event, Processes};
use self::shares::{Part, together};
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
) -> Result<Explored, String> {
    for target in targets {
        open(judge, target)?;
    }
    let (sender, events) = mpsc::channel();
    let parts = args.search().share.of.get() as usize;
    let count = if parts > 1 { parts } else { args.jobs.get().into() };
    let mut processes = Processes::start(count, parts > 1, &sender)?;
    drop(sender);
    let mut found = Found { parts, ..Found::default() };
    let mut begun = vec![None; count];
    for Event { process, message } in events {
        match message {
            Some(Message::Begins(model)) => begun[process] = Some(model),
            Some(Message::Explored(model)) => {
                begun[process] = None;
                if parts > 1 && model.is_found {
                    processes.stop(model.number);
                }
                processes.give_next(process);
                found.add(process, *model, args, targets, judge)?;
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
    /// In how many parts models are explored.
    parts: usize,
    /// Those of which there are parts to come, or that must wait for one with a lower number.
    early: BTreeMap<usize, (usize, Vec<Part>)>,
    /// The targets that could not be explored: each process finds that.
    unreadable: BTreeSet<usize>,
}

impl Found {
    /// Tells of a model, or keeps it until those before it were told.
    fn add(
        &mut self,
        process: usize,
        model: Model,
        args: &RaceArgs,
        targets: &[Target],
        judge: &mut Judge<'_>,
    ) -> Result<(), String> {
        let Model { number, target, is_found, .. } = model;
        let (candidates, report) = model.into_reports();
        let (_, found) = self.early.entry(number).or_insert_with(|| (target, Vec::new()));
        found.push(Part { process, candidates, is_found, report });
        while let Some(next) = self.early.first_entry()
            && *next.key() == self.explored.reports.len()
            && next.get().1.len() == self.parts
        {
            let (target, parts) = next.remove();
            for candidate in parts.iter().flat_map(|part| &part.candidates) {
                judge.counts(candidate)?;
            }
            let Some(report) = together(parts) else { continue };
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
