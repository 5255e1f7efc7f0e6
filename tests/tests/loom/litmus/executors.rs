//! `tests/litmus/executors.py`.

use super::conditions::set;
use super::kernel::{Lock, Waitable};
use super::locks::add;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![pool_shared, pool_result, pool_waits_for_itself, pool_worker_does_it_itself, callback,];

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

type Answer = (Waitable<Option<i64>>, Object<i64>);

fn pool_worker_does_it_itself(m: &Machine) -> End<String> {
    let state = (m.waitable(None), m.object(-1));
    let work: Body<Answer> = |t, (answer, _)| {
        t.switch_point();
        t.tell(answer, |answer| *answer = Some(7));
        Ok(())
    };
    let ask: Body<Answer> = |t, (answer, got)| {
        let answer = t.wait(answer, |answer| *answer)?;
        t.set(got, answer);
        Ok(())
    };
    m.run(&state, [work, ask])?;
    returned(state.1.at_end())
}

/// The lock of a future, whether it is done and has a callback, and whether that ran in the main thread.
type Future = (Lock, Object<(bool, bool)>, Object<Option<bool>>);

/// Changes what the future knows. Who finds that it has both runs the callback.
fn change(
    t: &Thread<'_>,
    (lock, future, ran): &Future,
    in_main: bool,
    change: fn(&mut (bool, bool)) -> bool,
) -> End {
    if t.with(lock, || t.on(future, change))? {
        t.set(ran, Some(in_main));
    }
    Ok(())
}

fn callback(m: &Machine) -> End<String> {
    let state = (m.lock(), m.object((false, false)), m.object(None));
    let work: Body<Future> = |t, state| {
        change(t, state, false, |(done, callback)| {
            *done = true;
            *callback
        })
    };
    let add: Body<Future> = |t, state| {
        change(t, state, true, |(done, callback)| {
            *callback = !*done;
            *done
        })
    };
    m.run(&state, [work, add])?;
    returned(state.2.at_end().ok_or("never"))
}
