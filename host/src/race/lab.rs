//! Explores the models of a file.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use togil_interp::race::{Discipline, End, Point, Run, Sharing, Strategy, Turn};

use super::core::OneCore;
use super::explore::guided::Guided;
use super::explore::replay::Replay;
use super::explore::shared::Shared;
use super::explore::shrink::{self, Outcome};
use super::explore::token::Token;
use super::report::{Finding, GilVerdict, REPLAYS, Replayed, Report, Verdict};
use super::search::{Limits, Search, StrategyKind};
use super::target::{self, Target};
use super::witness::Witness;
use crate::error::PythonError;
use crate::vm::{AsObject, PyObjectRef};
use crate::{BuildError, Python};

/// A program whose race must be found before anything else is said: if it is not, nothing is
/// instrumented.
const CANARY: &str = "
import threading
class Counter: n = 0
def race_canary():
    counter = Counter()
    def add(): counter.n += 1
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert counter.n == 2
";

/// Why a file cannot be explored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// The file's own code fails outside of a model.
    #[error("{0}")]
    Python(#[from] PythonError),
    /// The race that is built in was not found.
    #[error(
        "the built-in race was not found, so nothing that is said could be believed; \
         this is a bug of togil: please report it"
    )]
    Canary,
    /// What was given as a token is none.
    #[error("{0}")]
    Token(String),
    /// The interpreter could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Nothing to explore.
    #[error(
        "there is no model: it takes a function race_* that starts threads, joins them and asserts"
    )]
    NoModels,
    /// The token is of a model that the file does not have.
    #[error("the token is of the model '{0}', which the file does not have")]
    NoModel(String),
}

/// Explores what is opened in it. Takes over `threading` in its interpreter: one at a time, in
/// an interpreter that does nothing else.
pub struct Lab<'py> {
    py: Python<'py>,
    lab: togil_interp::race::Lab,
    source: PyObjectRef,
    /// What the source is called.
    target: String,
    /// Of all texts, to tell whether one was edited.
    fingerprint: u64,
    /// Of a target that has one: what its first execution came to.
    outcome: Option<Option<String>>,
    _core: OneCore,
}

/// Executions that are spent on making a failing one simpler.
const SHRINKING: usize = 200;

impl<'py> Lab<'py> {
    /// Checks that a race is found where there is one.
    ///
    /// # Errors
    /// [`RaceError::Canary`] if it is not.
    pub fn new(py: Python<'py>) -> Result<Self, RaceError> {
        let raised = |error| RaceError::from(PythonError::new(py, error));
        let _core = OneCore::new();
        let lab = togil_interp::race::Lab::new(py).map_err(raised)?;
        let source = py.ctx.none();
        let mut lab =
            Self { py, lab, source, target: String::new(), fingerprint: 0, outcome: None, _core };
        lab.open(&Target::File { path: "<canary>".into(), text: CANARY.to_owned() })?;
        let limits = Limits { schedules: 100, ..Limits::default() };
        let report = lab.search("race_canary", Search { limits, ..Search::default() })?.0;
        if report.verdict == Verdict::Fails { Ok(lab) } else { Err(RaceError::Canary) }
    }

    /// Has a package or a module instrumented wherever it is found, one of the standard library, too.
    /// Otherwise only what lies below the directory of the target is.
    ///
    /// # Errors
    /// There is no module of this name.
    pub fn include(&self, name: &str) -> Result<(), RaceError> {
        let include = self.lab.get(self.py, "include_name");
        let included = include.and_then(|include| include.call((name,), self.py.vm()));
        included.map(drop).map_err(|error| PythonError::new(self.py, error).into())
    }

    /// Loads what is to be explored from now on.
    ///
    /// # Errors
    /// Its own code raises, or is not Python.
    pub fn open(&mut self, target: &Target) -> Result<(), RaceError> {
        let raised = |error| RaceError::from(PythonError::new(self.py, error));
        self.source = target.open(self.py, &self.lab).map_err(raised)?;
        self.target = target.name();
        self.outcome = target.has_one_outcome().then_some(None);
        self.fingerprint = 0;
        Ok(())
    }

    /// The names of the models in what is open.
    ///
    /// # Errors
    /// What its code raises.
    pub fn models(&mut self) -> Result<Vec<String>, RaceError> {
        let raised = |error| RaceError::from(PythonError::new(self.py, error));
        let names = target::ask(self.py, &self.source, "models").map_err(raised)?;
        let texts: Vec<String> = target::ask(self.py, &self.source, "texts").map_err(raised)?;
        let mut hasher = DefaultHasher::new();
        texts.hash(&mut hasher);
        self.fingerprint = hasher.finish();
        Ok(names)
    }

    /// Explores a model until it fails or the limits are reached. A failure is run again, and
    /// looked for with a GIL.
    ///
    /// # Errors
    /// What the file's code raises outside of the model.
    pub fn explore(&mut self, model: &str, search: Search) -> Result<Report, RaceError> {
        let (mut report, failed) = self.search(model, search)?;
        if let Some((run, sharing)) = failed {
            report.finding = Some(self.confirm(model, run, search, sharing)?);
        }
        Ok(report)
    }

    /// Runs the execution that a token tells of, and goes on by itself where the token does not fit any
    /// more.
    ///
    /// # Errors
    /// [`RaceError::Token`] for what is no token, [`RaceError::NoModel`] if its model is gone, and what the
    /// file's code raises outside of the model.
    pub fn replay(&mut self, token: &str) -> Result<Replayed, RaceError> {
        let token = Token::decode(token).map_err(|error| RaceError::Token(error.to_string()))?;
        let (discipline, model) = token
            .discipline
            .split_once(' ')
            .and_then(|(name, model)| Some((discipline(name)?, model.to_owned())))
            .ok_or_else(|| RaceError::Token("the token is of another program".to_owned()))?;
        if !self.models()?.contains(&model) {
            return Err(RaceError::NoModel(model));
        }
        let search = Search { discipline, ..Search::default() };
        let turns = token.turns.len();
        let replay = Shared::new(Replay::new(token.turns));
        let (mut strategy, run) =
            self.run(&model, Box::new(replay.clone()), search, &mut Sharing::all())?;
        strategy.end(Point { trace: &run.trace, pending: &run.pending });
        let left_at = replay.lock().left_at();
        Ok(Replayed {
            model,
            verdict: Verdict::of(&run.end),
            witness: Witness::of(&run),
            end: run.end,
            turns,
            left_at,
            is_edited: token.fingerprint != self.fingerprint,
        })
    }

    fn search(
        &mut self,
        model: &str,
        search: Search,
    ) -> Result<(Report, Option<(Run, Sharing)>), RaceError> {
        let start = Instant::now();
        let mut strategy = search.strategy.build(search.discipline);
        let (mut executions, mut steps, mut cut) = (0, 0, false);
        let mut outcomes = BTreeMap::new();
        let mut sharing = Sharing::default();
        let (mut threads, mut inexact) = (0, None);
        let (verdict, failed) = loop {
            let before = is_checked(executions).then(|| sharing.clone());
            let (mut back, run) = self.run(model, strategy, search, &mut sharing)?;
            executions += usize::from(run.end != End::GivenUp);
            threads = threads.max(run.threads.len());
            if let Some(before) = before.filter(|_| inexact.is_none()) {
                inexact = self.run_twice(model, &run, search, before)?;
            }
            steps += run.trace.len();
            cut |= run.cut;
            if run.end == End::Finished
                && let Some(outcome) = &run.outcome
            {
                *outcomes.entry(outcome.clone()).or_default() += 1;
            }
            if let Some(verdict) = Verdict::of(&run.end) {
                break (verdict, Some((run, sharing)));
            }
            let more = back.end(Point { trace: &run.trace, pending: &run.pending });
            if sharing.take_grew() && search.strategy == StrategyKind::Exhaustive {
                // It has looked too coarsely so far.
                (executions, steps, cut) = (0, 0, false);
                outcomes.clear();
                strategy = search.strategy.build(search.discipline);
                continue;
            }
            let spent = search.limits.budget.is_some_and(|budget| start.elapsed() > budget);
            if !more || spent || executions >= search.limits.schedules {
                let all = !more && !cut && inexact.is_none() && back.is_exhaustive();
                break (if all { Verdict::Holds } else { Verdict::Bounded }, None);
            }
            strategy = back;
        };
        let model = model.to_owned();
        let elapsed = start.elapsed();
        let finding = None;
        let target = self.target.clone();
        let report = Report {
            target,
            model,
            search,
            verdict,
            executions,
            threads,
            steps,
            elapsed,
            outcomes,
            inexact,
            finding,
        };
        Ok((report, failed))
    }

    /// Runs an execution again. Returns what is different, if anything is.
    fn run_twice(
        &mut self,
        model: &str,
        run: &Run,
        search: Search,
        mut sharing: Sharing,
    ) -> Result<Option<String>, RaceError> {
        if matches!(run.end, End::GivenUp | End::TooLong) {
            return Ok(None);
        }
        let replay = Box::new(Replay::new(chosen(run)));
        let (_, again) = self.run(model, replay, search, &mut sharing)?;
        Ok(difference(run, &again))
    }

    fn run(
        &mut self,
        model: &str,
        strategy: Box<dyn Strategy>,
        search: Search,
        sharing: &mut Sharing,
    ) -> Result<(Box<dyn Strategy>, Run), RaceError> {
        let prepared = self.py.vm().call_method(&self.source, "prepare", (model,));
        let prepared = prepared.map_err(|error| PythonError::new(self.py, error))?;
        let Search { discipline, limits, .. } = search;
        let known = std::mem::take(sharing);
        let model = prepared.as_object();
        let mut run = self.lab.run(self.py, model, strategy, discipline, limits.steps, known);
        *sharing = std::mem::take(&mut run.sharing);
        if let (End::Finished, Some(first)) = (&run.end, &mut self.outcome)
            && let Some(this) = &run.outcome
        {
            let first = first.get_or_insert_with(|| this.clone());
            if first != this {
                run.end = End::Differs { first: first.clone(), this: this.clone() };
            }
        }
        let nobody = Box::new(Replay::new(Vec::new()));
        Ok((std::mem::replace(&mut run.strategy, nobody), run))
    }

    /// Looks for a simpler schedule that fails in the same way, runs it again, to see whether it is always
    /// the same, and asks whether a GIL would have hidden it.
    fn confirm(
        &mut self,
        model: &str,
        run: Run,
        search: Search,
        mut sharing: Sharing,
    ) -> Result<Finding, RaceError> {
        let steps_found = run.trace.len();
        let mut error = None;
        let (start, mut in_time) = (Instant::now(), true);
        let shrunk = shrink::shrink(&chosen(&run), SHRINKING, |strategy| {
            in_time &= search.limits.budget.is_none_or(|budget| start.elapsed() < budget);
            if !in_time {
                return Outcome { fails: false, turns: Vec::new(), trace: Vec::new() };
            }
            match self.run(model, strategy, search, &mut sharing) {
                Ok((mut strategy, again)) => {
                    strategy.end(Point { trace: &again.trace, pending: &again.pending });
                    let fails = is_same_failure(&run.end, &again.end);
                    Outcome { fails, turns: chosen(&again), trace: again.trace }
                }
                Err(raised) => {
                    error = Some(raised);
                    Outcome { fails: false, turns: Vec::new(), trace: Vec::new() }
                }
            }
        });
        if let Some(error) = error {
            return Err(error);
        }
        let known = shrunk.as_ref().map_or(&run.trace, |shrunk| &shrunk.outcome.trace).clone();
        // From here on with every step: what was learnt while exploring is not in a token.
        let all = &mut Sharing::all();
        let (_, run) = self.run(model, Box::new(Guided::new(known)), search, all)?;
        let output = self.output();
        let turns = chosen(&run);
        let mut replayed = 0;
        for _ in 0..REPLAYS {
            let replay = Box::new(Replay::new(turns.clone()));
            let (_, again) = self.run(model, replay, search, all)?;
            replayed += usize::from(again.end == run.end && again.trace == run.trace);
        }
        let gil = match search.discipline {
            Discipline::FreeThreaded => Some(self.with_gil(model, search)?),
            Discipline::Gil => None,
        };
        let discipline = format!("{} {model}", name(search.discipline));
        let seed = search.strategy.seed();
        let token = Token { discipline, seed, fingerprint: self.fingerprint, turns }.encode();
        Ok(Finding {
            witness: Witness::of(&run),
            end: run.end,
            token,
            steps_found,
            output,
            preemptions: shrunk.as_ref().map(|shrunk| shrunk.preemptions),
            is_fewest: in_time && shrunk.is_some_and(|shrunk| shrunk.is_fewest),
            replayed,
            gil,
        })
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
        let (Report { verdict, executions, .. }, failed) = self.search(model, search)?;
        Ok(match (verdict, failed) {
            (_, Some((run, _))) => {
                // Once more, with every step.
                let again = Box::new(Guided::new(run.trace.clone()));
                let (_, again) = self.run(model, again, search, &mut Sharing::all())?;
                let run = if is_same_failure(&run.end, &again.end) { again } else { run };
                GilVerdict::Possible { executions, witness: Witness::of(&run), end: run.end }
            }
            (Verdict::Holds, None) => GilVerdict::Hidden { executions },
            _ => GilVerdict::NotFound { executions },
        })
    }
}

/// What a discipline is called in tokens.
fn name(discipline: Discipline) -> &'static str {
    match discipline {
        Discipline::FreeThreaded => "free",
        Discipline::Gil => "gil",
    }
}

fn discipline(named: &str) -> Option<Discipline> {
    [Discipline::FreeThreaded, Discipline::Gil].into_iter().find(|other| name(*other) == named)
}

fn is_same_failure(one: &End, other: &End) -> bool {
    match (one, other) {
        (End::Failed(one), End::Failed(other)) => one.class == other.class,
        (End::Differs { .. }, End::Differs { .. }) => true,
        _ => Verdict::of(one).is_some() && Verdict::of(one) == Verdict::of(other),
    }
}

/// The turns that were chosen: not those of steps that had to follow.
fn chosen(run: &Run) -> Vec<Turn> {
    run.trace.iter().filter(|event| !event.continues).map(|event| event.turn).collect()
}

/// Which executions are run twice: the first, and ever fewer.
fn is_checked(executions: usize) -> bool {
    executions == 0 || (executions.is_power_of_two() && executions.trailing_zeros() % 3 == 0)
}

/// The first step in which two executions differ that should be the same, in words.
fn difference(first: &Run, second: &Run) -> Option<String> {
    let pairs = first.trace.iter().zip(&second.trace);
    let step = pairs.take_while(|(first, second)| first == second).count();
    let place = |run: &Run| {
        let event = run.trace.get(step)?;
        let thread = run.threads.get(event.turn.thread.0 as usize)?;
        Some(format!("{thread} at {}", super::place(event.step.site)?))
    };
    let shown = |run| place(run).unwrap_or_else(|| "nothing more".to_owned());
    if step < first.trace.len().max(second.trace.len()) {
        let (first, second) = (shown(first), shown(second));
        return Some(format!("step {}: first {first}, then {second}", step + 1));
    }
    let outcome = |run: &Run| run.outcome.clone().unwrap_or_else(|| "no outcome".to_owned());
    if first.end == second.end && first.outcome == second.outcome {
        return None;
    }
    Some(format!("the outcome: first {}, then {}", outcome(first), outcome(second)))
}
