//! What can be chosen at a point.

use togil_interp::race::{Pending, Point, ThreadId, Turn};

/// How the thread would go on, if it can.
pub(super) fn turn_of(pending: &Pending) -> Option<Turn> {
    let times_out = !pending.ready;
    (pending.ready || pending.may_time_out).then_some(Turn { thread: pending.thread, times_out })
}

/// All turns that can be chosen, by thread.
pub(super) fn turns<'a>(point: Point<'a>) -> impl Iterator<Item = Turn> + 'a {
    point.pending.iter().filter_map(turn_of)
}

/// The thread's next step, if it has not ended.
pub(super) fn pending_of(pending: &[Pending], thread: ThreadId) -> Option<&Pending> {
    pending.iter().find(|pending| pending.thread == thread)
}

/// The turn of the thread, if it can go on.
pub(super) fn turn_of_thread(point: Point<'_>, thread: ThreadId) -> Option<Turn> {
    pending_of(point.pending, thread).and_then(turn_of)
}

/// The thread that did the last step, if that thread is ready: to choose another one is a
/// preemption.
pub(super) fn running(point: Point<'_>) -> Option<ThreadId> {
    let last = point.trace.last()?.turn.thread;
    pending_of(point.pending, last).filter(|pending| pending.ready).map(|_| last)
}

/// Whether the turn takes a thread off that could go on.
pub(super) fn preempts(point: Point<'_>, turn: Turn) -> bool {
    running(point).is_some_and(|thread| thread != turn.thread)
}

/// Goes on with the same thread, or else with the first that is ready. Lets a thread time out only
/// when nothing else is left, as a program that tries again and again would never end otherwise.
pub(super) fn stay(point: Point<'_>, allowed: impl Fn(Turn) -> bool) -> Option<Turn> {
    let last = point.trace.last().map(|event| event.turn.thread);
    turns(point)
        .filter(|&turn| allowed(turn))
        .min_by_key(|turn| (turn.times_out, Some(turn.thread) != last))
}
