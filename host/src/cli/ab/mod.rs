//! `togil ab`: runs a script with and without the GIL, in turn, and compares.
//!
//! Both modes are builds of the same source, so one process cannot have both. Each
//! run is a process of its own: what one run leaves behind cannot help or hurt the
//! next, and a crash or a hang is a result, not the end of the report.

mod arm;
mod builds;
mod captured;
mod cargo;
mod cause;
mod compare;
mod criterion;
mod ending;
mod explain;
mod findings;
mod forecast;
mod group;
mod init;
mod interrupt;
mod json_file;
mod library;
mod lock_stats;
mod machine;
mod measure;
mod mode;
mod noise;
mod options;
mod others;
mod outputs;
mod plan;
mod process;
mod process_runner;
mod progress;
mod random;
mod report;
mod results;
mod sample;
mod scaling;
mod statistics;
mod subject;
mod summary;
mod verdict;
mod wait;
mod warnings;
mod workloads;

use std::fs;
use std::process::ExitCode;

use anyhow::Context as _;

pub(super) use self::options::time_limit;
pub use self::options::{AbArgs, AbCommand};

use self::explain::{Explainer, Explanation, Wanted};
use self::interrupt::Interrupt;
use self::machine::Machine;
use self::measure::Stopped;
use self::outputs::Outputs;
use self::plan::{Plan, Runs};
use self::process_runner::ProcessRunner;
use self::progress::Progress;
use self::report::{Files, Report};
use self::results::RowResult;
use self::subject::Subject;

/// Wrong usage, or an environment in which nothing can be measured.
const CANNOT_MEASURE: u8 = 2;

/// Runs `togil ab` and returns the exit status of the program: 0 when all runs
/// ended well and agree, 1 when one failed or differs, 2 when nothing could be
/// measured (the reason is printed on stderr), 128 + the signal's number (130 for
/// Ctrl-C) when it was interrupted.
///
/// # Errors
///
/// When the report cannot be written, or Ctrl-C not be listened for. A reader who closes the pipe
/// early is no error.
pub fn run(args: &AbArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(AbCommand::Compare(args)) => return compare::run(args),
        Some(AbCommand::Init(args)) => return init::run(args),
        None => {}
    }
    let interrupt = Interrupt::install()?;
    if let Some(filter) = &args.criterion {
        let filter = Some(filter.as_str()).filter(|filter| !filter.is_empty());
        return criterion::run(filter, args.json, &interrupt);
    }
    // Before anything is measured: figures that cannot be written are lost.
    let files = Files::create(args)?;
    if let Some(directory) = &args.explain_dir {
        fs::create_dir_all(directory)
            .with_context(|| format!("can't create '{}' for the profiles", directory.display()))?;
    }
    match compare(args, &interrupt) {
        Ok(report) => {
            report::print(&report, args.json).context("can't write the report to stdout")?;
            files.write(&report)?;
            Ok(ExitCode::from(report.exit_status()))
        }
        Err(error) => {
            // With Ctrl-C cargo or the question for the mode fails: not worth a message.
            if let Some(signal) = interrupt.signal() {
                anstream::eprintln!("togil ab: interrupted before anything was measured");
                return Ok(ExitCode::from(interrupt::exit_status(signal)));
            }
            anstream::eprintln!("togil ab: {error:#}");
            Ok(ExitCode::from(CANNOT_MEASURE))
        }
    }
}

fn compare(args: &AbArgs, interrupt: &Interrupt) -> anyhow::Result<Report> {
    // The machine and the script first: to build takes time and raises the load.
    let machine = Machine::now();
    let subject = Subject::from_options(args, machine.cores)?;
    let outputs = Outputs::create()?;
    let binaries = builds::find(args, interrupt)?;
    let others = others::find(args, &binaries, interrupt)?;
    let plan = Plan {
        others: others.len(),
        rows: subject.rows(&outputs.path().join("scripts"))?,
        warmup: args.warmup,
        runs: match args.budget {
            Some(budget) => Runs::Budget(budget.as_secs_f64()),
            None => Runs::Count(args.runs.unwrap_or_else(|| subject.default_runs())),
        },
    };

    let progress = Progress::of(&plan, &others);
    let mut runner = ProcessRunner {
        binaries: &binaries,
        others: &others,
        outputs: &outputs,
        limit: args.timeout,
        interrupt,
    };
    let measured = measure::measure(&plan, &mut runner, interrupt, &progress);

    let mut stopped = measured.stopped;
    let explanations = match explained(args, &plan, &runner) {
        Ok(explanations) => explanations,
        Err(error) => {
            stopped = stopped.or(Some(Stopped::Error(error)));
            Vec::new()
        }
    };
    if let Some(signal) = interrupt.signal() {
        stopped = stopped.or(Some(Stopped::Signal(signal)));
    }
    drop(progress);

    let rows: Vec<RowResult> = plan
        .rows
        .iter()
        .cloned()
        .zip(measured.rows)
        .map(|(row, samples)| RowResult::new(row, samples, &others, machine.cores))
        .collect();
    let wrong: Vec<bool> = rows.iter().map(|row| !row.findings.is_empty()).collect();
    Ok(Report {
        warnings: warnings::warnings(&machine, &binaries, &rows),
        machine,
        binaries,
        others,
        subject,
        warmup: plan.warmup,
        runs: plan.runs,
        limit: args.timeout,
        kept: outputs.finish(&wrong),
        rows,
        explanations,
        stopped,
    })
}

/// Runs each row once more in each mode, if the user wants to see where the time went.
fn explained(
    args: &AbArgs,
    plan: &Plan,
    runner: &ProcessRunner<'_>,
) -> anyhow::Result<Vec<Explanation>> {
    let wanted = Wanted { lines: args.explain, timelines: args.html.is_some() };
    let ProcessRunner { binaries, outputs, limit, interrupt, .. } = *runner;
    let directory = args.explain_dir.as_deref();
    let explainer = Explainer { binaries, outputs, limit, interrupt, wanted, directory };
    let mut explanations = Vec::new();
    if wanted.lines || wanted.timelines {
        for (number, row) in plan.rows.iter().enumerate() {
            if interrupt.signal().is_some() {
                break;
            }
            explanations.push(explainer.explain(number, row)?);
        }
    }
    Ok(explanations)
}
