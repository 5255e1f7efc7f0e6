//! `tests/litmus/locks.py`.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![
    lock_order,
    lock_order_kept,
    philosophers,
    philosophers_in_order,
    taken_twice,
    taken_twice_by_rlock,
    one_takes_the_lock,
    both_take_the_lock,
    locks_of_their_own,
    lock_given_back_between,
    semaphore_of_two,
    semaphore_of_one,
    tried_lock,
    given_back_by_its_holder,
    given_back_twice,
    seen_by_looking,
    seen_by_taking_it,
];

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

type Forks = [Lock; 3];

fn dine(m: &Machine, last: Body<Forks>) -> End<String> {
    let forks = [m.lock(), m.lock(), m.lock()];
    m.run(&forks, [|t, [a, b, _]| nest(t, a, b), |t, [_, b, c]| nest(t, b, c), last])?;
    returned("done")
}

fn philosophers(m: &Machine) -> End<String> {
    dine(m, |t, [a, _, c]| nest(t, c, a))
}

fn philosophers_in_order(m: &Machine) -> End<String> {
    dine(m, |t, [a, _, c]| nest(t, a, c))
}

type Counted = (Object<i64>, Lock);

pub(super) fn add(t: &Thread<'_>, n: &Object<i64>) {
    let old = t.get(n);
    t.set(n, old + 1);
}

fn counted(m: &Machine, lock: Lock, bodies: [Body<Counted>; 2]) -> End<String> {
    let state = (m.object(0), lock);
    m.run(&state, bodies)?;
    returned(state.0.at_end())
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

/// A variable, a lock around its store, and what was seen of both.
type Held = (Object<i64>, Lock, Object<(i64, bool)>);

fn held(m: &Machine, look: Body<Held>) -> End<String> {
    let state = (m.object(0), m.lock(), m.object((-1, false)));
    let hold: Body<Held> = |t, (x, lock, _)| {
        t.acquire(lock)?;
        t.set(x, 1);
        t.release(lock);
        Ok(())
    };
    m.run(&state, [hold, look])?;
    returned(state.2.at_end())
}

fn seen_by_looking(m: &Machine) -> End<String> {
    held(m, |t, (x, lock, seen)| {
        let x = t.get(x);
        let is_free = t.look(lock);
        t.set(seen, (x, is_free));
        Ok(())
    })
}

fn seen_by_taking_it(m: &Machine) -> End<String> {
    held(m, |t, (x, lock, seen)| {
        let x = t.with(lock, || t.get(x))?;
        t.set(seen, (x, true));
        Ok(())
    })
}
