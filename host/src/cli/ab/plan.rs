//! What is run, and in which order.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::arm::Arm;
use super::mode::Mode;
use super::sample::Sample;

/// One line of the report: a program with its arguments, to be run in both modes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Name of the script, for people.
    pub(super) name: String,
    /// The file to run.
    pub(super) script: PathBuf,
    /// The script that runs it, if it is a workload of the library form.
    pub(super) runner: Option<PathBuf>,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Number of threads, where it was asked for.
    pub(super) threads: Option<u32>,
    /// Whether more threads share the same work. If not, comparing its times at
    /// different numbers of threads says nothing.
    pub(super) shares_work: bool,
}

impl Row {
    /// What an interpreter is given to run it, after its own options.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &OsStr> {
        let files = self.runner.iter().chain([&self.script]).map(|file| file.as_os_str());
        files.chain(self.args.iter().map(|arg| arg.as_os_str()))
    }
}

/// One run of each mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Round {
    /// Counts from 1, warm-ups and measured rounds each on their own.
    #[serde(rename = "run")]
    pub(super) number: u32,
    /// Whether its figures are thrown away.
    pub(super) warmup: bool,
}

impl Round {
    /// What takes its turn in this round, in order: the modes, and so many others. Every other round
    /// is the other way round (A B, B A, ...), so that none always comes after the other.
    pub(super) fn turns(self, others: usize) -> Vec<Arm> {
        let modes = Mode::TURNS.map(Arm::Mode);
        let mut turns: Vec<Arm> = modes.into_iter().chain((0..others).map(Arm::Other)).collect();
        if self.number.is_multiple_of(2) {
            turns.reverse();
        }
        turns
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.warmup { "warm-up" } else { "run" }, self.number)
    }
}

/// All rows, and how often each of them is run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What is run, one after the other.
    pub(super) rows: Vec<Row>,
    /// How many programs take turns besides the two builds.
    pub(super) others: usize,
    /// Rounds before the measured ones.
    pub(super) warmup: u32,
    /// Measured rounds.
    pub(super) runs: Runs,
}

/// How often a row is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Runs {
    /// So many times in each mode.
    Count(u32),
    /// As often as there is time for, in seconds for all rows together.
    Budget(f64),
}

/// With a budget: fewer rounds have no interval, more tell nothing new.
const LEAST_ROUNDS: u32 = 2;
const MOST_ROUNDS: u32 = 200;

impl Plan {
    /// The round of a row after those of `samples`, if there is another. `before` is the time that
    /// the rows before it have taken, in seconds, and `rows_left` counts this row, too.
    ///
    /// With a budget the number of rounds depends on how long they take, never on what they say.
    pub(super) fn next_round(
        &self,
        samples: &[Sample],
        before: f64,
        rows_left: usize,
    ) -> Option<Round> {
        let of_one = samples.iter().filter(|run| run.arm == Arm::Mode(Mode::Gil));
        let done = of_one.count() as u32;
        if done < self.warmup {
            return Some(Round { number: done + 1, warmup: true });
        }
        let done = done - self.warmup;
        let goes_on = match self.runs {
            Runs::Count(runs) => done < runs,
            Runs::Budget(_) if done < LEAST_ROUNDS => true,
            Runs::Budget(budget) => {
                let spent: f64 = samples.iter().map(|sample| sample.process_s).sum();
                let round = spent / f64::from(done + self.warmup);
                let share = (budget - before) / rows_left.max(1) as f64;
                done < MOST_ROUNDS && spent + round <= share
            }
        };
        goes_on.then_some(Round { number: done + 1, warmup: false })
    }

    /// How many processes each row takes, as far as that is known.
    pub(super) fn processes_per_row(&self) -> u64 {
        let runs = match self.runs {
            Runs::Count(runs) => runs,
            Runs::Budget(_) => LEAST_ROUNDS,
        };
        (2 + self.others as u64) * (u64::from(self.warmup) + u64::from(runs))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::sample;
    use super::*;

    /// The rounds of a row whose runs take a second each.
    fn rounds(plan: &Plan, before: f64, rows_left: usize) -> Vec<(u32, bool)> {
        let (mut samples, mut rounds) = (Vec::new(), Vec::new());
        while let Some(round) = plan.next_round(&samples, before, rows_left) {
            rounds.push((round.number, round.warmup));
            let turns = round.turns(plan.others).into_iter();
            samples.extend(turns.map(|arm| sample(arm, round.number, 1.0)));
        }
        rounds
    }

    #[test]
    fn warm_ups_come_first() {
        let plan = Plan { rows: Vec::new(), others: 0, warmup: 1, runs: Runs::Count(2) };
        assert_eq!(rounds(&plan, 0.0, 1), [(1, true), (1, false), (2, false)]);
        assert_eq!(plan.processes_per_row(), 6);
    }

    #[test]
    fn a_budget_is_shared_by_the_rows_and_kept() {
        let mut plan = Plan { rows: Vec::new(), others: 0, warmup: 1, runs: Runs::Budget(40.0) };
        // 20 s for each of two rows: a warm-up and 9 measured rounds of 2 s.
        assert_eq!(rounds(&plan, 0.0, 2).len(), 10);
        assert_eq!(rounds(&plan, 20.0, 1).len(), 10);
        assert_eq!(rounds(&plan, 50.0, 1).len(), 3, "an interval needs two rounds");
        plan.others = 2;
        assert_eq!(rounds(&plan, 0.0, 2).len(), 5, "4 s a round");
    }

    #[test]
    fn every_other_round_is_the_other_way_round() {
        let turns = |number| -> Vec<String> {
            let round = Round { number, warmup: false };
            round.turns(1).into_iter().map(Arm::short).collect()
        };
        assert_eq!(turns(1), ["gil", "free", "other-1"]);
        assert_eq!(turns(2), ["other-1", "free", "gil"]);
        assert_eq!(turns(3), turns(1));
    }
}
