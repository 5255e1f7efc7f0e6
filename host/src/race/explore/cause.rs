//! What a failure turns on: of all accesses that conflict, those that threads have to come between.
//!
//! A failing execution has a thread that others came in between: what it did before, and what it does after,
//! both conflict with what they did meanwhile. Those are the variables that it fails for. Other variables may be
//! shared and raced for in the same execution; another order of them would not mend it.

use togil_interp::race::{Access, Event, Sync};

/// For each step, whether the failure turns on it. Where nobody came in between, each step that conflicts with
/// another thread's.
pub(crate) fn causes(trace: &[Event]) -> Vec<bool> {
    let gaps = gaps(trace);
    // A thread that waits lets others come in between of its own accord.
    let taken_off = variables(trace, gaps.iter().filter(|gap| !waits(trace, gap.end)));
    let variables = if taken_off.is_empty() { variables(trace, gaps.iter()) } else { taken_off };
    let is_one = |access: &&Access| {
        variables.is_empty() || variables.iter().any(|variable| overlap(access, variable))
    };
    let all = trace.iter().map(|event| {
        event.step.accesses.iter().filter(is_one).any(|access| conflicts(trace, event, access))
    });
    all.collect()
}

/// Steps of others between two of a thread, which does the one before and the one at the end.
type Gap = std::ops::Range<usize>;

fn gaps(trace: &[Event]) -> Vec<Gap> {
    let next_of = |index: usize| {
        let later = trace[index + 1..].iter();
        let mut later = later.zip(index + 1..);
        let next = later.find(|(event, _)| event.turn.thread == trace[index].turn.thread);
        next.map(|(_, next)| index + 1..next)
    };
    (0..trace.len()).filter_map(next_of).filter(|gap| !gap.is_empty()).collect()
}

/// Whether the thread of a step had to wait for it when it was taken off.
fn waits(trace: &[Event], at: usize) -> bool {
    let before = trace[..at].iter().rposition(|event| event.turn.thread == trace[at].turn.thread);
    let before = &trace[..before.map_or(0, |before| before + 1)];
    match trace[at].step.sync {
        Some(Sync::Join(_)) => true,
        Some(Sync::Acquire(object)) => {
            let last = before.iter().rev().find_map(|event| match event.step.sync? {
                Sync::Acquire(other) | Sync::TryAcquire(other) => {
                    (other == object && event.units > 0 && !event.turn.times_out).then_some(true)
                }
                Sync::Release(other) => (other == object).then_some(false),
                _ => None,
            });
            last.unwrap_or(false)
        }
        _ => false,
    }
}

/// What threads access on both sides of gaps in which others do something to it. Where there is none such, what
/// they access on one side, and something else on the other.
fn variables<'a>(trace: &[Event], gaps: impl Iterator<Item = &'a Gap>) -> Vec<Access> {
    let (mut found, mut on_both) = (Vec::new(), Vec::new());
    for gap in gaps {
        let thread = trace[gap.end].turn.thread;
        let meanwhile = &trace[gap.clone()];
        let met = |event: &Event| -> Vec<Access> {
            let mine = event.step.accesses.iter().filter(|_| event.turn.thread == thread);
            let meets = |access: &&Access| meanwhile.iter().any(|other| touches(other, access));
            mine.filter(meets).copied().collect()
        };
        let before = trace[..gap.start].iter().rev().map(met).find(|met| !met.is_empty());
        let after = trace[gap.end..].iter().map(met).find(|met| !met.is_empty());
        if let (Some(before), Some(after)) = (before, after) {
            let is_there = |access: &&Access| after.iter().any(|other| overlap(other, access));
            on_both.extend(before.iter().filter(is_there));
            found.extend(before);
            found.extend(after);
        }
    }
    if on_both.is_empty() { found } else { on_both }
}

fn overlap(one: &Access, other: &Access) -> bool {
    Access { write: true, ..*one }.conflicts_with(other)
}

/// Whether the event conflicts with an access.
fn touches(event: &Event, access: &Access) -> bool {
    event.step.accesses.iter().any(|other| other.conflicts_with(access))
}

/// Whether an access of the event's conflicts with another thread's.
fn conflicts(trace: &[Event], event: &Event, access: &Access) -> bool {
    let others = trace.iter().filter(|other| other.turn.thread != event.turn.thread);
    others.into_iter().any(|other| touches(other, access))
}

#[cfg(test)]
mod tests {
    use super::super::replay::Replay;
    use super::super::sim::{Execution, Names, Op, Sim, everywhere, run};
    use super::causes;
    use togil_interp::race::{ThreadId, Turn};

    /// The steps on which the failure turns when threads go in this order, by thread and place there.
    fn told(program: Vec<Vec<Op>>, order: &[u32]) -> Vec<(u32, usize)> {
        let turn = |&thread: &u32| Turn { thread: ThreadId(thread), times_out: false };
        let mut replay = Replay::new(order.iter().map(turn).collect());
        let sim = Sim::new(&program, Names::Fixed);
        let Execution { trace, .. } = run(&sim, &mut replay, everywhere);
        assert_eq!(replay.left_at(), None);
        let mut places = vec![0; program.len()];
        let mut told = Vec::new();
        for (event, cause) in trace.iter().zip(causes(&trace)) {
            let thread = event.turn.thread.0;
            let place = &mut places[thread as usize];
            if cause {
                told.push((thread, *place));
            }
            *place += 1;
        }
        told
    }

    /// Two variables, each incremented without a lock. They are of different objects.
    fn two_increments() -> Vec<Vec<Op>> {
        let thread = vec![Op::Read(0), Op::WriteSum(0, 1), Op::Read(2), Op::WriteSum(2, 1)];
        vec![thread.clone(), thread]
    }

    #[test]
    fn one_of_two_lost_updates_is_told() {
        let first = told(two_increments(), &[0, 1, 1, 1, 1, 0, 0, 0]);
        assert_eq!(first, [(0, 0), (1, 0), (1, 1), (0, 1)]);
        let second = told(two_increments(), &[0, 0, 0, 1, 1, 1, 1, 0]);
        assert_eq!(second, [(0, 2), (1, 2), (1, 3), (0, 3)]);
    }

    #[test]
    fn a_switch_that_changes_nothing_does_not_count() {
        // One comes in between the two increments as well.
        let second = told(two_increments(), &[0, 0, 1, 1, 1, 0, 1, 0]);
        assert_eq!(second, [(1, 2), (0, 2), (1, 3), (0, 3)]);
    }

    #[test]
    fn a_flag_and_what_it_speaks_of_are_told_together() {
        let writer = vec![Op::Write(0, 1), Op::Write(2, 1), Op::Write(4, 1)];
        let reader = vec![Op::Read(0), Op::Read(2), Op::Read(4)];
        let found = told(vec![writer, reader], &[0, 1, 1, 1, 0, 0]);
        assert_eq!(found, [(0, 0), (1, 0), (1, 1), (0, 1)]);
    }

    #[test]
    fn where_nobody_comes_in_between_all_that_conflicts_is_told() {
        let found = told(two_increments(), &[0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(found.len(), 8);
    }

    #[test]
    fn waiting_for_a_lock_is_told_only_if_nothing_else_is() {
        // Checks, waits for the lock that the other has, and acts.
        let waits = vec![Op::Read(0), Op::Lock(0), Op::Write(0, 1), Op::Unlock(0)];
        let holds = vec![Op::Lock(0), Op::Write(0, 2), Op::Unlock(0), Op::Read(2)];
        let found = told(vec![waits.clone(), holds.clone()], &[1, 0, 1, 1, 0, 0, 0, 1]);
        assert_eq!(found, [(0, 0), (1, 1), (0, 2)]);
        let mut other = waits;
        other.extend([Op::Read(2), Op::WriteSum(2, 1)]);
        let mut busy = holds;
        busy.push(Op::WriteSum(2, 1));
        let found = told(vec![other, busy], &[1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0]);
        assert_eq!(found, [(0, 4), (1, 3), (1, 4), (0, 5)]);
    }
}
