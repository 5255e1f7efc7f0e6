//! `togil race`: explores what threads can do.

mod baseline;
mod comments;
mod diff;
mod explore;
mod html;
mod jobs;
mod json;
mod judge;
mod junit;
mod sarif;
mod source;
mod stuck;
mod suppress;
mod targets;
mod text;
mod watch;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::explore::{Explored, explore};
use self::judge::{Judge, JudgeArgs, Judged};
use super::ab::time_limit;
use super::python;
use crate::Python;
use crate::race::{
    Discipline, Lab, Limits, RaceError, Search, Share, StrategyKind, Target, Verdict,
};
use targets::Targets;

/// Options of `togil race`.
#[derive(Debug, Args)]
pub(super) struct RaceArgs {
    #[command(flatten)]
    targets: Targets,
    /// Explore the models whose name contains this
    #[arg(short = 'k', value_name = "NAME")]
    name: Option<String>,
    /// How schedules are chosen [default: exhaustive; pct with --any-bytecode]
    #[arg(long, value_enum)]
    strategy: Option<Kind>,
    /// Preemptions of a schedule at most, for the bounded strategy
    #[arg(long, value_name = "K", default_value_t = 2)]
    preemptions: u32,
    /// The seed of the random strategies
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Schedules for each model, at most
    #[arg(long, value_name = "N")]
    schedules: Option<usize>,
    /// Time for each model
    #[arg(long, value_name = "SECS", default_value = "30", value_parser = time_limit)]
    budget: Duration,
    /// Explore in so many processes: each model in one of them, with pct and random in all; of use up to the
    /// number of cores
    #[arg(short, long, value_name = "N", default_value = "1", conflicts_with_all = ["replay", "watch"])]
    jobs: NonZero<u16>,
    /// Explore for another process
    #[arg(long, value_name = "NUMBER", hide = true)]
    worker: Option<usize>,
    /// Switch threads only where CPython 3.14 with its GIL does
    #[arg(long)]
    gil: bool,
    /// Let threads be switched before any instruction, and not only where they do what others are known to see.
    /// Too many schedules to run all: takes pct, random or bounded
    #[arg(long, conflicts_with_all = ["gil", "diff", "replay", "watch"])]
    any_bytecode: bool,
    /// Print what free-threading changes for the program: what it newly breaks first
    #[arg(long, conflicts_with_all = ["gil", "replay", "json"])]
    diff: bool,
    /// Run one execution again, by the token that was printed with it
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["name", "strategy", "gil", "json", "sarif", "junit"])]
    replay: Option<String>,
    /// Also write what was found as SARIF 2.1.0, for code hosts
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Also write it as JUnit XML, for CI systems
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    html: html::HtmlArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    /// Print a JSON document instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    watch: watch::WatchArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Every execution that can be told from the others, once
    Exhaustive,
    /// Depth first, with few preemptions
    Bounded,
    /// Random priorities, good at finding bugs in long programs
    Pct,
    /// A thread at random, at every step
    Random,
}

/// What is wrong with the command line, the file or togil itself.
const USAGE: u8 = 2;

/// The exit status that says what was found: of several, the first in this order.
fn status(verdicts: &[Verdict]) -> u8 {
    const FOUND: [(Verdict, u8); 6] = [
        (Verdict::Fails, 1),
        (Verdict::Differs, 1),
        (Verdict::Deadlock, 3),
        (Verdict::Livelock, 4),
        (Verdict::Outlived, 5),
        (Verdict::TooLong, 6),
    ];
    let found = FOUND.iter().find(|(verdict, _)| verdicts.contains(verdict));
    found.map_or(0, |(_, status)| *status)
}

pub(super) fn main(args: &RaceArgs) -> ExitCode {
    match run(args) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            anstream::eprintln!("togil race: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn run(args: &RaceArgs) -> Result<u8, String> {
    if args.watch.watch {
        let RaceArgs { json, gil, .. } = *args;
        let outputs = watch::Outputs { json, gil, sarif: args.sarif.as_deref() };
        let (file, arguments) = args.targets.watched()?;
        let script = watch::Script { file, arguments, include: &args.targets.include };
        return watch::run(&script, &args.watch, &outputs);
    }
    if args.any_bytecode && matches!(args.strategy, Some(Kind::Exhaustive)) {
        return Err("--any-bytecode has too many schedules to run all of them: take --strategy pct, random \
                    or bounded"
            .to_owned());
    }
    let port = args.worker.map(jobs::worker::Port::take).transpose();
    let port =
        port.map_err(|error| format!("--worker is not for you: --jobs starts it ({error})"))?;
    let targets = args.targets.read()?;
    let mut judge = Judge::new(&args.judge)?;
    if port.is_none() && args.jobs.get() > 1 {
        let explored = jobs::explore(args, &targets, &mut judge)?;
        return conclude(args, &targets, &judge, explored);
    }
    // The order of sets must be the same each time.
    let interpreter = python::plain(|settings| settings.hash_seed = Some(0))
        .map_err(|_| "the interpreter does not start".to_owned())?;
    stuck::watch();
    if let Some(token) = &args.replay {
        let verdict = interpreter.attach(|py| replay(py, args, &targets, token));
        interpreter.finalize(None);
        return Ok(status(verdict?.as_slice()));
    }
    if let Some(port) = port {
        let done = interpreter.attach(|py| jobs::worker::run(py, args, &targets, &mut judge, port));
        interpreter.finalize(None);
        return done.map(|()| 0);
    }
    let explored = interpreter.attach(|py| explore(py, args, &targets, &mut judge));
    interpreter.finalize(None);
    conclude(args, &targets, &judge, explored?)
}

/// Says what there is to say of all models together. Returns the exit status.
fn conclude(
    args: &RaceArgs,
    targets: &[Target],
    judge: &Judge<'_>,
    explored: Explored,
) -> Result<u8, String> {
    explored.check(args, targets)?;
    let Explored { reports, failed, .. } = explored;
    let name = args.targets.name();
    let notes = judge.finish(&reports, args.name.is_none())?;
    for note in &notes {
        anstream::eprintln!("togil race: {note}");
    }
    if args.diff {
        anstream::print!("{}", diff::render(&reports));
    }
    if args.json {
        anstream::println!("{}", json::document(&name, &reports, &notes));
    }
    if let Some(sarif) = &args.sarif {
        write(sarif, &format!("{:#}\n", sarif::document(&reports)))?;
    }
    if let Some(junit) = &args.junit {
        write(junit, &junit::document(&name, &reports))?;
    }
    args.html.write(&name, &args.targets.command(), &reports)?;
    let counted = reports.iter().filter(|report| report.counts());
    let verdicts: Vec<_> = counted.map(|report| report.verdict).collect();
    let status = status(&verdicts);
    if status == 0 && reports.iter().all(|report| report.threads < 2) {
        return Err("none of them starts a thread, so there was nothing to explore".to_owned());
    }
    Ok(if status == 0 && failed { USAGE } else { status })
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text)
        .map_err(|error| format!("cannot write '{}': {error}", path.display()))
}

fn explain(error: RaceError) -> String {
    match error {
        RaceError::Python(error) => error.traceback().trim_end().to_owned(),
        other => other.to_string(),
    }
}

fn lab<'py>(py: Python<'py>, args: &RaceArgs) -> Result<Lab<'py>, String> {
    let lab = Lab::new(py).map_err(explain)?;
    for name in &args.targets.include {
        lab.include(name).map_err(explain)?;
    }
    Ok(lab)
}

fn replay(
    py: Python<'_>,
    args: &RaceArgs,
    targets: &[Target],
    token: &str,
) -> Result<Option<Verdict>, String> {
    let mut lab = lab(py, args)?;
    let mut result = Err("there is nothing to replay it in".to_owned());
    for target in targets {
        let replayed = lab.open(target).and_then(|()| lab.replay(token));
        match replayed {
            // It may be in another of the files.
            Err(error @ RaceError::NoModel(_)) => result = Err(explain(error)),
            Err(error) => return Err(explain(error)),
            Ok(replayed) => {
                anstream::print!("{}", text::replayed(&replayed));
                return Ok(replayed.verdict);
            }
        }
    }
    result
}

impl RaceArgs {
    /// Whether a model of this name is to be explored.
    fn asks_for(&self, model: &str) -> bool {
        self.name.as_ref().is_none_or(|part| model.contains(part))
    }

    /// Prints what was found out about a model. Tests without threads are only counted.
    fn tell(&self, target: &Target, report: &Judged) {
        let is_counted = targets::is_of_tests(target) && report.threads < 2;
        let is_short = self.json || self.diff || (is_counted && report.verdict.is_clean());
        if !is_short {
            anstream::print!("{}", text::judged(report));
        }
    }

    fn search(&self) -> Search {
        let usual = if self.any_bytecode { Kind::Pct } else { Kind::Exhaustive };
        let strategy = match self.strategy.unwrap_or(usual) {
            Kind::Exhaustive => StrategyKind::Exhaustive,
            Kind::Bounded => StrategyKind::Bounded(self.preemptions),
            Kind::Pct => StrategyKind::Pct { seed: self.seed, depth: 3 },
            Kind::Random => StrategyKind::Random { seed: self.seed },
        };
        let limits = Limits {
            schedules: self.schedules.unwrap_or(usize::MAX),
            budget: Some(self.budget),
            ..Limits::default()
        };
        let discipline = match (self.gil, self.any_bytecode) {
            (true, _) => Discipline::Gil,
            (_, true) => Discipline::AnyBytecode,
            (false, false) => Discipline::FreeThreaded,
        };
        let mut search = Search { strategy, discipline, limits, ..Search::default() };
        search.share = self.share(&search);
        search
    }

    /// Processes that explore models together have a part of each, as many as there are parts.
    fn share(&self, search: &Search) -> Share {
        if !search.strategy.is_random() {
            return Share::default();
        }
        let parts = search.limits.schedules.clamp(1, self.jobs.get().into());
        let of = NonZero::new(parts as u32).unwrap_or(NonZero::<u32>::MIN);
        Share { number: self.worker.unwrap_or_default() as u32, of }
    }
}
