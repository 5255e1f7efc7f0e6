//! `cargo verify --perf`: the instructions that the hot paths take, beside those that are kept in the
//! repository.
//!
//! Instructions and not time, so that a regression shows on a noisy machine, too. A path is run
//! twice under valgrind, the second time with twice the operations; the difference is
//! what the operations took, without the start of the process.

mod build;
mod comparison;
mod counting;
mod kept;

use std::process::ExitCode;
use std::thread;

use build::Program;
use comparison::{Comparison, Outcome, TOLERANCE};
use kept::Kept;

/// The status when there is no valgrind.
const NO_VALGRIND: u8 = 3;

/// What the two builds are called, as in `togil mode`.
const MODES: [&str; 2] = ["free-threaded", "gil"];

/// What becomes of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figures {
    /// They are compared with those that are kept.
    Compare,
    /// They are kept instead of those.
    Keep,
}

/// Counts, prints a table, and compares or keeps.
pub(crate) fn run(figures: Figures) -> ExitCode {
    match counted(figures) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure::NoValgrind) => {
            eprintln!(
                "cargo verify --perf: there is no valgrind on PATH, so nothing was counted; \
                 install it (Debian: apt install valgrind)"
            );
            ExitCode::from(NO_VALGRIND)
        }
        Err(Failure::Other(text)) => {
            eprintln!("cargo verify --perf: {text}");
            ExitCode::from(2)
        }
    }
}

/// Why there are no figures.
#[derive(Debug)]
enum Failure {
    NoValgrind,
    Other(String),
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

/// Whether no path takes more than is kept.
fn counted(figures: Figures) -> Result<bool, Failure> {
    let valgrind = counting::valgrind_version().ok_or(Failure::NoValgrind)?;
    let kept = match figures {
        Figures::Compare => Kept::read()?,
        Figures::Keep => Kept::default(),
    };
    let mut now = Kept::of_today(valgrind);
    if figures == Figures::Compare {
        kept.print_other_circumstances(&now);
    }
    let [free, gil] = MODES.map(build::build);
    let programs = [free?, gil?];
    println!("{}", Comparison::HEADING);
    let mut outcomes = Vec::new();
    for (path, times) in programs[0].paths()? {
        for (mode, count) in MODES.into_iter().zip(count(&programs, &path, times)) {
            let comparison =
                Comparison { path: &path, mode, kept: kept.get(mode, &path), now: count? };
            println!("{comparison}");
            outcomes.push(comparison.outcome());
            now.put(mode, &path, comparison.now);
        }
    }
    if figures == Figures::Keep {
        now.write()?;
        println!("kept in {}", kept::FILE);
        return Ok(true);
    }
    for (mode, path) in kept.paths_not_in(&now) {
        println!("no longer counted: {path} ({mode}); --perf=keep drops it");
    }
    Ok(summary(&outcomes))
}

/// In both builds at once: the counts do not depend on what else the machine does.
fn count(programs: &[Program; 2], path: &str, times: u64) -> [Result<f64, String>; 2] {
    thread::scope(|scope| {
        programs
            .each_ref()
            .map(|program| scope.spawn(move || counting::instructions_each(program, path, times)))
            .map(|thread| thread.join().unwrap_or_else(|_| Err("the count panicked".to_owned())))
    })
}

/// Says what came out. Whether nothing is worse, and all was compared.
fn summary(outcomes: &[Outcome]) -> bool {
    let number = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let (worse, better, new) =
        (number(Outcome::Worse), number(Outcome::Better), number(Outcome::New));
    let percent = 100.0 * TOLERANCE;
    if better > 0 {
        println!("{better} take over {percent} % less than is kept: --perf=keep keeps that");
    }
    if new > 0 {
        println!("{new} have no figure to compare with: --perf=keep keeps one");
    }
    if worse > 0 {
        println!("{worse} take over {percent} % more than is kept");
    }
    worse == 0 && new == 0
}
