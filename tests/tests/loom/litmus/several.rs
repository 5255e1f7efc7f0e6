//! `tests/litmus/locks.py` and `conditions.py`: several locks, several who wait, and giving back what one has not.

use super::kernel::{Condition, Lock, Waitable};
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![
    philosophers,
    philosophers_in_order,
    given_back_by_its_holder,
    given_back_twice,
    looked_again,
    not_looked_again,
    one_notified,
    all_notified,
    callback,
    pool_worker_does_it_itself,
];

type Forks = [Lock; 3];

fn eat(t: &Thread<'_>, forks: &Forks, first: usize, second: usize) -> End {
    t.acquire(&forks[first])?;
    t.acquire(&forks[second])?;
    t.release(&forks[second]);
    t.release(&forks[first]);
    Ok(())
}

fn dine(m: &Machine, last: Body<Forks>) -> End<String> {
    let forks = [m.lock(), m.lock(), m.lock()];
    m.run(&forks, [|t, forks| eat(t, forks, 0, 1), |t, forks| eat(t, forks, 1, 2), last])?;
    returned("done")
}

fn philosophers(m: &Machine) -> End<String> {
    dine(m, |t, forks| eat(t, forks, 2, 0))
}

fn philosophers_in_order(m: &Machine) -> End<String> {
    dine(m, |t, forks| eat(t, forks, 0, 2))
}

/// How often a lock was given back that was free.
type Errors = (Lock, Object<i64>);

fn give_back(t: &Thread<'_>, (lock, errors): &Errors) {
    if !t.give_back(lock) {
        t.on(errors, |errors| *errors += 1);
    }
}

fn given_back(m: &Machine, lock: Lock, body: Body<Errors>) -> End<String> {
    let state = (lock, m.object(0));
    m.twice(&state, body)?;
    returned(state.1.at_end())
}

fn given_back_by_its_holder(m: &Machine) -> End<String> {
    given_back(m, m.lock(), |t, state| {
        t.acquire(&state.0)?;
        give_back(t, state);
        Ok(())
    })
}

fn given_back_twice(m: &Machine) -> End<String> {
    given_back(m, m.semaphore(0), |t, state| {
        if !t.look(&state.0) {
            give_back(t, state);
        }
        Ok(())
    })
}

/// A condition, its lock, what is waited for, and what was got of it.
type Items = (Waitable<Condition>, Lock, Object<Vec<&'static str>>, Object<&'static str>);

fn put(t: &Thread<'_>, (some, lock, items, _): &Items, item: &'static str) -> End {
    t.with(lock, || {
        t.on(items, |items| items.push(item));
        t.switch_point();
        t.notify(some, 1);
    })
}

fn put_and_take(t: &Thread<'_>, state: &Items) -> End {
    put(t, state, "a")?;
    t.with(&state.1, || t.on(&state.2, Vec::clear))?;
    put(t, state, "b")
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

type Ready = (Waitable<Condition>, Lock, Object<bool>);

fn two_wait(m: &Machine, wake: Body<Ready>) -> End<String> {
    let state = (m.condition(), m.lock(), m.object(false));
    let wait: Body<Ready> = |t, (ready, lock, is)| {
        t.acquire(lock)?;
        while !t.get(is) {
            t.wait_for_notice(ready, lock)?;
        }
        t.release(lock);
        Ok(())
    };
    m.run(&state, [wait, wait, wake])?;
    returned("done")
}

fn tell(t: &Thread<'_>, (ready, lock, is): &Ready, count: usize) -> End {
    t.with(lock, || {
        t.set(is, true);
        t.notify(ready, count);
    })
}

fn one_notified(m: &Machine) -> End<String> {
    two_wait(m, |t, state| tell(t, state, 1))
}

fn all_notified(m: &Machine) -> End<String> {
    two_wait(m, |t, state| tell(t, state, 2))
}

/// The lock of a future, whether it is done and has a callback, and whether that ran in the main thread.
type Future = (Lock, Object<(bool, bool)>, Object<Option<bool>>);

fn callback(m: &Machine) -> End<String> {
    let state = (m.lock(), m.object((false, false)), m.object(None));
    let work: Body<Future> = |t, (lock, future, ran)| {
        let is_there = t.with(lock, || {
            t.on(future, |(done, callback)| {
                *done = true;
                *callback
            })
        })?;
        if is_there {
            t.set(ran, Some(false));
        }
        Ok(())
    };
    let add: Body<Future> = |t, (lock, future, ran)| {
        let is_done = t.with(lock, || {
            t.on(future, |(done, callback)| {
                *callback = !*done;
                *done
            })
        })?;
        if is_done {
            t.set(ran, Some(true));
        }
        Ok(())
    };
    m.run(&state, [work, add])?;
    returned(state.2.at_end().ok_or("never"))
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
