//! Explores the models of a file.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
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
use super::witness::Witness;
use crate::Python;
use crate::error::PythonError;
use crate::vm::{AsObject, PyObjectRef};

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
    /// The token is of a model that the file does not have.
    #[error("the token is of the model '{0}', which the file does not have")]
    NoModel(String),
}

/// A file with models, ready to be explored. Takes over `threading` in its interpreter: one at a
/// time, in an interpreter that does nothing else.
pub struct Lab<'py> {
    py: Python<'py>,
    lab: togil_interp::race::Lab,
    source: PyObjectRef,
    /// Of the text, to tell whether it was edited.
    fingerprint: u64,
    _core: OneCore,
}

/// Executions that are spent on making a failing one simpler.
const SHRINKING: usize = 200;

impl<'py> Lab<'py> {
    /// Loads a file, and checks that a race is found where there is one.
    ///
    /// # Errors
    /// [`RaceError`]: the file's own code raises, or is not Python.
    pub fn load(py: Python<'py>, path: &Path, text: &str) -> Result<Self, RaceError> {
        let raised = |error| RaceError::from(PythonError::new(py, error));
        let vm = py.vm();
        let _core = OneCore::new();
        let lab = togil_interp::race::Lab::new(py).map_err(raised)?;
        let source = |path: &str, text: &str, name: &str| {
            lab.get(py, "Source")?.call((path, text, name), vm)
        };
        let canary = source("<canary>", CANARY, "canary").map_err(raised)?;
        let name = path.file_stem().map_or("model".into(), |name| name.to_string_lossy());
        let load = || {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            if let Some(directory) = absolute.parent().and_then(Path::to_str) {
                lab.get(py, "include")?.call((directory,), vm)?;
            }
            source(&path.to_string_lossy(), text, &name)
        };
        let file = load().map_err(raised)?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut lab = Self { py, lab, source: canary, fingerprint: hasher.finish(), _core };
        let limits = Limits { schedules: 100, ..Limits::default() };
        let report = lab.search("race_canary", Search { limits, ..Search::default() })?.0;
        lab.source = file;
        if report.verdict == Verdict::Fails { Ok(lab) } else { Err(RaceError::Canary) }
    }

    /// The names of the models in the file.
    ///
    /// # Errors
    /// What the file's code raises.
    pub fn models(&self) -> Result<Vec<String>, RaceError> {
        let vm = self.py.vm();
        let names = vm.call_method(&self.source, "models", ());
        let names = names.and_then(|names| names.try_into_value(vm));
        names.map_err(|error| PythonError::new(self.py, error).into())
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
        let (verdict, failed) = loop {
            let (mut back, run) = self.run(model, strategy, search, &mut sharing)?;
            executions += usize::from(run.end != End::GivenUp);
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
                let all = !more && !cut && back.is_exhaustive();
                break (if all { Verdict::Holds } else { Verdict::Bounded }, None);
            }
            strategy = back;
        };
        let model = model.to_owned();
        let elapsed = start.elapsed();
        let finding = None;
        let report =
            Report { model, search, verdict, executions, steps, elapsed, outcomes, finding };
        Ok((report, failed))
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
        let shrunk = shrink::shrink(&chosen(&run), SHRINKING, |strategy| {
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
            preemptions: shrunk.as_ref().map(|shrunk| shrunk.preemptions),
            is_fewest: shrunk.is_some_and(|shrunk| shrunk.is_fewest),
            replayed,
            gil,
        })
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
        _ => Verdict::of(one).is_some() && Verdict::of(one) == Verdict::of(other),
    }
}

/// The turns that were chosen: not those of steps that had to follow.
fn chosen(run: &Run) -> Vec<Turn> {
    run.trace.iter().filter(|event| !event.continues).map(|event| event.turn).collect()
}
