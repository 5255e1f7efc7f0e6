//! `tests/litmus/locks.py`, `conditions.py` and `executors.py`.

use super::kernel::{Condition, Lock, Waitable};
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{returned, sorted};
use super::programs;

programs![
    lock_order,
    lock_order_kept,
    taken_twice,
    taken_twice_by_rlock,
    one_takes_the_lock,
    both_take_the_lock,
    locks_of_their_own,
    lock_given_back_between,
    semaphore_of_two,
    semaphore_of_one,
    tried_lock,
    wake_up_lost,
    wake_up_kept,
    notified_too_early,
    event,
    event_cleared,
    queue,
    queue_not_empty,
    got_at_once,
    queue_full,
    queue_with_room,
    one_end_for_two,
    end_for_each,
    pool_shared,
    pool_result,
    pool_waits_for_itself,
];

type Counted = (Object<i64>, Lock);

fn add(t: &Thread<'_>, n: &Object<i64>) {
    let old = t.get(n);
    t.set(n, old + 1);
}

fn counted(m: &Machine, lock: Lock, bodies: [Body<Counted>; 2]) -> End<String> {
    let state = (m.object(0), lock);
    m.run(&state, bodies)?;
    returned(state.0.at_end())
}

fn nest(t: &Thread<'_>, outer: &Lock, inner: &Lock) -> End {
    t.acquire(outer)?;
    t.acquire(inner)?;
    t.release(inner);
    t.release(outer);
    Ok(())
}

fn lock_order(m: &Machine) -> End<String> {
    let state = (m.lock(), m.lock());
    m.run(&state, [|t, (a, b)| nest(t, a, b), |t, (a, b)| nest(t, b, a)])?;
    returned("done")
}

fn lock_order_kept(m: &Machine) -> End<String> {
    let state = (m.lock(), m.lock());
    m.twice(&state, |t, (a, b)| nest(t, a, b))?;
    returned("done")
}

fn add_nested(t: &Thread<'_>, (n, lock): &Counted) -> End {
    t.acquire(lock)?;
    t.switch_point();
    t.acquire(lock)?;
    add(t, n);
    t.release(lock);
    t.release(lock);
    Ok(())
}

fn taken_twice(m: &Machine) -> End<String> {
    counted(m, m.lock(), [add_nested, add_nested])
}

fn taken_twice_by_rlock(m: &Machine) -> End<String> {
    counted(m, m.rlock(), [add_nested, add_nested])
}

fn careful(t: &Thread<'_>, (n, lock): &Counted) -> End {
    t.with(lock, || add(t, n))
}

fn careless(t: &Thread<'_>, (n, _): &Counted) -> End {
    add(t, n);
    Ok(())
}

fn one_takes_the_lock(m: &Machine) -> End<String> {
    counted(m, m.lock(), [careful, careless])
}

fn both_take_the_lock(m: &Machine) -> End<String> {
    counted(m, m.lock(), [careful, careful])
}

/// A lock that nobody else has keeps nobody out: only its calls count.
fn locks_of_their_own(m: &Machine) -> End<String> {
    let own: Body<Counted> = |t, (n, _)| {
        t.switch_point();
        add(t, n);
        t.switch_point();
        Ok(())
    };
    counted(m, m.lock(), [own, own])
}

fn lock_given_back_between(m: &Machine) -> End<String> {
    let body: Body<Counted> = |t, (n, lock)| {
        let old = t.with(lock, || t.get(n))?;
        t.with(lock, || t.set(n, old + 1))
    };
    counted(m, m.lock(), [body, body])
}

fn semaphore_of_two(m: &Machine) -> End<String> {
    counted(m, m.semaphore(2), [careful, careful])
}

fn semaphore_of_one(m: &Machine) -> End<String> {
    counted(m, m.semaphore(1), [careful, careful])
}

fn tried_lock(m: &Machine) -> End<String> {
    let body: Body<Counted> = |t, (n, lock)| {
        if t.try_acquire(lock) {
            add(t, n);
            t.release(lock);
        }
        Ok(())
    };
    counted(m, m.lock(), [body, body])
}

/// A condition, its lock, and what is waited for.
type Ready = (Waitable<Condition>, Lock, Object<bool>);

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
    done(
        m,
        |t, (ready, lock, is)| {
            t.acquire(lock)?;
            while !t.get(is) {
                t.wait_for_notice(ready, lock)?;
            }
            t.release(lock);
            Ok(())
        },
        |t, (ready, lock, is)| {
            t.with(lock, || {
                t.set(is, true);
                t.notify(ready, 1);
            })
        },
    )
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

fn set(t: &Thread<'_>, event: &Waitable<bool>, value: bool) {
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

/// A worker that waits for one call, and who submits it and does the same.
fn pool_shared(m: &Machine) -> End<String> {
    let state = (m.object(0), m.waitable(false));
    m.run(
        &state,
        [
            |t, (n, submitted): &(Object<i64>, Waitable<bool>)| {
                t.wait(submitted, |submitted| submitted.then_some(()))?;
                add(t, n);
                Ok(())
            },
            |t, (n, submitted)| {
                set(t, submitted, true);
                add(t, n);
                Ok(())
            },
        ],
    )?;
    returned(state.0.at_end())
}

/// The result of a call is waited for.
fn pool_result(m: &Machine) -> End<String> {
    let state = (m.waitable(None), m.waitable(false), m.object(0));
    m.run(
        &state,
        [
            |t, (future, submitted, _): &(Waitable<Option<i64>>, Waitable<bool>, Object<i64>)| {
                t.wait(submitted, |submitted| submitted.then_some(()))?;
                t.tell(future, |future| *future = Some(1));
                Ok(())
            },
            |t, (future, submitted, sum)| {
                set(t, submitted, true);
                let result = t.wait(future, |future| *future)?;
                t.set(sum, 1 + result);
                Ok(())
            },
        ],
    )?;
    returned(state.2.at_end())
}

/// The only worker waits for the result of a call that it would have to do itself.
fn pool_waits_for_itself(m: &Machine) -> End<String> {
    let state = (m.waitable(0), m.waitable(false));
    m.run(
        &state,
        [
            |t, (calls, done): &(Waitable<usize>, Waitable<bool>)| {
                t.wait(calls, |calls| {
                    *calls = calls.checked_sub(1)?;
                    Some(())
                })?;
                t.tell(calls, |calls| *calls += 1);
                t.wait(done, |done| done.then_some(()))
            },
            |t, (calls, done)| {
                t.tell(calls, |calls| *calls += 1);
                t.wait(done, |done| done.then_some(()))
            },
        ],
    )?;
    returned(7)
}
