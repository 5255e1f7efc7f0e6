//! Whether an execution that is run again is the same.

use togil_interp::race::{End, Run, Sharing};

use super::explore::replay::Replay;
use super::lab::{Lab, RaceError, chosen};
use super::search::Search;

impl Lab<'_> {
    /// Runs an execution again. Returns what is different, if anything is.
    pub(super) fn run_twice(
        &mut self,
        model: &str,
        run: &Run,
        search: Search,
        mut sharing: Sharing,
    ) -> Result<Option<String>, RaceError> {
        if matches!(run.end, End::GivenUp | End::TooLong) {
            return Ok(None);
        }
        let replay = Box::new(Replay::new(chosen(run)));
        let (_, again) = self.run(model, replay, search, &mut sharing)?;
        Ok(difference(run, &again))
    }
}

/// Which executions are run twice: the first, and ever fewer.
pub(super) fn is_checked(executions: usize) -> bool {
    executions == 0
        || (executions.is_power_of_two() && executions.trailing_zeros().is_multiple_of(3))
}

/// The first step in which two executions differ that should be the same, in words.
fn difference(first: &Run, second: &Run) -> Option<String> {
    let pairs = first.trace.iter().zip(&second.trace);
    let step = pairs.take_while(|(first, second)| first == second).count();
    let place = |run: &Run| {
        let event = run.trace.get(step)?;
        let thread = run.threads.get(event.turn.thread.0 as usize)?;
        let place = super::place(event.step.site);
        Some(format!("{thread} at {}", place.as_deref().unwrap_or("an instruction")))
    };
    let shown = |run| place(run).unwrap_or_else(|| "nothing more".to_owned());
    if step < first.trace.len().max(second.trace.len()) {
        let (first, second) = (shown(first), shown(second));
        return Some(format!("step {}: first {first}, then {second}", step + 1));
    }
    let outcome = |run: &Run| run.outcome.clone().unwrap_or_else(|| "no outcome".to_owned());
    if first.end == second.end && first.outcome == second.outcome {
        return None;
    }
    Some(format!("the outcome: first {}, then {}", outcome(first), outcome(second)))
}
