//! `tests/litmus/conditions.py`: conditions, events, barriers and queues.

use super::kernel::{Condition, Lock, Waitable};
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{returned, sorted};
use super::programs;

programs![
    wake_up_lost,
    wake_up_kept,
    notified_too_early,
    one_notified,
    all_notified,
    looked_again,
    not_looked_again,
    event,
    event_cleared,
    barrier_index,
    queue,
    queue_not_empty,
    got_at_once,
    queue_full,
    queue_with_room,
    one_end_for_two,
    end_for_each,
];

/// A condition, its lock, and what is waited for.
type Ready = (Waitable<Condition>, Lock, Object<bool>);

/// `wait_for`, and the lock given back.
fn wait_until(t: &Thread<'_>, (ready, lock, is): &Ready) -> End {
    t.acquire(lock)?;
    while !t.get(is) {
        t.wait_for_notice(ready, lock)?;
    }
    t.release(lock);
    Ok(())
}

fn tell(t: &Thread<'_>, (ready, lock, is): &Ready, count: usize) -> End {
    t.with(lock, || {
        t.set(is, true);
        t.notify(ready, count);
    })
}

fn done(m: &Machine, wait: Body<Ready>, wake: Body<Ready>) -> End<String> {
    let state = (m.condition(), m.lock(), m.object(false));
    m.run(&state, [wait, wake])?;
    returned("done")
}

fn wake_up_lost(m: &Machine) -> End<String> {
    done(
        m,
        |t, (ready, lock, is)| {
            if t.get(is) {
                return Ok(());
            }
            // The entry of the condition's `__enter__`, which is written in Python.
            t.switch_point();
            t.acquire(lock)?;
            t.wait_for_notice(ready, lock)?;
            t.release(lock);
            Ok(())
        },
        |t, (ready, lock, is)| {
            t.set(is, true);
            t.with(lock, || t.notify(ready, 1))
        },
    )
}

fn wake_up_kept(m: &Machine) -> End<String> {
    done(m, wait_until, |t, state| tell(t, state, 1))
}

fn notified_too_early(m: &Machine) -> End<String> {
    done(
        m,
        |t, (ready, lock, _)| {
            t.acquire(lock)?;
            t.wait_for_notice(ready, lock)?;
            t.release(lock);
            Ok(())
        },
        |t, (ready, lock, _)| t.with(lock, || t.notify(ready, 1)),
    )
}

fn two_wait(m: &Machine, wake: Body<Ready>) -> End<String> {
    let state = (m.condition(), m.lock(), m.object(false));
    m.run(&state, [wait_until, wait_until, wake])?;
    returned("done")
}

fn one_notified(m: &Machine) -> End<String> {
    two_wait(m, |t, state| tell(t, state, 1))
}

fn all_notified(m: &Machine) -> End<String> {
    two_wait(m, |t, state| tell(t, state, 2))
}

/// A condition, its lock, what is waited for, and what was got of it.
type Items = (Waitable<Condition>, Lock, Object<Vec<&'static str>>, Object<&'static str>);

fn put_item(t: &Thread<'_>, (some, lock, items, _): &Items, item: &'static str) -> End {
    t.with(lock, || {
        t.on(items, |items| items.push(item));
        t.switch_point();
        t.notify(some, 1);
    })
}

fn put_and_take(t: &Thread<'_>, state: &Items) -> End {
    put_item(t, state, "a")?;
    t.with(&state.1, || t.on(&state.2, Vec::clear))?;
    put_item(t, state, "b")
}

fn take_item(t: &Thread<'_>, (_, lock, items, got): &Items) {
    let item = t.on(items, |items| items.pop().unwrap_or("IndexError"));
    t.set(got, item);
    t.release(lock);
}

fn taken(m: &Machine, take: Body<Items>) -> End<String> {
    let state = (m.condition(), m.lock(), m.object(Vec::new()), m.object("nothing"));
    m.run(&state, [take, put_and_take])?;
    returned(state.3.at_end())
}

fn looked_again(m: &Machine) -> End<String> {
    taken(m, |t, state| {
        t.acquire(&state.1)?;
        while t.on(&state.2, |items| items.is_empty()) {
            t.wait_for_notice(&state.0, &state.1)?;
        }
        take_item(t, state);
        Ok(())
    })
}

fn not_looked_again(m: &Machine) -> End<String> {
    taken(m, |t, state| {
        t.acquire(&state.1)?;
        if t.on(&state.2, |items| items.is_empty()) {
            t.wait_for_notice(&state.0, &state.1)?;
        }
        take_item(t, state);
        Ok(())
    })
}

pub(super) fn set(t: &Thread<'_>, event: &Waitable<bool>, value: bool) {
    t.tell(event, |event| *event = value);
}

fn waited_for(m: &Machine, tell: Body<Waitable<bool>>) -> End<String> {
    let state = m.waitable(false);
    m.run(&state, [|t, event| t.wait(event, |event| event.then_some(())), tell])?;
    returned("done")
}

fn event(m: &Machine) -> End<String> {
    waited_for(m, |t, event| {
        set(t, event, true);
        Ok(())
    })
}

/// `wait` returns for who was there when it was set: a notice, as of a condition, and no state.
fn event_cleared(m: &Machine) -> End<String> {
    waited_for(m, |t, event| {
        set(t, event, true);
        set(t, event, false);
        Ok(())
    })
}

/// `barrier.wait()` of two threads. Returns who came first: 0.
pub(super) fn meet(t: &Thread<'_>, barrier: &Waitable<i64>) -> End<i64> {
    let before = t.tell(barrier, |came| {
        *came += 1;
        *came - 1
    });
    t.wait(barrier, |came| (*came == 2).then_some(()))?;
    Ok(before)
}

fn barrier_index(m: &Machine) -> End<String> {
    let state = (m.waitable(0), m.object(-1));
    let body: Body<(Waitable<i64>, Object<i64>)> = |t, (barrier, of_a)| {
        let index = meet(t, barrier)?;
        if t.number == 0 {
            t.set(of_a, index);
        }
        Ok(())
    };
    m.twice(&state, body)?;
    returned(("a", state.1.at_end()))
}

type Queue = Waitable<Vec<&'static str>>;

/// `Queue(maxsize)`.
fn put(t: &Thread<'_>, queue: &Queue, size: usize) -> End {
    let name = ["a", "b"][t.number];
    t.wait(queue, |items| (items.len() < size).then(|| items.push(name)))
}

fn queue(m: &Machine) -> End<String> {
    let queue = m.waitable(Vec::new());
    m.twice(&queue, |t, queue| put(t, queue, usize::MAX))?;
    returned(queue.at_end())
}

fn queue_full(m: &Machine) -> End<String> {
    let queue = m.waitable(Vec::new());
    m.twice(&queue, |t, queue| put(t, queue, 1))?;
    returned(queue.at_end().len() as i64)
}

fn queue_with_room(m: &Machine) -> End<String> {
    let queue = m.waitable(Vec::new());
    m.twice(&queue, |t, queue| put(t, queue, 2))?;
    returned(queue.at_end().len() as i64)
}

type Got = (Queue, Object<Vec<&'static str>>);

fn got(m: &Machine, body: Body<Got>) -> End<String> {
    let state = (m.waitable(vec!["a"]), m.object(Vec::new()));
    m.twice(&state, body)?;
    returned(sorted(state.1.at_end()))
}

fn queue_not_empty(m: &Machine) -> End<String> {
    got(m, |t, (queue, got)| {
        if t.tell(queue, |items| !items.is_empty()) {
            let item = t.tell(queue, Vec::pop).unwrap_or("Empty");
            t.on(got, |got| got.push(item));
        }
        Ok(())
    })
}

fn got_at_once(m: &Machine) -> End<String> {
    got(m, |t, (queue, got)| {
        if let Some(item) = t.tell(queue, Vec::pop) {
            t.on(got, |got| got.push(item));
        }
        Ok(())
    })
}

/// Two take from a queue with one item and so many ends.
fn drained(m: &Machine, ends: usize) -> End<String> {
    let mut items = vec!["end"; ends];
    // `pop` takes the last.
    items.push("a");
    let state = (m.waitable(items), m.object(0));
    m.twice(&state, |t, (queue, done): &(Queue, Object<i64>)| {
        while t.wait(queue, Vec::pop)? != "end" {
            t.on(done, |done| *done += 1);
            t.switch_point();
        }
        Ok(())
    })?;
    returned(state.1.at_end())
}

fn one_end_for_two(m: &Machine) -> End<String> {
    drained(m, 1)
}

fn end_for_each(m: &Machine) -> End<String> {
    drained(m, 2)
}
