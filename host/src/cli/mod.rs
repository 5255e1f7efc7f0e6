//! The `togil` command: `run` is Python, `ab` compares the lock modes.

pub mod ab;
mod explain_import;
mod html;
mod mode;
mod profile;
mod python;
mod race;
mod stats;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Run Python with the GIL or without, and compare.
#[derive(Debug, Parser)]
#[command(name = "togil", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  togil run script.py arg          run a script, as `python` does
  togil run -X gil=1 -c 'print(1)' run code; options are CPython's
  togil ab script.py               the script with the GIL and without, side by side
  togil explain-import NAME        how a module is imported, or why it is not
  togil mode                       which lock mode this binary was built for

Exit status: that of the script for `run`; 0, 1 (a run failed) or 2 (usage) otherwise.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Python code, a module or a script, as `python` does
    #[command(disable_help_flag = true)]
    Run {
        /// CPython's options and arguments: `togil run --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<OsString>,
    },
    /// Run a script with the GIL and without, and compare
    Ab(Box<ab::AbArgs>),
    /// Find races and deadlocks: run models under every schedule that matters
    Race(Box<race::RaceArgs>),
    /// Say how a module is imported, or why it is not
    #[command(disable_help_flag = true)]
    ExplainImport {
        /// `togil explain-import --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<OsString>,
    },
    /// Print the lock mode that this binary was built for
    Mode(mode::ModeArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell that will read it
        shell: clap_complete::Shell,
    },
}

/// Runs the command line of this process.
///
/// What is neither one of our commands nor our help is Python's command line: `togil x.py` and
/// `togil -c code` run, so that `sys.executable` is what scripts take it for.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|first| first.to_str()) {
        // Python's options reach Python's own parser untouched: `run -h` is Python's help.
        Some("run") => python::main(args.into_iter().skip(1)),
        Some("explain-import") => explain_import::main(args.into_iter().skip(1)),
        Some(first) if is_ours(first) => ours(),
        None => ours(),
        Some(_) => python::main(args),
    }
}

/// What is not Python's command line begins with. To ask clap would cost every start a tenth of a millisecond.
const OURS: [&str; 11] = [
    "help",
    "-h",
    "--help",
    "-V",
    "--version", // clap's
    "run",
    "ab",
    "race",
    "explain-import",
    "mode",
    "completions",
];

fn is_ours(first: &str) -> bool {
    OURS.contains(&first)
}

fn ours() -> ExitCode {
    match Cli::parse().command {
        Command::Run { args } => python::main(args),
        Command::ExplainImport { args } => explain_import::main(args),
        Command::Ab(args) => ab::run(&args).unwrap_or_else(|error| {
            anstream::eprintln!("togil ab: {error:#}");
            ExitCode::from(2)
        }),
        Command::Mode(args) => mode::main(&args),
        Command::Race(args) => race::main(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "togil", &mut std::io::stdout());
            ExitCode::SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_commands_are_known_as_ours() {
        let mut command = Cli::command();
        command.build();
        for command in command.get_subcommands() {
            assert!(is_ours(command.get_name()), "{}", command.get_name());
        }
        let are_commands = OURS.iter().filter(|name| command.find_subcommand(name).is_some());
        assert_eq!(are_commands.count(), OURS.len() - 4, "all but the options");
    }
}
