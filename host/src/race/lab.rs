//! Explores the models of a file.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use togil_interp::race::know_objects_of_host;
use togil_interp::race::{Discipline, End, Point, Run, Sharing, Strategy, Turn};

use super::confirm::kind_of;
use super::core::OneCore;
use super::exploration::Exploration;
use super::explore::replay::Replay;
use super::explore::shared::Shared;
use super::explore::token::Token;
use super::report::{Replayed, Report, Verdict};
use super::search::{Limits, Search};
use super::target::{self, Target};
use super::witness::Witness;
use crate::class::HostObject;
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
    pub(super) py: Python<'py>,
    pub(super) lab: togil_interp::race::Lab,
    source: PyObjectRef,
    /// What the source is called.
    target: String,
    /// Of all texts, to tell whether one was edited.
    pub(super) fingerprint: u64,
    /// Of a target that has one: what its first execution came to.
    outcome: Option<Option<String>>,
    /// Whether the exploration is to end, asked between executions.
    is_over: Option<Box<dyn Fn() -> bool>>,
    _core: OneCore,
}

impl<'py> Lab<'py> {
    /// Checks that a race is found where there is one.
    ///
    /// # Errors
    /// [`RaceError::Canary`] if it is not.
    pub fn new(py: Python<'py>) -> Result<Self, RaceError> {
        let raised = |error| RaceError::from(PythonError::new(py, error));
        let _core = OneCore::new();
        know_objects_of_host(|object| object.downcastable::<HostObject>());
        let lab = togil_interp::race::Lab::new(py).map_err(raised)?;
        let source = py.ctx.none();
        let (target, is_over) = (String::new(), None);
        let mut lab =
            Self { py, lab, source, target, fingerprint: 0, outcome: None, is_over, _core };
        lab.open(&Target::File { path: "<canary>".into(), text: CANARY.to_owned() })?;
        let limits = Limits { schedules: 100, ..Limits::default() };
        let search = Search { limits, ..Search::default() };
        let mut exploration = Exploration::new("race_canary", search);
        let found = exploration.next_failure(&mut lab)?
            && exploration.failure().is_some_and(|(run, _)| matches!(run.end, End::Failed(_)));
        if found { Ok(lab) } else { Err(RaceError::Canary) }
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

    /// Explorations end as if their limits were reached when somebody says so, who is asked between executions.
    pub(crate) fn end_when(&mut self, is_over: impl Fn() -> bool + 'static) {
        self.is_over = Some(Box::new(is_over));
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.as_ref().is_some_and(|is_over| is_over())
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
        self.explore_past(model, search, |_| true)
    }

    /// Explores a model until it fails in a way that `counts`, or the limits are reached. It is asked once about
    /// each kind of failure, with a report whose finding has its witness and its end, and neither replays nor a
    /// verdict about the GIL yet. Where none counts, the report is about the first.
    ///
    /// # Errors
    /// What the file's code raises outside of the model.
    pub fn explore_past(
        &mut self,
        model: &str,
        search: Search,
        mut counts: impl FnMut(&Report) -> bool,
    ) -> Result<Report, RaceError> {
        let mut exploration = Exploration::new(model, search);
        let mut known = HashSet::new();
        let mut first = None;
        while exploration.next_failure(self)? {
            let Some((run, sharing)) = exploration.failure() else { break };
            let kind = self.kind(model, run, search)?;
            if !known.insert(kind.clone()) {
                continue;
            }
            let verdict = Verdict::of(&run.end);
            let simple = self.simplify(model, run, search, sharing.clone())?;
            let simple_kind = kind_of(&simple.run);
            if simple_kind != kind && !known.insert(simple_kind) {
                continue;
            }
            let mut report = exploration.report(&self.target, verdict);
            report.finding = Some(self.finding(model, &simple, search));
            let counted = counts(&report);
            if counted || first.is_none() {
                first = Some((report, simple));
            }
            if counted {
                break;
            }
        }
        let Some((mut report, simple)) = first else {
            return Ok(exploration.report(&self.target, None));
        };
        let now = exploration.report(&self.target, None);
        (report.executions, report.steps, report.elapsed) =
            (now.executions, now.steps, now.elapsed);
        (report.outcomes, report.inexact) = (now.outcomes, now.inexact);
        if let Some(finding) = &mut report.finding {
            self.confirm(model, &simple, search, finding)?;
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

    pub(super) fn run(
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
        let steps = limits.steps_of(discipline);
        let mut run = self.lab.run(self.py, model, strategy, discipline, steps, known);
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
}

/// What a discipline is called in tokens.
pub(super) fn name(discipline: Discipline) -> &'static str {
    match discipline {
        Discipline::FreeThreaded => "free",
        Discipline::Gil => "gil",
        Discipline::AnyBytecode => "any",
    }
}

fn discipline(named: &str) -> Option<Discipline> {
    let all = [Discipline::FreeThreaded, Discipline::Gil, Discipline::AnyBytecode];
    all.into_iter().find(|other| name(*other) == named)
}

/// The turns that were chosen: not those of steps that had to follow.
pub(super) fn chosen(run: &Run) -> Vec<Turn> {
    run.trace.iter().filter(|event| !event.continues).map(|event| event.turn).collect()
}
