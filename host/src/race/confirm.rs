//! What is done with a failing execution before anybody is told.

use std::time::Instant;

use togil_interp::race::{Discipline, End, Point, Run, Sharing};

use super::explore::guided::Guided;
use super::explore::replay::Replay;
use super::explore::shrink::{self, Outcome};
use super::explore::token::Token;
use super::lab::{Lab, RaceError, chosen, name};
use super::report::{Finding, GilVerdict, REPLAYS, Report, Verdict};
use super::search::{Search, StrategyKind};
use super::witness::Witness;

/// Executions that are spent on making a failing one simpler.
const SHRINKING: usize = 200;

impl Lab<'_> {
    /// Looks for a simpler schedule that fails in the same way, runs it again, to see whether it is always
    /// the same, and asks whether a GIL would have hidden it.
    pub(super) fn confirm(
        &mut self,
        model: &str,
        run: Run,
        search: Search,
        mut sharing: Sharing,
    ) -> Result<Finding, RaceError> {
        let steps_found = run.trace.len();
        let mut error = None;
        let (start, mut in_time) = (Instant::now(), true);
        let shrunk = shrink::shrink(&chosen(&run), SHRINKING, |strategy| {
            in_time &= search.limits.budget.is_none_or(|budget| start.elapsed() < budget);
            if !in_time {
                return Outcome { fails: false, turns: Vec::new(), trace: Vec::new() };
            }
            match self.run(model, strategy, search, &mut sharing) {
                Ok((mut strategy, again)) => {
                    strategy.end(Point { trace: &again.trace, pending: &again.pending });
                    let fails = is_same_failure(&run.end, &again.end);
                    Outcome { fails, turns: chosen(&again), trace: again.trace }
                }
                Err(raised) => {
                    error = Some(raised);
                    Outcome { fails: false, turns: Vec::new(), trace: Vec::new() }
                }
            }
        });
        if let Some(error) = error {
            return Err(error);
        }
        let known = shrunk.as_ref().map_or(&run.trace, |shrunk| &shrunk.outcome.trace).clone();
        // From here on with every step: what was learnt while exploring is not in a token.
        let all = &mut Sharing::all();
        let (_, run) = self.run(model, Box::new(Guided::new(known)), search, all)?;
        let output = self.output();
        let turns = chosen(&run);
        let mut replayed = 0;
        for _ in 0..REPLAYS {
            let replay = Box::new(Replay::new(turns.clone()));
            let (_, again) = self.run(model, replay, search, all)?;
            replayed += usize::from(again.end == run.end && again.trace == run.trace);
        }
        let gil = match search.discipline {
            Discipline::FreeThreaded => Some(self.with_gil(model, search)?),
            Discipline::Gil => None,
        };
        let discipline = format!("{} {model}", name(search.discipline));
        let seed = search.strategy.seed();
        let token = Token { discipline, seed, fingerprint: self.fingerprint, turns }.encode();
        Ok(Finding {
            witness: Witness::of(&run),
            end: run.end,
            token,
            steps_found,
            output,
            preemptions: shrunk.as_ref().map(|shrunk| shrunk.preemptions),
            is_fewest: in_time && shrunk.is_some_and(|shrunk| shrunk.is_fewest),
            replayed,
            gil,
        })
    }

    /// What the last execution has printed.
    fn output(&self) -> String {
        let vm = self.py.vm();
        let output = self.lab.get(self.py, "output");
        let text = output.and_then(|output| vm.call_method(&output, "getvalue", ()));
        let text = text.and_then(|text| text.try_into_value(vm));
        // A list of strings: a script that puts something else there has printed nothing of ours.
        text.unwrap_or_default()
    }

    fn with_gil(&mut self, model: &str, search: Search) -> Result<GilVerdict, RaceError> {
        let strategy = StrategyKind::Exhaustive;
        let search = Search { strategy, discipline: Discipline::Gil, ..search };
        let (Report { verdict, executions, .. }, failed) = self.search(model, search)?;
        Ok(match (verdict, failed) {
            (_, Some((run, _))) => {
                // Once more, with every step.
                let again = Box::new(Guided::new(run.trace.clone()));
                let (_, again) = self.run(model, again, search, &mut Sharing::all())?;
                let run = if is_same_failure(&run.end, &again.end) { again } else { run };
                GilVerdict::Possible { executions, witness: Witness::of(&run), end: run.end }
            }
            (Verdict::Holds, None) => GilVerdict::Hidden { executions },
            _ => GilVerdict::NotFound { executions },
        })
    }
}

fn is_same_failure(one: &End, other: &End) -> bool {
    match (one, other) {
        (End::Failed(one), End::Failed(other)) => one.class == other.class,
        (End::Differs { .. }, End::Differs { .. }) => true,
        _ => Verdict::of(one).is_some() && Verdict::of(one) == Verdict::of(other),
    }
}
