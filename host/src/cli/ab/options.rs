//! The command line of `togil ab`. Each help text is also the text of the man page.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use togil_interp::lock::Handoff;

use super::compare::CompareArgs;
use super::init::InitArgs;
use super::workloads;

const EXAMPLES: &str = "\
Examples:
  Compare the bundled workloads, one line each:
      togil ab

  Compare a script of your own, 20 runs in each mode:
      togil ab --runs 20 work.py

  See how it scales; {threads} becomes 1, 2 and 4:
      togil ab --threads 1,2,4 work.py -- --jobs {threads}

  Measure for two minutes, and show the result to others:
      togil ab --budget 120 --html work.html work.py

  Keep every raw figure, and compare after a change:
      togil ab --json work.py > old.json
      togil ab compare old.json new.json --fail-if 'ratio<0.95'

  Beside other Pythons, and with the lines that cost most:
      togil ab --peer python3.14 --peer python3.14t --explain work.py

  Start a workload whose threads alone are timed:
      togil ab init workload.py

Exit status:
  0    every run ended well and both modes printed the same
  1    a run failed, hung, or printed something else
  2    wrong usage, or no two binaries to compare
  130  interrupted; what was measured until then is printed";

/// What `togil ab` does besides measuring.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum AbCommand {
    /// Compare two reports that were kept with --json
    Compare(CompareArgs),
    /// Write a workload to start from
    Init(InitArgs),
}

/// Options of `togil ab`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct AbArgs {
    #[command(subcommand)]
    pub(super) command: Option<AbCommand>,

    /// Python script to compare; without it the bundled workloads are run
    ///
    /// The script is run as `togil run SCRIPT ARGS...` in a process of its own,
    /// by the build with the GIL and by the free-threaded build in turn. Its
    /// standard input is empty. Both builds have to print the same on standard
    /// output, or the report says that they differ. Without a script a set of
    /// bundled workloads is run and printed as one table. A script that defines
    /// setup(n), work(state, i) and check(state) is run as a library of threads,
    /// and only their work is timed; `togil ab init` writes one to start from.
    #[arg(value_name = "SCRIPT")]
    pub(super) script: Option<PathBuf>,

    /// Measured runs of each mode [default: 10, bundled workloads: 5]
    ///
    /// Runs alternate between the modes (A B, B A, A B, ...), so that a machine
    /// that gets slower over time slows both. One run of each makes a
    /// pair. With fewer than 5 pairs the report says that they are too few.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) runs: Option<u32>,

    /// Seconds to measure for, instead of a number of runs; such as 60 or 60s
    ///
    /// Each row gets an equal share, and as many runs as fit in it, 2 to 200 of
    /// each mode. The time to build is not in it.
    #[arg(long, value_name = "SECS", value_parser = time_limit, conflicts_with = "runs")]
    pub(super) budget: Option<Duration>,

    /// Runs of each mode before the measured ones
    ///
    /// They fill the caches of the operating system and count in no figure.
    /// When one of them fails, the script is not run again.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(super) warmup: u32,

    /// Numbers of threads to compare with, separated by commas
    ///
    /// Each number is measured on its own, and the table tells how much faster
    /// each mode is than with the first number. A bundled workload is given the
    /// number as `--threads N`. For a script of your own each {threads} in the
    /// arguments after `--` is replaced by it.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) threads: Vec<u32>,

    /// Print one JSON document instead of tables
    ///
    /// It holds the machine, both binaries, the plan, every raw sample, the
    /// summaries and the verdicts. Its `schema` field says what the fields mean.
    #[arg(long)]
    pub(super) json: bool,

    /// Write the report as one HTML file with plots, too
    ///
    /// It needs no network and no other file.
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// Write the report as Markdown, too: for a pull request
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,

    /// Write every run as a line of CSV, too
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,

    /// Seconds after which a run counts as hung and is killed
    ///
    /// All processes of the run are killed, the ones that it started too. The
    /// rest of the runs of that script and number of threads are left out.
    #[arg(long, value_name = "SECS", default_value = "300", value_parser = time_limit)]
    pub(super) timeout: Duration,

    /// Other Python to run in turn with the builds, such as python3.14t; may be repeated
    ///
    /// A command: a program, looked up on PATH, and its options, such as
    /// 'python3.14t -X gil=1'. It runs the same script with the same arguments,
    /// and is shown beside the builds. One that is missing or fails is a line
    /// that says so; it changes neither the verdicts nor the exit status.
    #[arg(long, value_name = "COMMAND", value_parser = NonEmptyStringValueParser::new())]
    pub(super) peer: Vec<String>,

    /// Other rules by which the GIL changes hands, to run in turn with the builds
    ///
    /// togil's own rule lets threads that use the GIL briefly go first. cpython
    /// is CPython 3.14's: a waiter asks after a switch interval, and whoever
    /// comes first takes a GIL that is free. fifo is a ticket lock's order.
    #[arg(long, value_name = "RULE,...", value_delimiter = ',', value_parser = handoff)]
    pub(super) handoff: Vec<Handoff>,

    /// Run the VM without thread support too: what being thread-safe costs
    ///
    /// It runs where there is one thread; without --threads that is one.
    /// It is built the first time, which takes minutes, if this togil runs from its
    /// own source tree; any other looks for `togil-single` beside itself and on
    /// PATH. --single-binary and TOGIL_SINGLE_BINARY name another.
    #[arg(long)]
    pub(super) single: bool,

    /// Binary without thread support; see --single
    #[arg(long, value_name = "PATH", requires = "single")]
    pub(super) single_binary: Option<PathBuf>,

    /// Show on which lines the threads' time went, in both modes
    ///
    /// Takes one more run of each mode, in which the lines that the threads
    /// stand on are looked at a thousand times a second. Their figures
    /// count in no other table.
    #[arg(long)]
    pub(super) explain: bool,

    /// Write what --explain sees into a directory, as folded stacks and for speedscope
    #[arg(long, value_name = "DIR", requires = "explain")]
    pub(super) explain_dir: Option<PathBuf>,

    /// Groups of bundled workloads, separated by commas [default: all but scaling]
    ///
    /// cpu computes, io waits, mixed does both, contended shares one object, alloc makes and
    /// drops objects, convoy puts quick round trips beside computing threads, and scaling has the
    /// patterns of CPython's free-threading benchmark.
    #[arg(long, value_name = "GROUP,...", value_delimiter = ',', value_parser = workloads::GROUPS, conflicts_with = "script")]
    pub(super) group: Vec<String>,

    /// Compare what the primitives cost instead of scripts: criterion's benchmarks, both modes
    ///
    /// Runs `cargo bench` in each mode, from togil's source tree, and prints the
    /// times side by side. With =TEXT only benchmarks whose ids contain it.
    #[arg(long, value_name = "TEXT", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "script")]
    pub(super) criterion: Option<String>,

    /// Multiply the work of the bundled workloads by F
    ///
    /// At 1 most of them take about a second. Below 0.1 the start of the
    /// interpreter is most of what is measured. Has no meaning for a script.
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = scale, conflicts_with = "script")]
    pub(super) scale: f64,

    /// Binary with the GIL [default: built by cargo, or togil-gil]
    ///
    /// Without this option the environment variable TOGIL_GIL_BINARY is used.
    /// Without that, a togil that runs from its own source tree builds both
    /// modes with cargo; any other looks for `togil-gil` beside itself and on
    /// PATH, or takes itself if it was built with the GIL.
    #[arg(long, value_name = "PATH")]
    pub(super) gil_binary: Option<PathBuf>,

    /// Free-threaded binary [default: built by cargo, or togil-free]
    ///
    /// Without this option the environment variable TOGIL_FREE_BINARY is used,
    /// and without that the binary is found as described at --gil-binary, under
    /// the name `togil-free`.
    #[arg(long, value_name = "PATH")]
    pub(super) free_binary: Option<PathBuf>,

    /// Arguments for the script
    ///
    /// Everything after `--` is given to the script as it is, except that
    /// {threads} is replaced when --threads is given.
    #[arg(last = true, value_name = "ARGS", requires = "script")]
    pub(super) args: Vec<OsString>,
}

fn handoff(text: &str) -> Result<Handoff, String> {
    let named = |handoff: &Handoff| handoff.as_str() == text;
    Handoff::ALL
        .into_iter()
        .find(named)
        .ok_or_else(|| format!("'{text}' is no rule; togil, cpython and fifo are"))
}

pub(in crate::cli) fn time_limit(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a number of seconds above 0, such as 2.5");
    let seconds: f64 = text.strip_suffix('s').unwrap_or(text).parse().map_err(|_| wrong())?;
    // Also turns away NaN, infinity and what no Duration can hold.
    let limit = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if limit.is_zero() { Err(wrong()) } else { Ok(limit) }
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(scale),
        _ => Err(format!("'{text}' is not a number above 0, such as 0.5")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        ab: AbArgs,
    }

    /// The options as the command line has them after `togil ab`.
    pub(in super::super) fn options(arguments: &[&str]) -> AbArgs {
        Command::try_parse_from(["ab"].iter().chain(arguments)).unwrap().ab
    }

    fn parse(line: &str) -> Result<AbArgs, String> {
        Command::try_parse_from(line.split(' '))
            .map(|command| command.ab)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn everything_after_two_dashes_belongs_to_the_script() {
        let args = parse("ab --threads 1,2 work.py -- --runs 3 {threads}").unwrap();
        assert_eq!(args.threads, [1, 2]);
        assert_eq!(args.runs, None);
        assert_eq!(args.args, ["--runs", "3", "{threads}"]);
    }

    #[test]
    fn wrong_values_are_named() {
        for line in ["ab --timeout 0", "ab --timeout nan", "ab --timeout 1e300", "ab --scale -1"] {
            let error = parse(&line.replace(' ', "=").replacen('=', " ", 1)).err();
            assert!(error.is_some_and(|text| text.contains("is not a number")), "{line}");
        }
        assert!(parse("ab --threads 0").is_err());
        assert!(parse("ab --runs 0").is_err());
    }

    #[test]
    fn the_scale_is_for_bundled_workloads_only() {
        assert!(parse("ab --scale 0.5").is_ok());
        assert!(parse("ab work.py").is_ok());
        assert!(parse("ab --scale 0.5 work.py").is_err());
    }
}
