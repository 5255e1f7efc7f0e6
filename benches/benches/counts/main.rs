//! Runs one hot path so many times, for `cargo verify --perf`, which counts the instructions that it
//! takes under valgrind.

mod jobs;
mod paths;

use std::process::ExitCode;

use paths::{Path, paths};

const HELP: &str = "\
Runs a hot path, for its instructions to be counted: `cargo verify --perf` does.

Usage: counts --list            every path, with the times that make a good count
       counts --test            every path, a few times: to see that they work
       counts PATH TIMES        one path";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--list"] => {
            for Path { name, times, .. } in paths() {
                println!("{name}\t{times}");
            }
            ExitCode::SUCCESS
        }
        [path, times] => run(path, times),
        options if options.contains(&"--test") => {
            for path in paths() {
                println!("{}", path.name);
                (path.run)(3);
            }
            ExitCode::SUCCESS
        }
        // With the other benches, which may have been given options.
        _ => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
    }
}

fn run(name: &str, times: &str) -> ExitCode {
    let path = paths().into_iter().find(|path| path.name == name);
    match (path, times.parse()) {
        (Some(path), Ok(times)) => {
            (path.run)(times);
            ExitCode::SUCCESS
        }
        (None, _) => {
            eprintln!("counts: there is no path '{name}'; `counts --list` names them");
            ExitCode::from(2)
        }
        (_, Err(error)) => {
            eprintln!("counts: '{times}' times: {error}; give a whole number");
            ExitCode::from(2)
        }
    }
}
