//! `togil race`: explores what threads can do.

mod json;
mod junit;
mod sarif;
mod text;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ab::time_limit;
use crate::race::{Discipline, Lab, Limits, RaceError, Report, Search, StrategyKind, Verdict};
use crate::{Interpreter, Python};

/// Options of `togil race`.
#[derive(Debug, Args)]
pub(super) struct RaceArgs {
    /// A file with models: functions `race_*` that start threads, join them and assert
    file: PathBuf,
    /// Explore the models whose name contains this
    #[arg(short = 'k', value_name = "NAME")]
    name: Option<String>,
    /// How schedules are chosen
    #[arg(long, value_enum, default_value_t = Kind::Exhaustive)]
    strategy: Kind,
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
    /// Switch threads only where CPython 3.14 with its GIL does
    #[arg(long)]
    gil: bool,
    /// Run one execution again, by the token that was printed with it
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["name", "strategy", "gil", "json", "sarif", "junit"])]
    replay: Option<String>,
    /// Also write what was found as SARIF 2.1.0, for code hosts
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Also write it as JUnit XML, for CI systems
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
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
    const FOUND: [(Verdict, u8); 5] = [
        (Verdict::Fails, 1),
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
        return watch::run(&args.file, &args.watch, &outputs);
    }
    let path = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| format!("cannot read '{path}': {error}"))?;
    let interpreter = Interpreter::builder().build().map_err(|error| error.to_string())?;
    if let Some(token) = &args.replay {
        let verdict = interpreter.attach(|py| replay(py, args, &text, token));
        interpreter.finalize(None);
        return Ok(status(verdict?.as_slice()));
    }
    let reports = interpreter.attach(|py| explore(py, args, &text));
    interpreter.finalize(None);
    let reports = reports?;
    if args.json {
        anstream::println!("{}", json::document(&path.to_string(), &reports));
    }
    if let Some(sarif) = &args.sarif {
        let document = sarif::document(&path.to_string(), &reports);
        write(sarif, &format!("{document:#}\n"))?;
    }
    if let Some(junit) = &args.junit {
        write(junit, &junit::document(&path.to_string(), &reports))?;
    }
    let verdicts: Vec<_> = reports.iter().map(|report| report.verdict).collect();
    Ok(status(&verdicts))
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

fn replay(
    py: Python<'_>,
    args: &RaceArgs,
    text: &str,
    token: &str,
) -> Result<Option<Verdict>, String> {
    let mut lab = Lab::load(py, &args.file, text).map_err(explain)?;
    let replayed = lab.replay(token).map_err(explain)?;
    anstream::print!("{}", text::replayed(&replayed));
    Ok(replayed.verdict)
}

fn explore(py: Python<'_>, args: &RaceArgs, text: &str) -> Result<Vec<Report>, String> {
    let mut lab = Lab::load(py, &args.file, text).map_err(explain)?;
    let mut models = lab.models().map_err(explain)?;
    if models.is_empty() {
        return Err(format!(
            "there is no model in '{}': it takes a function race_* that starts threads, joins them \
             and asserts, or setup(), workers and invariant(state)",
            args.file.display()
        ));
    }
    let all = models.join(", ");
    models.retain(|model| args.name.as_ref().is_none_or(|part| model.contains(part)));
    if models.is_empty() {
        let part = args.name.as_deref().unwrap_or_default();
        return Err(format!("no model has '{part}' in its name; there are {all}"));
    }
    let mut reports = Vec::new();
    for model in models {
        let report = lab.explore(&model, args.search()).map_err(explain)?;
        if !args.json {
            anstream::print!("{}", text::render(&report));
        }
        reports.push(report);
    }
    Ok(reports)
}

impl RaceArgs {
    fn search(&self) -> Search {
        let strategy = match self.strategy {
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
        let discipline = if self.gil { Discipline::Gil } else { Discipline::FreeThreaded };
        Search { strategy, discipline, limits }
    }
}
