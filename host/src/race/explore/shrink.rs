//! A failing schedule that a reader can follow: with as few preemptions as can be.

use super::bounded::Bounded;
use super::record::Record;
use super::replay::Replay;
use super::shared::Shared;
use togil_interp::race::{Event, Pending, Point, Strategy, Turn};

/// What an execution was.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Whether it shows the failure.
    pub(crate) fails: bool,
    /// What was chosen.
    pub(crate) turns: Vec<Turn>,
    pub(crate) trace: Vec<Event>,
    /// What threads that were left were about to do.
    pub(crate) pending: Vec<Pending>,
}

/// The schedule found.
pub(crate) struct Shrunk {
    pub(crate) outcome: Outcome,
    /// How often it takes a thread off that could go on.
    pub(crate) preemptions: usize,
    /// Whether all schedules with fewer preemptions were tried.
    pub(crate) is_fewest: bool,
}

/// Looks for a schedule that fails like this one with the fewest preemptions, and of those for the
/// shortest.
///
/// `run` runs the program once under the strategy, from the first choice to [`Strategy::end`]. It
/// is called at most `most` times. `None` if the schedule does not fail when it is replayed.
pub(crate) fn shrink(
    turns: &[Turn],
    most: usize,
    run: impl FnMut(Box<dyn Strategy>) -> Outcome,
) -> Option<Shrunk> {
    let mut search = Search { run, left: most, best: None };
    search.try_one(Replay::new(turns.to_vec()));
    search.best.as_ref()?;
    search.join_runs();
    let is_fewest = search.try_all_with_fewer();
    let Best { outcome, preemptions } = search.best?;
    Some(Shrunk { outcome, preemptions, is_fewest })
}

struct Best {
    outcome: Outcome,
    preemptions: usize,
}

struct Search<R> {
    run: R,
    left: usize,
    best: Option<Best>,
}

impl<R: FnMut(Box<dyn Strategy>) -> Outcome> Search<R> {
    /// Runs one execution. Returns whether it is the best so far, and whether the strategy has more
    /// to run.
    fn try_one(&mut self, strategy: impl Strategy + 'static) -> (bool, bool) {
        let Some(left) = self.left.checked_sub(1) else { return (false, false) };
        self.left = left;
        let strategy = Shared::new(Record::new(Ended { strategy, goes_on: false }));
        let outcome = (self.run)(Box::new(strategy.clone()));
        let strategy = strategy.lock();
        let preemptions = strategy.preemptions();
        let is_better = outcome.fails
            && self.best.as_ref().is_none_or(|best| {
                (preemptions, outcome.trace.len()) < (best.preemptions, best.outcome.trace.len())
            });
        if is_better {
            self.best = Some(Best { outcome, preemptions });
        }
        (is_better, strategy.inner().goes_on)
    }

    /// Puts what a thread does together, as long as the failure stays: swaps two neighbouring runs
    /// of turns, so that the later joins the run of the same thread before, or the earlier the one
    /// after.
    fn join_runs(&mut self) {
        let mut place = 0;
        while let Some(best) = &self.best {
            let runs: Vec<_> = best.outcome.turns.chunk_by(|a, b| a.thread == b.thread).collect();
            let joins =
                |a: Option<&&[Turn]>, b: &[Turn]| a.is_some_and(|a| a[0].thread == b[0].thread);
            let Some(pair) = runs.get(place..place + 2) else { return };
            let before = place.checked_sub(1).and_then(|before| runs.get(before));
            if !joins(before, pair[1]) && !joins(runs.get(place + 2), pair[0]) {
                place += 1;
                continue;
            }
            let mut swapped = runs.clone();
            swapped.swap(place, place + 1);
            let turns = swapped.concat();
            let (is_better, _) = self.try_one(Replay::new(turns));
            place = if is_better { 0 } else { place + 1 };
        }
    }

    /// Tries all schedules with no preemption, with one, and so on. Returns whether there was room
    /// for that.
    fn try_all_with_fewer(&mut self) -> bool {
        let preemptions = |search: &Self| search.best.as_ref().map_or(0, |best| best.preemptions);
        for bound in 0..preemptions(self) {
            let bounded = Shared::new(Bounded::starting_with(bound as u32, bound as u32));
            while self.try_one(bounded.clone()).1 {}
            if preemptions(self) <= bound {
                return true;
            }
            if self.left == 0 {
                return false;
            }
        }
        true
    }
}

/// Remembers whether there is more to run.
struct Ended<S> {
    strategy: S,
    goes_on: bool,
}

impl<S: Strategy> Strategy for Ended<S> {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        self.strategy.choose(point)
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        self.goes_on = self.strategy.end(point);
        self.goes_on
    }

    fn is_exhaustive(&self) -> bool {
        self.strategy.is_exhaustive()
    }
}
