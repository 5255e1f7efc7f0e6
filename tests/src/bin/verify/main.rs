//! `cargo verify`: every test of the workspace, in both lock modes, and what checks the tests.
//!
//! Runs cargo; nothing here depends on the rest of the workspace, so it starts at once.

mod limit;
mod mutants;
mod perf;
mod step;

use std::process::ExitCode;
use std::time::Instant;

use perf::Figures;
use step::Step;

const HELP: &str = "\
Runs the tests of togil.

Usage: cargo verify [STEP ...]
       cargo verify --perf[=keep]

Steps (all of them, in this order, if none is named):
  free      every test, doc tests included, in the free-threaded build
  gil       the same tests in the gil build
  loom      the models of the lock protocol and of the shared types, and the explorer
  mutants   each seeded fault in these must make a model fail; mutants=TEXT
            tries only those in files whose path contains TEXT, mutants=litmus those that
            litmus programs notice, mutants=all also those that are left out otherwise

With --perf it counts the instructions that the hot paths take, under valgrind and in both
modes, and compares them with those of the last release, which are kept in the repository
(benches/counts.toml). --perf=keep keeps what it counts instead.

A build that is not done after 45 minutes, or tests after 20, have failed; what hangs is
told then, with stacks where there is gdb.

Exit status: 0 if everything passed, 1 if something failed or takes more instructions,
2 if a step is unknown or cannot be run, 3 if --perf finds no valgrind.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match args.as_slice() {
        [option] if option == "--perf" => return perf::run(Figures::Compare),
        [option] if option == "--perf=keep" => return perf::run(Figures::Keep),
        args if args.iter().any(|arg| arg.starts_with("--perf")) => {
            eprintln!("cargo verify: it is --perf or --perf=keep, and no step beside it\n\n{HELP}");
            return ExitCode::from(2);
        }
        _ => {}
    }
    let steps: Result<Vec<Step>, _> = args.iter().map(|arg| arg.parse()).collect();
    let steps = match steps {
        Ok(steps) if steps.is_empty() => Step::ALL.to_vec(),
        Ok(steps) => steps,
        Err(unknown) => {
            eprintln!("cargo verify: {unknown}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let mut failed = Vec::new();
    for step in steps {
        println!("==> {}", step.title());
        let start = Instant::now();
        let passed = step.run();
        let outcome = if passed { "passed" } else { "FAILED" };
        println!("==> {}: {outcome} in {:.0} s", step.title(), start.elapsed().as_secs_f64());
        if !passed {
            failed.push(step.title());
        }
    }
    if failed.is_empty() {
        println!("verified");
        return ExitCode::SUCCESS;
    }
    println!("not verified: {} failed", failed.join(", "));
    ExitCode::FAILURE
}
