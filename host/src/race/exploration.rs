//! A model's executions, one after the other, up to its failures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use togil_interp::race::{Discipline, End, Point, Run, Sharing, Strategy};

use super::exact::is_checked;
use super::lab::{Lab, RaceError};
use super::report::{Report, Verdict};
use super::search::{Search, StrategyKind};

/// Where the exploration of a model has come to.
pub(super) struct Exploration {
    model: String,
    search: Search,
    begun: Instant,
    /// Without what was done with failures.
    elapsed: Duration,
    /// Chooses the next execution. Taken while one runs, and at the end.
    strategy: Option<Box<dyn Strategy>>,
    /// The execution that has failed, until it is told to the strategy.
    failed: Option<Run>,
    sharing: Sharing,
    executions: usize,
    steps: usize,
    threads: usize,
    outcomes: BTreeMap<String, usize>,
    inexact: Option<String>,
    /// A loop was not followed as far as it goes, or an execution came to no end.
    cut: bool,
    /// Whether every execution was run.
    all: bool,
}

impl Exploration {
    pub(super) fn new(model: &str, search: Search) -> Self {
        Self {
            model: model.to_owned(),
            search,
            begun: Instant::now(),
            elapsed: Duration::ZERO,
            strategy: Some(search.build_strategy()),
            failed: None,
            sharing: Sharing::default(),
            executions: 0,
            steps: 0,
            threads: 0,
            outcomes: BTreeMap::new(),
            inexact: None,
            cut: false,
            all: false,
        }
    }

    /// Goes on to the next execution that fails. Returns whether there is one, within the limits.
    pub(super) fn next_failure(&mut self, lab: &mut Lab<'_>) -> Result<bool, RaceError> {
        let start = Instant::now();
        let found = self.search_on(lab);
        self.elapsed += start.elapsed();
        found
    }

    /// The execution that fails, and what is known of the model's sites.
    pub(super) fn failure(&self) -> Option<(&Run, &Sharing)> {
        self.failed.as_ref().map(|run| (run, &self.sharing))
    }

    /// What there is to say so far. That it holds only if `verdict` is `None` and everything was explored.
    pub(super) fn report(&self, target: &str, verdict: Option<Verdict>) -> Report {
        let clean = if self.all { Verdict::Holds } else { Verdict::Bounded };
        Report {
            target: target.to_owned(),
            model: self.model.clone(),
            search: self.search,
            verdict: verdict.unwrap_or(clean),
            executions: self.executions,
            threads: self.threads,
            steps: self.steps,
            elapsed: self.elapsed,
            outcomes: self.outcomes.clone(),
            inexact: self.inexact.clone(),
            finding: None,
        }
    }

    fn search_on(&mut self, lab: &mut Lab<'_>) -> Result<bool, RaceError> {
        if let Some(run) = self.failed.take()
            && (!self.goes_on(&run) || self.is_spent(lab))
        {
            return Ok(false);
        }
        while let Some(strategy) = self.strategy.take() {
            let before = is_checked(self.executions).then(|| self.sharing.clone());
            let (back, run) = lab.run(&self.model, strategy, self.search, &mut self.sharing)?;
            self.strategy = Some(back);
            self.executions += usize::from(run.end != End::GivenUp);
            self.threads = self.threads.max(run.threads.len());
            // One that has learnt what to look at is not the same with that knowledge.
            let is_told = self.inexact.is_none() && !self.sharing.has_grown();
            if let Some(before) = before.filter(|_| is_told) {
                self.inexact = lab.run_twice(&self.model, &run, self.search, before)?;
            }
            self.steps += run.trace.len();
            self.cut |= run.cut;
            if run.end == End::Finished
                && let Some(outcome) = &run.outcome
            {
                *self.outcomes.entry(outcome.clone()).or_default() += 1;
            }
            // With a GIL, who does not know yet what others see takes a place for one to switch that is none.
            let is_believed =
                self.search.discipline != Discipline::Gil || !self.sharing.has_grown();
            if Verdict::of(&run.end).is_some() && is_believed {
                self.failed = Some(run);
                return Ok(true);
            }
            if !self.goes_on(&run) || self.is_spent(lab) {
                break;
            }
        }
        self.strategy = None;
        Ok(false)
    }

    fn is_spent(&self, lab: &Lab<'_>) -> bool {
        let budget = self.search.limits.budget;
        budget.is_some_and(|budget| self.begun.elapsed() > budget)
            || self.executions >= self.search.executions()
            || lab.is_over()
    }

    /// Tells the strategy of an execution. Returns whether there is another one.
    fn goes_on(&mut self, run: &Run) -> bool {
        let Some(strategy) = &mut self.strategy else { return false };
        let more = strategy.end(Point { trace: &run.trace, pending: &run.pending });
        if self.sharing.take_grew() && self.search.strategy == StrategyKind::Exhaustive {
            // It has looked too coarsely so far.
            (self.executions, self.steps, self.cut) = (0, 0, false);
            self.outcomes.clear();
            self.strategy = Some(self.search.build_strategy());
            return true;
        }
        self.all = !more && !self.cut && self.inexact.is_none() && strategy.is_exhaustive();
        more
    }
}
