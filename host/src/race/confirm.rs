//! What is done with a failing execution before anybody is told.

use std::time::Instant;

use togil_interp::race::{
    Blocked, Discipline, End, Event, Failure, Pending, Point, Run, Sharing, SiteId,
};

use super::exploration::Exploration;
use super::explore::cause::causes;
use super::explore::guided::Guided;
use super::explore::replay::Replay;
use super::explore::shrink::{self, Outcome, Shrunk};
use super::explore::token::Token;
use super::lab::{Lab, RaceError, chosen, name};
use super::report::{Finding, GilVerdict, REPLAYS, Report, Verdict};
use super::search::{Search, StrategyKind};
use super::witness::Witness;

/// Executions that are spent on making a failing one simpler.
const SHRINKING: usize = 200;

/// A failing execution with as few preemptions as were found, and every step of it told.
pub(super) struct Simple {
    pub(super) run: Run,
    /// What it printed.
    output: String,
    /// The steps of the execution in which it was found.
    steps_found: usize,
    preemptions: Option<usize>,
    is_fewest: bool,
}

/// What two failing executions have in common that are one finding: how they end, and in which order they do
/// what they turn on.
pub(super) type Kind = (End, Vec<(u32, SiteId)>);

/// The kind of an execution of which every step was told.
pub(super) fn kind_of(run: &Run) -> Kind {
    let end = match &run.end {
        // What the message says may be another number each time.
        End::Failed(failure) => End::Failed(Failure {
            message: String::new(),
            traceback: raised_at(failure).to_owned(),
            ..failure.clone()
        }),
        End::Differs { .. } => End::Differs { first: String::new(), this: String::new() },
        // Objects have the numbers of their first touch.
        End::Deadlock(blocked) => End::Deadlock(without_objects(blocked)),
        End::Livelock(blocked) => End::Livelock(without_objects(blocked)),
        other => other.clone(),
    };
    let turns_on = run.trace.iter().zip(causes(&run.trace)).filter(|(_, cause)| *cause);
    (end, turns_on.map(|(event, _)| (event.turn.thread.0, event.step.site)).collect())
}

fn without_objects(blocked: &[Blocked]) -> Vec<Blocked> {
    blocked.iter().map(|blocked| Blocked { object: None, ..blocked.clone() }).collect()
}

impl Lab<'_> {
    /// The kind of a failure that was found.
    pub(super) fn kind(
        &mut self,
        model: &str,
        run: &Run,
        search: Search,
    ) -> Result<Kind, RaceError> {
        Ok(kind_of(&self.with_every_step(model, run, search)?))
    }

    /// Runs an execution again, and is told every step of it.
    fn with_every_step(
        &mut self,
        model: &str,
        run: &Run,
        search: Search,
    ) -> Result<Run, RaceError> {
        self.with_every_step_of(model, &run.trace, &run.pending, search)
    }

    fn with_every_step_of(
        &mut self,
        model: &str,
        trace: &[Event],
        left: &[Pending],
        search: Search,
    ) -> Result<Run, RaceError> {
        let guided = Guided::new(trace.to_vec(), left.to_vec(), search.discipline);
        Ok(self.run(model, Box::new(guided), search, &mut Sharing::all())?.1)
    }

    /// Looks for a simpler schedule that fails in the same way.
    pub(super) fn simplify(
        &mut self,
        model: &str,
        run: &Run,
        search: Search,
        mut sharing: Sharing,
    ) -> Result<Simple, RaceError> {
        let steps_found = run.trace.len();
        let mut error = None;
        let (start, mut in_time) = (Instant::now(), true);
        let shrunk = shrink::shrink(&chosen(run), SHRINKING, |strategy| {
            in_time &= search.limits.budget.is_none_or(|budget| start.elapsed() < budget);
            if !in_time {
                return Outcome::default();
            }
            match self.run(model, strategy, search, &mut sharing) {
                Ok((mut strategy, again)) => {
                    strategy.end(Point { trace: &again.trace, pending: &again.pending });
                    let fails = is_same_failure(&run.end, &again.end);
                    let turns = chosen(&again);
                    Outcome { fails, turns, trace: again.trace, pending: again.pending }
                }
                Err(raised) => {
                    error = Some(raised);
                    Outcome::default()
                }
            }
        });
        if let Some(error) = error {
            return Err(error);
        }
        // From here on with every step: what was learnt while exploring is not in a token.
        let run = match &shrunk {
            Some(Shrunk { outcome: Outcome { trace, pending, .. }, .. }) => {
                self.with_every_step_of(model, trace, pending, search)?
            }
            None => self.with_every_step(model, run, search)?,
        };
        Ok(Simple {
            run,
            output: self.output(),
            steps_found,
            preemptions: shrunk.as_ref().map(|shrunk| shrunk.preemptions),
            is_fewest: in_time && shrunk.is_some_and(|shrunk| shrunk.is_fewest),
        })
    }

    /// What there is to say of a failure before it is [confirmed](Self::confirm).
    pub(super) fn finding(&self, model: &str, simple: &Simple, search: Search) -> Finding {
        let Simple { run, output, steps_found, preemptions, is_fewest } = simple;
        let discipline = format!("{} {model}", name(search.discipline));
        let seed = search.strategy.seed();
        let turns = chosen(run);
        let token = Token { discipline, seed, fingerprint: self.fingerprint, turns }.encode();
        Finding {
            witness: Witness::of(run),
            end: run.end.clone(),
            token,
            steps_found: *steps_found,
            output: output.clone(),
            preemptions: *preemptions,
            is_fewest: *is_fewest,
            replayed: 0,
            gil: None,
        }
    }

    /// Runs a failure again, to see whether it is always the same, and asks whether a GIL would have hidden it.
    pub(super) fn confirm(
        &mut self,
        model: &str,
        simple: &Simple,
        search: Search,
        finding: &mut Finding,
    ) -> Result<(), RaceError> {
        let run = &simple.run;
        for _ in 0..REPLAYS {
            let replay = Box::new(Replay::new(chosen(run)));
            let (_, again) = self.run(model, replay, search, &mut Sharing::all())?;
            finding.replayed += usize::from(again.end == run.end && again.trace == run.trace);
        }
        finding.gil = match search.discipline {
            Discipline::FreeThreaded => Some(self.with_gil(model, search)?),
            // It may turn on what is no step there: that none fails says less.
            Discipline::AnyBytecode => Some(match self.with_gil(model, search)? {
                GilVerdict::Hidden { executions } => GilVerdict::NotFound { executions },
                other => other,
            }),
            Discipline::Gil => None,
        };
        Ok(())
    }

    /// What the last execution has printed.
    fn output(&self) -> String {
        let vm = self.py.vm();
        let output = self.lab.get(self.py, "output");
        let text = output.and_then(|output| vm.call_method(&output, "getvalue", ()));
        let text = text.and_then(|text| text.try_into_value(vm));
        // A list of strings: a script that puts something else there has printed nothing of ours.
        text.unwrap_or_default()
    }

    fn with_gil(&mut self, model: &str, search: Search) -> Result<GilVerdict, RaceError> {
        let strategy = StrategyKind::Exhaustive;
        let search = Search { strategy, discipline: Discipline::Gil, ..search };
        let mut exploration = Exploration::new(model, search);
        exploration.next_failure(self)?;
        let Report { verdict, executions, .. } = exploration.report("", None);
        Ok(match (verdict, exploration.failure()) {
            (_, Some((run, _))) => {
                let again = self.with_every_step(model, run, search)?;
                let run = if is_same_failure(&run.end, &again.end) { &again } else { run };
                let end = run.end.clone();
                GilVerdict::Possible { executions, witness: Witness::of(run), end }
            }
            (Verdict::Holds, None) => GilVerdict::Hidden { executions },
            _ => GilVerdict::NotFound { executions },
        })
    }
}

/// The last line of a traceback that names a place.
fn raised_at(failure: &Failure) -> &str {
    let mut lines = failure.traceback.lines().rev().map(str::trim);
    lines.find(|line| line.starts_with("File \"")).unwrap_or_default()
}

fn is_same_failure(one: &End, other: &End) -> bool {
    match (one, other) {
        (End::Failed(one), End::Failed(other)) => {
            one.class == other.class && raised_at(one) == raised_at(other)
        }
        (End::Differs { .. }, End::Differs { .. }) => true,
        _ => Verdict::of(one).is_some() && Verdict::of(one) == Verdict::of(other),
    }
}
