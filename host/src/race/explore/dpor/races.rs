//! Which steps of an execution could have been done in the other order.

use super::order::{ALL, Order, dependent, last_of, units_object};
use super::sequence::Target;
use togil_interp::race::{Access, Event, Sync, Turn};

/// Calls `found` with each event that the target could come before, if nothing else were between
/// the two, and with how the target's thread would go on then.
///
/// A step that only makes the target possible is passed over: of a lock's earlier operations, the
/// last one before which it was free is what the target competes with.
pub(super) fn races(
    order: &Order,
    trace: &[Event],
    target: Target<'_>,
    clock: &mut Vec<u32>,
    mut found: impl FnMut(usize, Turn),
) {
    let thread = target.deed.thread;
    order.clock_into(order.prev(trace, thread, target.at), clock);
    for earlier in (0..target.at).rev() {
        if order.within(earlier, clock)
            || trace[earlier].turn.thread == thread
            || !dependent(Order::deed(trace, earlier), target.deed, ALL)
        {
            continue;
        }
        if let Some(turn) = turn_without(order, trace, earlier, target) {
            found(earlier, turn);
            order.join(earlier, clock);
        }
    }
}

/// How the target's thread would go on if the event, and all that needs it, had not happened yet.
/// `None` if it would have to wait.
fn turn_without(order: &Order, trace: &[Event], event: usize, target: Target<'_>) -> Option<Turn> {
    let thread = target.deed.thread;
    let kept = |other: usize| other < event || !order.before(event, other);
    let ready = match target.deed.step.sync {
        Some(Sync::Acquire(object)) => {
            // Operations that change an object are ordered: what is kept of them is a beginning.
            let next = (event..target.at).find(|&other| {
                units_object(trace[other].step.sync) == Some(object) && !kept(other)
            });
            match next {
                Some(next) => trace[next].units > 0,
                None => target.at < trace.len() && !trace[target.at].turn.times_out,
            }
        }
        Some(Sync::Join(other)) => {
            let joined = trace.get(target.at).is_some_and(|event| !event.turn.times_out);
            joined && last_of(&trace[..target.at], other).is_none_or(kept)
        }
        None if target.announced.waits => {
            let mut others = (0..target.at).filter(|&other| kept(other));
            others.any(|other| wakes(trace, other, target))
        }
        _ => true,
    };
    (ready || target.announced.timed).then_some(Turn { thread, times_out: !ready })
}

/// Whether the event writes something that the target's thread has read before it and reads again
/// now.
fn wakes(trace: &[Event], event: usize, target: Target<'_>) -> bool {
    let thread = target.deed.thread;
    let touches = |other: &Event, access: &Access| {
        other.step.accesses.iter().any(|x| x.conflicts_with(access))
    };
    let overlooked = |write: &&Access| {
        let mut later = trace[event + 1..target.at].iter();
        !later.any(|other| other.turn.thread == thread && touches(other, write))
    };
    let writes = trace[event].step.accesses.iter().filter(|access| access.write);
    trace[event].turn.thread != thread
        && writes.filter(overlooked).any(|write| {
            target.deed.step.accesses.iter().any(|access| access.conflicts_with(write))
        })
}
