//! What is wrong with the runs of a row: failures, and outputs that differ.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::arm::Arm;
use super::ending::Ending;
use super::mode::Mode;
use super::plan::Round;
use super::sample::Sample;

/// One thing that is wrong. Shown as one or two sentences.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Finding {
    /// Runs that did not end well, all in the same way.
    Failed {
        /// The build that ran.
        mode: Mode,
        /// How they ended.
        ending: Ending,
        /// How many they were.
        failed: usize,
        /// Of how many, warm-ups included.
        of: usize,
        /// The first one.
        first: Round,
        /// What the first one said last.
        stderr_last_line: Option<String>,
    },
    /// Each mode prints the same every time, but not the same as the other.
    OutputDiffers {
        /// Where they first differ.
        difference: String,
        /// An output of each.
        files: [PathBuf; 2],
    },
    /// Runs of the same mode print different things.
    NotDeterministic {
        /// The build that ran.
        mode: Mode,
        /// How many different outputs there are.
        outputs: usize,
        /// In how many runs that ended well.
        runs: usize,
        /// Whether the other mode printed the same in all of several runs.
        only_here: bool,
        /// Where two of them first differ.
        difference: String,
        /// These two.
        files: [PathBuf; 2],
    },
}

impl Finding {
    /// One or two words.
    pub(super) fn short(&self) -> &'static str {
        match self {
            Finding::Failed { ending: Ending::TimedOut { .. }, .. } => "hung",
            Finding::Failed { .. } => "failed",
            Finding::OutputDiffers { .. } => "output differs",
            Finding::NotDeterministic { .. } => "output varies",
        }
    }

    /// Whether the modes did different work, so that their times cannot be compared.
    pub(super) fn rules_out_comparison(&self) -> bool {
        !matches!(self, Finding::NotDeterministic { .. })
    }
}

/// Looks at all runs of a row, the warm-ups too.
pub(super) fn findings(samples: &[Sample]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for mode in Mode::TURNS {
        findings.extend(failures(samples, mode));
    }
    findings.extend(differences(samples));
    findings
}

fn failures(samples: &[Sample], mode: Mode) -> Vec<Finding> {
    let runs = || samples.iter().filter(|run| run.arm == Arm::Mode(mode));
    let mut found: Vec<Finding> = Vec::new();
    for run in runs().filter(|run| !run.ending.is_success()) {
        let known = found.iter_mut().find_map(|finding| match finding {
            Finding::Failed { ending, failed, .. } if *ending == run.ending => Some(failed),
            _ => None,
        });
        match known {
            Some(failed) => *failed += 1,
            None => found.push(Finding::Failed {
                mode,
                ending: run.ending,
                failed: 1,
                of: runs().count(),
                first: run.round,
                stderr_last_line: run.stderr_last_line.clone(),
            }),
        }
    }
    found
}

/// Outputs of failed runs are not compared: they are cut short, and known to be bad.
fn differences(samples: &[Sample]) -> Vec<Finding> {
    let [gil, free] = Mode::TURNS.map(|mode| Outputs::of(samples, mode));
    let mut found: Vec<Finding> = [(&gil, &free), (&free, &gil)]
        .into_iter()
        .filter_map(|(here, there)| here.not_deterministic(there))
        .collect();
    if let ([gil], [free]) = (&gil.different[..], &free.different[..])
        && gil.stdout != free.stdout
    {
        found.push(Finding::OutputDiffers {
            difference: gil.stdout.difference(&free.stdout),
            files: [gil.stdout_file.clone(), free.stdout_file.clone()],
        });
    }
    found
}

/// The outputs of one mode.
struct Outputs<'a> {
    mode: Mode,
    runs: usize,
    /// A run for each different one.
    different: Vec<&'a Sample>,
}

impl<'a> Outputs<'a> {
    fn of(samples: &'a [Sample], mode: Mode) -> Self {
        let mut outputs = Outputs { mode, runs: 0, different: Vec::new() };
        for run in
            samples.iter().filter(|run| run.arm == Arm::Mode(mode) && run.ending.is_success())
        {
            outputs.runs += 1;
            if !outputs.different.iter().any(|known| known.stdout == run.stdout) {
                outputs.different.push(run);
            }
        }
        outputs
    }

    fn not_deterministic(&self, other: &Outputs<'_>) -> Option<Finding> {
        let [first, second, ..] = self.different[..] else {
            return None;
        };
        Some(Finding::NotDeterministic {
            mode: self.mode,
            outputs: self.different.len(),
            runs: self.runs,
            only_here: other.different.len() == 1 && other.runs > 1,
            difference: first.stdout.difference(&second.stdout),
            files: [first.stdout_file.clone(), second.stdout_file.clone()],
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Failed { mode, ending, failed, of, first, stderr_last_line } => {
                write!(f, "{mode}: {failed} of {of} runs failed ({ending}), first {first}")?;
                match stderr_last_line {
                    Some(line) => write!(f, ": {line}"),
                    None => Ok(()),
                }
            }
            Finding::OutputDiffers { difference, .. } => {
                write!(
                    f,
                    "the modes print different things (gil and free-threaded), first in {difference}"
                )
            }
            Finding::NotDeterministic { mode, outputs, runs, only_here, difference, .. } => {
                write!(
                    f,
                    "{mode}: output is not deterministic, {outputs} different ones in {runs} runs"
                )?;
                if *only_here {
                    f.write_str(" (the other mode prints the same every time)")?;
                }
                write!(f, ", first difference in {difference}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::{printed, sample};
    use super::*;

    fn run(mode: Mode, number: u32, text: &str) -> Sample {
        Sample { stdout: printed(text), ..sample(mode, number, 1.0) }
    }

    fn words(samples: &[Sample]) -> Vec<String> {
        findings(samples).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn nothing_is_wrong_with_runs_that_agree() {
        let samples = [run(Mode::Gil, 1, "a"), run(Mode::Free, 1, "a"), run(Mode::Gil, 2, "a")];
        assert!(findings(&samples).is_empty());
    }

    #[test]
    fn failures_are_counted_by_kind() {
        let mut samples: Vec<_> = (1..=4).map(|number| run(Mode::Free, number, "a")).collect();
        samples[1].ending = Ending::Signal { signal: 11 };
        samples[1].stdout = printed("cut sho");
        samples[2].ending = Ending::Exited { status: 1 };
        samples[2].stderr_last_line = Some("KeyError: 'x'".to_owned());
        samples[3].ending = Ending::Signal { signal: 11 };
        assert_eq!(
            words(&samples),
            [
                "free-threaded: 2 of 4 runs failed (killed by SIGSEGV), first run 2",
                "free-threaded: 1 of 4 runs failed (exit status 1), first run 3: KeyError: 'x'",
            ]
        );
    }

    #[test]
    fn different_outputs_of_the_two_modes() {
        let samples = [run(Mode::Gil, 1, "a\n1\n"), run(Mode::Free, 1, "a\n2\n")];
        assert_eq!(
            words(&samples),
            [
                "the modes print different things (gil and free-threaded), first in line 2: '1' and '2'"
            ]
        );
        assert!(findings(&samples)[0].rules_out_comparison());
    }

    #[test]
    fn different_outputs_of_the_same_mode() {
        let mut samples = vec![run(Mode::Gil, 1, "1"), run(Mode::Free, 1, "1")];
        samples.extend([run(Mode::Gil, 2, "1"), run(Mode::Free, 2, "2")]);
        assert_eq!(
            words(&samples),
            ["free-threaded: output is not deterministic, 2 different ones in 2 runs \
              (the other mode prints the same every time), first difference in line 1: '1' and '2'"]
        );
        samples[0] = run(Mode::Gil, 1, "3");
        let both = findings(&samples);
        assert_eq!(both.len(), 2);
        assert!(!both[0].rules_out_comparison());
        assert_eq!(both[0].short(), "output varies");
    }
}
