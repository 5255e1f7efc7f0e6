//! Runs the plan, in turn, until it is done or has to stop.

use super::arm::Arm;
use super::ending::Ending;
use super::interrupt::Interrupt;
use super::plan::{Plan, Round, Row};
use super::progress::Progress;
use super::sample::Sample;

/// Does one run. A trait, so that the order can be tested without any process.
pub(super) trait Runner {
    /// Runs the row with this number by one program.
    ///
    /// # Errors
    ///
    /// When it could not be run at all. A run that fails is a sample like any other.
    fn run(&mut self, number: usize, row: &Row, arm: Arm, round: Round) -> anyhow::Result<Sample>;

    /// Whether the other program with this number does not run this row.
    fn declines(&self, row: &Row, other: usize) -> bool;
}

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// The samples of each row, in the order in which they were taken.
    pub(super) rows: Vec<Vec<Sample>>,
    /// Why it is not all, if it is not.
    pub(super) stopped: Option<Stopped>,
}

/// What ended the measuring before its time.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A signal such as that of Ctrl-C.
    Signal(u8),
    /// A process could not be run, or its output not be read.
    Error(anyhow::Error),
}

/// Runs all rows of the plan. What has been measured is never lost: on an error
/// or a signal it is returned with the reason.
pub(super) fn measure(
    plan: &Plan,
    runner: &mut impl Runner,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Measured {
    let mut rows: Vec<Vec<Sample>> = Vec::new();
    let mut turns = Turns { runner, interrupt, progress };
    for (number, row) in plan.rows.iter().enumerate() {
        let before = rows.iter().flatten().map(|sample| sample.process_s).sum();
        let next = |samples: &[Sample]| plan.next_round(samples, before, plan.rows.len() - number);
        let others = (0..plan.others).filter(|other| !turns.runner.declines(row, *other)).collect();
        let mut samples = Vec::new();
        let outcome = turns.take(&next, number, row, others, &mut samples);
        rows.push(samples);
        if let Err(stopped) = outcome {
            return Measured { rows, stopped: Some(stopped) };
        }
        progress.finished_rows(number as u64 + 1);
    }
    Measured { rows, stopped: None }
}

/// What every run needs.
struct Turns<'a, R> {
    runner: &'a mut R,
    interrupt: &'a Interrupt,
    progress: &'a Progress,
}

impl<R: Runner> Turns<'_, R> {
    /// Takes all turns of a row, in which these others take part.
    fn take(
        &mut self,
        next: &dyn Fn(&[Sample]) -> Option<Round>,
        number: usize,
        row: &Row,
        mut others: Vec<usize>,
        samples: &mut Vec<Sample>,
    ) -> Result<(), Stopped> {
        while let Some(round) = next(samples) {
            let mut hopeless = false;
            for arm in round.turns(others.iter().max().map_or(0, |last| last + 1)) {
                if let Arm::Other(other) = arm
                    && !others.contains(&other)
                {
                    continue;
                }
                self.progress.starts(row, arm);
                let sample = self.runner.run(number, row, arm, round).map_err(Stopped::Error)?;
                // A run that was cut short is not one that failed.
                if let Some(signal) = self.interrupt.signal() {
                    return Err(Stopped::Signal(signal));
                }
                match arm {
                    Arm::Mode(_) => hopeless |= is_hopeless(&sample),
                    // The row goes on without it.
                    Arm::Other(other) if is_hopeless(&sample) => {
                        others.retain(|left| *left != other);
                    }
                    Arm::Other(_) => {}
                }
                samples.push(sample);
                self.progress.finished_run();
            }
            // After the round, so that both modes have had the same chance.
            if hopeless {
                break;
            }
        }
        Ok(())
    }
}

/// Whether more runs would only take time: a script that fails in the warm-up
/// will fail again, and to wait for one that hangs takes longest of all. Any other
/// failure may be a rare one, and how often it happens is worth knowing.
fn is_hopeless(sample: &Sample) -> bool {
    let failed_warmup = sample.round.warmup && !sample.ending.is_success();
    failed_warmup || matches!(sample.ending, Ending::TimedOut { .. })
}

#[cfg(test)]
mod tests {
    use super::super::plan::Runs;
    use super::super::sample::tests::sample;
    use super::*;

    /// Writes down what it is asked to run; each run ends as the test says.
    struct Fake<F> {
        log: Vec<String>,
        ends: F,
    }

    impl<F: FnMut(&str) -> anyhow::Result<Ending>> Runner for Fake<F> {
        fn run(&mut self, _: usize, row: &Row, arm: Arm, round: Round) -> anyhow::Result<Sample> {
            let kind = if round.warmup { "w" } else { "" };
            let entry = format!("{} {} {kind}{}", row.name, arm.short(), round.number);
            let ending = (self.ends)(&entry)?;
            self.log.push(entry);
            let mut sample = sample(arm, round.number, 1.0);
            (sample.round, sample.ending) = (round, ending);
            Ok(sample)
        }

        fn declines(&self, row: &Row, other: usize) -> bool {
            row.name == "a" && other == 1
        }
    }

    const GOOD: Ending = Ending::Exited { status: 0 };

    /// The log of two rows, a and b, with one warm-up and two measured rounds.
    fn log(
        ends: impl FnMut(&str) -> anyhow::Result<Ending>,
        interrupt: &Interrupt,
    ) -> (Vec<String>, Measured) {
        log_with(0, ends, interrupt)
    }

    fn log_with(
        others: usize,
        ends: impl FnMut(&str) -> anyhow::Result<Ending>,
        interrupt: &Interrupt,
    ) -> (Vec<String>, Measured) {
        let row = |name: &str| Row {
            name: name.to_owned(),
            script: "x.py".into(),
            runner: None,
            args: Vec::new(),
            threads: None,
            shares_work: true,
        };
        let plan = Plan { rows: vec![row("a"), row("b")], others, warmup: 1, runs: Runs::Count(2) };
        let mut fake = Fake { log: Vec::new(), ends };
        let measured = measure(&plan, &mut fake, interrupt, &Progress::hidden());
        (fake.log, measured)
    }

    #[test]
    fn the_modes_take_turns() {
        let (log, measured) = log(|_| Ok(GOOD), &Interrupt::default());
        let of_a = ["a gil w1", "a free w1", "a gil 1", "a free 1", "a free 2", "a gil 2"];
        assert_eq!(log[..6], of_a);
        assert_eq!(log[6..], of_a.map(|entry| entry.replacen('a', "b", 1)));
        assert_eq!(measured.rows.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6]);
        assert!(measured.stopped.is_none());
    }

    #[test]
    fn others_take_turns_until_they_fail() {
        let ends = |entry: &str| {
            Ok(if entry == "b other-1 w1" { Ending::Exited { status: 1 } } else { GOOD })
        };
        let (log, measured) = log_with(2, ends, &Interrupt::default());
        // The second declines the first row.
        let of_a = ["a gil w1", "a free w1", "a other-1 w1", "a gil 1", "a free 1", "a other-1 1"];
        assert_eq!(log[..6], of_a);
        assert_eq!(log[6..9], ["a other-1 2", "a free 2", "a gil 2"]);
        assert_eq!(log[9..13], ["b gil w1", "b free w1", "b other-1 w1", "b other-2 w1"]);
        assert_eq!(
            log[13..],
            ["b gil 1", "b free 1", "b other-2 1", "b other-2 2", "b free 2", "b gil 2"]
        );
        assert!(measured.stopped.is_none());
    }

    #[test]
    fn a_failed_warm_up_ends_its_row() {
        let ends =
            |entry: &str| Ok(if entry == "a gil w1" { Ending::Exited { status: 1 } } else { GOOD });
        let (log, _) = log(ends, &Interrupt::default());
        assert_eq!(log[..3], ["a gil w1", "a free w1", "b gil w1"]);
    }

    #[test]
    fn a_hang_ends_its_row_after_the_round_but_a_crash_does_not() {
        let ends = |entry: &str| {
            Ok(match entry {
                "a gil 1" => Ending::TimedOut { after_s: 1.0 },
                "b free 1" => Ending::Signal { signal: 11 },
                _ => GOOD,
            })
        };
        let (log, measured) = log(ends, &Interrupt::default());
        assert_eq!(log[2..5], ["a gil 1", "a free 1", "b gil w1"]);
        assert_eq!(log.last().map(String::as_str), Some("b gil 2"));
        assert!(measured.stopped.is_none());
    }

    #[test]
    fn an_interrupt_keeps_what_was_measured() {
        let interrupt = Interrupt::default();
        let ends = |entry: &str| {
            if entry == "a gil 1" {
                interrupt.press();
            }
            Ok(GOOD)
        };
        let (_, measured) = log(ends, &interrupt);
        assert_eq!(measured.rows.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
        assert!(matches!(measured.stopped, Some(Stopped::Signal(2))));
    }

    #[test]
    fn so_does_an_error() {
        let ends = |entry: &str| {
            if entry == "b gil w1" { anyhow::bail!("gone") } else { Ok(GOOD) }
        };
        let (_, measured) = log(ends, &Interrupt::default());
        assert_eq!(measured.rows.iter().map(Vec::len).collect::<Vec<_>>(), [6, 0]);
        assert!(matches!(measured.stopped, Some(Stopped::Error(_))));
    }
}
