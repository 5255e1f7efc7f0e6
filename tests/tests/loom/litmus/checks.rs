//! `tests/litmus/check_then_act.py` and `imports.py`.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{returned, sorted};
use super::programs;

programs![
    lazy_singleton,
    double_checked_lock,
    double_checked_lock_too_early,
    double_checked_lock_complete,
    first,
    first_by_setdefault,
    hasattr,
    memo,
    memo_setdefault,
    visited,
    visited_locked,
    pop_if_any,
    pop_tried,
    withdraw,
    withdraw_locked,
    key_gone,
    key_fetched_at_once,
    claimed,
    claimed_by_pop,
    context,
    module_too_early,
    module_complete,
    loaded_twice,
    loaded_once,
];

/// Whether it is there, and how often it was made.
type Made = (Object<bool>, Object<i64>);

fn made(m: &Machine) -> Made {
    (m.object(false), m.object(0))
}

fn count(t: &Thread<'_>, n: &Object<i64>) {
    // `append`, which is one step.
    t.on(n, |n| *n += 1);
}

fn twice(m: &Machine, body: Body<Made>) -> End<String> {
    let state = made(m);
    m.twice(&state, body)?;
    returned(state.1.at_end())
}

fn lazy_singleton(m: &Machine) -> End<String> {
    twice(m, |t, (there, made)| {
        if !t.get(there) {
            count(t, made);
            // `object()`
            t.switch_point();
            t.set(there, true);
        }
        Ok(())
    })
}

fn double_checked_lock(m: &Machine) -> End<String> {
    let state = (made(m), m.lock());
    let body: Body<(Made, Lock)> = |t, ((there, made), lock)| {
        if t.get(there) {
            return Ok(());
        }
        t.with(lock, || {
            if !t.get(there) {
                count(t, made);
                t.switch_point();
                t.set(there, true);
            }
        })
    };
    m.twice(&state, body)?;
    returned(state.0.1.at_end())
}

/// Whether it is there, its value, the lock, and what was seen of the value.
type Checked = (Object<bool>, Object<i64>, Lock, Object<Vec<i64>>);

fn checked(m: &Machine, body: Body<Checked>) -> End<String> {
    let state = (m.object(false), m.object(0), m.lock(), m.object(Vec::new()));
    m.twice(&state, body)?;
    returned(sorted(state.3.at_end()))
}

fn look(t: &Thread<'_>, (_, value, _, seen): &Checked) {
    let value = t.get(value);
    t.on(seen, |seen| seen.push(value));
}

fn double_checked_lock_too_early(m: &Machine) -> End<String> {
    checked(m, |t, state| {
        let (there, value, lock, _) = state;
        if !t.get(there) {
            t.with(lock, || {
                if !t.get(there) {
                    t.switch_point();
                    t.set(there, true);
                    t.set(value, 1);
                }
            })?;
        }
        look(t, state);
        Ok(())
    })
}

fn double_checked_lock_complete(m: &Machine) -> End<String> {
    checked(m, |t, state| {
        let (there, value, lock, _) = state;
        if !t.get(there) {
            t.with(lock, || {
                if !t.get(there) {
                    t.switch_point();
                    t.set(value, 1);
                    t.set(there, true);
                }
            })?;
        }
        look(t, state);
        Ok(())
    })
}

fn first(m: &Machine) -> End<String> {
    twice(m, |t, (there, won)| {
        if !t.get(there) {
            t.set(there, true);
            count(t, won);
        }
        Ok(())
    })
}

fn first_by_setdefault(m: &Machine) -> End<String> {
    twice(m, |t, (there, won)| {
        let was = t.on(there, |there| std::mem::replace(there, true));
        t.switch_point();
        if !was {
            count(t, won);
        }
        Ok(())
    })
}

fn hasattr(m: &Machine) -> End<String> {
    twice(m, |t, (there, won)| {
        let is = t.get(there);
        t.switch_point();
        if !is {
            t.set(there, true);
            count(t, won);
        }
        Ok(())
    })
}

fn memo(m: &Machine) -> End<String> {
    first(m)
}

/// How many different values were got: each brings its own.
fn memo_setdefault(m: &Machine) -> End<String> {
    let state = (m.object(None), m.object(Vec::new()));
    m.twice(&state, |t, (memo, got): &(Object<Option<i64>>, Object<Vec<i64>>)| {
        t.switch_point();
        let mine = t.number as i64;
        let value = t.on(memo, |memo| *memo.get_or_insert(mine));
        t.switch_point();
        t.on(got, |got| got.push(value));
        Ok(())
    })?;
    let mut got = sorted(state.1.at_end());
    got.dedup();
    returned(got.len() as i64)
}

/// `add` is a call, but behind the store.
fn visited(m: &Machine) -> End<String> {
    twice(m, |t, (there, won)| {
        if !t.get(there) {
            t.set(there, true);
            t.switch_point();
            count(t, won);
        }
        Ok(())
    })
}

fn visited_locked(m: &Machine) -> End<String> {
    let state = (made(m), m.lock());
    let body: Body<(Made, Lock)> = |t, ((there, won), lock)| {
        t.with(lock, || {
            if !t.get(there) {
                t.set(there, true);
                t.switch_point();
                count(t, won);
            }
        })
    };
    m.twice(&state, body)?;
    returned(state.0.1.at_end())
}

/// What is left, and what was got.
type Items = (Object<Vec<&'static str>>, Object<Vec<&'static str>>);

fn popped(m: &Machine, body: Body<Items>) -> End<String> {
    let state = (m.object(vec!["a"]), m.object(Vec::new()));
    m.twice(&state, body)?;
    returned(sorted(state.1.at_end()))
}

fn pop(t: &Thread<'_>, (items, got): &Items, otherwise: Option<&'static str>) {
    let item = t.on(items, Vec::pop);
    t.switch_point();
    if let Some(item) = item.or(otherwise) {
        t.on(got, |got| got.push(item));
    }
}

fn pop_if_any(m: &Machine) -> End<String> {
    popped(m, |t, state| {
        if t.on(&state.0, |items| !items.is_empty()) {
            pop(t, state, Some("IndexError"));
        }
        Ok(())
    })
}

fn pop_tried(m: &Machine) -> End<String> {
    popped(m, |t, state| {
        pop(t, state, None);
        Ok(())
    })
}

/// The balance, and how often it was paid out.
type Account = (Object<i64>, Object<i64>);

fn pay(t: &Thread<'_>, (balance, paid): &Account) {
    if t.get(balance) >= 100 {
        let old = t.get(balance);
        t.set(balance, old - 100);
        count(t, paid);
    }
}

fn withdraw(m: &Machine) -> End<String> {
    let state = (m.object(100), m.object(0));
    m.twice(&state, |t, state| {
        pay(t, state);
        Ok(())
    })?;
    returned((state.0.at_end(), state.1.at_end()))
}

fn withdraw_locked(m: &Machine) -> End<String> {
    let state = ((m.object(100), m.object(0)), m.lock());
    let body: Body<(Account, Lock)> = |t, (account, lock)| t.with(lock, || pay(t, account));
    m.twice(&state, body)?;
    returned((state.0.0.at_end(), state.0.1.at_end()))
}

/// A dict with one key or none, and what was seen.
type Dict = (Object<Option<i64>>, Object<Option<Result<i64, &'static str>>>);

fn looked(m: &Machine, look: Body<Dict>) -> End<String> {
    let state = (m.object(Some(1)), m.object(None));
    let drop: Body<Dict> = |t, (d, _)| {
        t.set(d, None);
        Ok(())
    };
    m.run(&state, [look, drop])?;
    returned(state.1.at_end().expect("something was seen"))
}

fn key_gone(m: &Machine) -> End<String> {
    looked(m, |t, (d, seen)| {
        let found =
            if t.on(d, |d| d.is_some()) { t.get(d).ok_or("KeyError") } else { Err("nothing") };
        t.set(seen, Some(found));
        Ok(())
    })
}

fn key_fetched_at_once(m: &Machine) -> End<String> {
    looked(m, |t, (d, seen)| {
        let found = t.get(d).ok_or("nothing");
        t.switch_point();
        t.set(seen, Some(found));
        Ok(())
    })
}

/// The job, who won it, and who failed.
type Jobs = (Object<bool>, Object<i64>, Object<i64>);

fn won_and_failed(m: &Machine, body: Body<Jobs>) -> End<String> {
    let state = (m.object(true), m.object(0), m.object(0));
    m.twice(&state, body)?;
    returned((state.1.at_end(), state.2.at_end()))
}

fn claimed(m: &Machine) -> End<String> {
    won_and_failed(m, |t, (job, won, failed)| {
        if t.get(job) {
            let had = t.on(job, |job| std::mem::replace(job, false));
            count(t, if had { won } else { failed });
        }
        Ok(())
    })
}

fn claimed_by_pop(m: &Machine) -> End<String> {
    won_and_failed(m, |t, (job, won, _)| {
        let had = t.on(job, |job| std::mem::replace(job, false));
        t.switch_point();
        if had {
            count(t, won);
        }
        Ok(())
    })
}

/// Whose request it is, and whether both were right.
fn context(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(true));
    m.twice(&state, |t, (user, right): &(Object<usize>, Object<bool>)| {
        t.switch_point();
        t.set(user, t.number + 1);
        // The entry of `handle`.
        t.switch_point();
        let same = t.get(user) == t.number + 1;
        t.on(right, |right| *right &= same);
        Ok(())
    })?;
    returned(state.1.at_end())
}

/// Whether the module is in the table, whether it has its value, and what was seen.
type Modules = (Object<bool>, Object<bool>, Object<Option<Result<i64, &'static str>>>);

fn used(m: &Machine, load: Body<Modules>) -> End<String> {
    let state = (m.object(false), m.object(false), m.object(None));
    let using: Body<Modules> = |t, (there, value, seen)| {
        let there = t.get(there);
        // `get` is a call.
        t.switch_point();
        let found = match there {
            false => Err("nothing"),
            true if t.get(value) => Ok(1),
            true => Err("AttributeError"),
        };
        t.set(seen, Some(found));
        Ok(())
    };
    m.run(&state, [load, using])?;
    returned(state.2.at_end().expect("something was seen"))
}

fn module_too_early(m: &Machine) -> End<String> {
    used(m, |t, (there, value, _)| {
        t.switch_point();
        t.set(there, true);
        t.set(value, true);
        Ok(())
    })
}

fn module_complete(m: &Machine) -> End<String> {
    used(m, |t, (there, value, _)| {
        t.switch_point();
        t.set(value, true);
        t.set(there, true);
        Ok(())
    })
}

/// `ModuleType` is called between the look and the store.
fn loaded_twice(m: &Machine) -> End<String> {
    lazy_singleton(m)
}

fn loaded_once(m: &Machine) -> End<String> {
    let state = (made(m), m.rlock());
    let body: Body<(Made, Lock)> = |t, ((there, loaded), lock)| {
        t.with(lock, || {
            if !t.get(there) {
                count(t, loaded);
                t.switch_point();
                t.set(there, true);
            }
        })
    };
    m.twice(&state, body)?;
    returned(state.0.1.at_end())
}
