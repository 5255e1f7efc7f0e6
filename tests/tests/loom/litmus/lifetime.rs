//! `tests/litmus/lifetime.py`. An object is how many references there are to it: who takes the last away runs
//! its destructor.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![
    weakref_asked_twice,
    weakref_held,
    dies_elsewhere,
    dies_where_it_was_made,
    destructor_takes_lock,
    destructor_takes_rlock,
    destructors,
    destructors_locked,
    shadow,
    shadow_seen_once,
    shadow_by_update,
    counted_in_the_instance,
    counted_in_the_class,
    dies_at_return,
    dies_with_its_container,
    callback_of_weakref,
    weak_get,
    weak_looked_for_first,
    weak_cache,
    weak_cache_locked,
];

/// What a variable refers to, the references there are, and what was seen.
type Referred = (Object<bool>, Object<usize>, Object<&'static str>);

fn referred(m: &Machine) -> Referred {
    (m.object(true), m.object(1), m.object(""))
}

/// Takes a reference away. Whether it was the last.
fn release(t: &Thread<'_>, references: &Object<usize>) -> bool {
    t.on(references, |count| {
        *count -= 1;
        *count == 0
    })
}

/// A weak reference: one more, if there is any.
fn upgrade(t: &Thread<'_>, references: &Object<usize>) -> bool {
    let alive = t.on(references, |count| {
        *count += usize::from(*count > 0);
        *count > 0
    });
    t.switch_point();
    alive
}

fn asked(m: &Machine, look: Body<Referred>) -> End<String> {
    let state = referred(m);
    let drop: Body<Referred> = |t, (_, references, _)| {
        release(t, references);
        Ok(())
    };
    m.run(&state, [drop, look])?;
    returned(state.2.at_end())
}

fn weakref_asked_twice(m: &Machine) -> End<String> {
    asked(m, |t, (_, references, seen)| {
        let what = if !upgrade(t, references) {
            "dead"
        } else {
            release(t, references);
            match upgrade(t, references) {
                true => "alive",
                false => "AttributeError",
            }
        };
        t.set(seen, what);
        Ok(())
    })
}

fn weakref_held(m: &Machine) -> End<String> {
    asked(m, |t, (_, references, seen)| {
        let alive = upgrade(t, references);
        t.set(seen, if alive { "alive" } else { "dead" });
        Ok(())
    })
}

/// To read a variable takes a reference, under the lock of what holds it.
fn take_reference(t: &Thread<'_>, (variable, references, _): &Referred) -> bool {
    t.on(variable, |there| {
        if *there {
            references.change_with(|count| *count += 1);
        }
        *there
    })
}

/// One takes a reference and lets go of it, the other takes the object out of what holds it.
fn held(m: &Machine, hold: Body<Referred>, drop: Body<Referred>) -> End<String> {
    let state = referred(m);
    m.run(&state, [hold, drop])?;
    returned(state.2.at_end())
}

fn let_go(t: &Thread<'_>, (_, references, died): &Referred, name: &'static str) {
    if release(t, references) {
        t.set(died, name);
    }
}

fn store_none(t: &Thread<'_>, state: &Referred) -> End {
    t.set(&state.0, false);
    let_go(t, state, "dropper");
    Ok(())
}

fn dies_elsewhere(m: &Machine) -> End<String> {
    let hold: Body<Referred> = |t, state| {
        let mine = take_reference(t, state);
        t.switch_point();
        if mine {
            let_go(t, state, "holder");
        }
        Ok(())
    };
    held(m, hold, store_none)
}

/// What a variable of a function refers to is let go of behind its last instruction.
/// Has a reference while it does something, if there still is one.
fn hold(t: &Thread<'_>, state: &Referred) -> End {
    let mine = take_reference(t, state);
    t.switch_point();
    t.switch_point();
    if mine {
        let_go(t, state, "holder");
    }
    Ok(())
}

fn dies_at_return(m: &Machine) -> End<String> {
    let call: Body<Referred> = |t, state| {
        t.switch_point();
        hold(t, state)
    };
    held(m, call, store_none)
}

/// `get` and `clear` are calls.
fn dies_with_its_container(m: &Machine) -> End<String> {
    held(m, hold, |t, state| {
        if t.on(&state.0, |there| std::mem::replace(there, false)) {
            let_go(t, state, "dropper");
        }
        t.switch_point();
        Ok(())
    })
}

/// The object's references, and what happened in which order.
type Told = (Object<usize>, Object<Vec<&'static str>>);

fn callback_of_weakref(m: &Machine) -> End<String> {
    let state = (m.object(1), m.object(Vec::new()));
    let drop: Body<Told> = |t, (references, seen)| {
        if release(t, references) {
            t.switch_point();
            t.on(seen, |seen| seen.push("called"));
        }
        t.on(seen, |seen| seen.push("dropped"));
        Ok(())
    };
    let other: Body<Told> = |t, _| {
        t.switch_point();
        Ok(())
    };
    m.run(&state, [drop, other])?;
    returned(state.1.at_end())
}

/// What a weak dictionary gives is a weak reference that was asked.
fn weak_get(m: &Machine) -> End<String> {
    asked(m, |t, (_, references, seen)| {
        let alive = upgrade(t, references);
        t.set(seen, if alive { "found" } else { "none" });
        Ok(())
    })
}

fn weak_looked_for_first(m: &Machine) -> End<String> {
    asked(m, |t, (_, references, seen)| {
        let is_in = t.on(references, |count| *count > 0);
        t.switch_point();
        let what = match is_in.then(|| upgrade(t, references)) {
            None => "none",
            Some(false) => "KeyError",
            Some(true) => "found",
        };
        t.set(seen, what);
        Ok(())
    })
}

/// The number of the node that a key has, a lock, and the nodes that were got. All of them are kept.
type Cache = (Object<Option<usize>>, Lock, Object<Vec<usize>>);

fn look_up(t: &Thread<'_>, (cache, ..): &Cache) -> usize {
    let found = t.get(cache);
    t.switch_point();
    found.unwrap_or_else(|| {
        t.switch_point();
        t.set(cache, Some(t.number));
        t.number
    })
}

fn cached(m: &Machine, body: Body<Cache>) -> End<String> {
    let state = (m.object(None), m.lock(), m.object(Vec::new()));
    m.twice(&state, body)?;
    let mut nodes = state.2.at_end();
    nodes.dedup();
    returned(nodes.len() as i64)
}

fn weak_cache(m: &Machine) -> End<String> {
    cached(m, |t, state| {
        let node = look_up(t, state);
        t.on(&state.2, |seen| seen.push(node));
        Ok(())
    })
}

fn weak_cache_locked(m: &Machine) -> End<String> {
    cached(m, |t, state| {
        let node = t.with(&state.1, || look_up(t, state))?;
        t.on(&state.2, |seen| seen.push(node));
        Ok(())
    })
}

fn counted_in_the_class(m: &Machine) -> End<String> {
    let state = (m.object(0), m.lock());
    m.twice(&state, |t, (n, lock): &(Object<i64>, Lock)| {
        t.with(lock, || {
            let old = t.get(n);
            t.set(n, old + 1);
        })
    })?;
    // Neither instance has one of its own.
    let n = state.0.at_end();
    returned((n, n, n))
}

fn dies_where_it_was_made(m: &Machine) -> End<String> {
    let state = referred(m);
    m.run(
        &state,
        [
            |t, (_, references, died): &Referred| {
                t.switch_point();
                if release(t, references) {
                    t.set(died, "owner");
                }
                Ok(())
            },
            |t, _| {
                t.switch_point();
                Ok(())
            },
        ],
    )?;
    returned(state.2.at_end())
}

/// Each drops an object of its own under the lock that the destructor takes.
fn dropped_under(m: &Machine, lock: Lock) -> End<String> {
    let state = (m.object(0), lock);
    m.twice(&state, |t, (dead, lock): &(Object<i64>, Lock)| {
        t.acquire(lock)?;
        t.switch_point();
        t.acquire(lock)?;
        t.on(dead, |dead| *dead += 1);
        t.release(lock);
        t.release(lock);
        Ok(())
    })?;
    returned(state.0.at_end())
}

fn destructor_takes_lock(m: &Machine) -> End<String> {
    dropped_under(m, m.lock())
}

fn destructor_takes_rlock(m: &Machine) -> End<String> {
    dropped_under(m, m.rlock())
}

fn take_one(t: &Thread<'_>, alive: &Object<i64>) -> End {
    t.switch_point();
    let old = t.get(alive);
    t.set(alive, old - 1);
    Ok(())
}

fn destructors(m: &Machine) -> End<String> {
    let alive = m.object(2);
    m.twice(&alive, take_one)?;
    returned(alive.at_end())
}

fn destructors_locked(m: &Machine) -> End<String> {
    let state = (m.object(2), m.rlock());
    let body: Body<(Object<i64>, Lock)> = |t, (alive, lock)| t.with(lock, || take_one(t, alive))?;
    m.twice(&state, body)?;
    returned(state.0.at_end())
}

/// The value of an instance, if it has one, that of its class, and what was seen.
type Settings = (Object<Option<i64>>, Object<i64>, Object<(i64, i64)>);

fn settings(m: &Machine) -> Settings {
    (m.object(None), m.object(0), m.object((0, 0)))
}

fn level(t: &Thread<'_>, (own, class, _): &Settings) -> i64 {
    match t.get(own) {
        Some(level) => level,
        None => t.get(class),
    }
}

fn seen(m: &Machine, look: Body<Settings>) -> End<String> {
    let state = settings(m);
    let shadow: Body<Settings> = |t, (own, ..)| {
        t.set(own, Some(1));
        Ok(())
    };
    m.run(&state, [shadow, look])?;
    returned(state.2.at_end())
}

fn shadow(m: &Machine) -> End<String> {
    seen(m, |t, state| {
        let both = (level(t, state), level(t, state));
        t.set(&state.2, both);
        Ok(())
    })
}

fn shadow_seen_once(m: &Machine) -> End<String> {
    seen(m, |t, state| {
        let level = level(t, state);
        t.set(&state.2, (level, level));
        Ok(())
    })
}

fn shadow_by_update(m: &Machine) -> End<String> {
    let state = settings(m);
    m.run(
        &state,
        [
            |t, state: &Settings| {
                let old = level(t, state);
                t.set(&state.0, Some(old + 1));
                Ok(())
            },
            |t, (_, class, _)| {
                t.set(class, 5);
                Ok(())
            },
        ],
    )?;
    returned((state.0.at_end().unwrap_or_default(), state.1.at_end()))
}

/// Each thread has an instance of its own.
fn counted_in_the_instance(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(0), m.object(0));
    m.twice(&state, |t, (a, b, class): &(Object<i64>, Object<i64>, Object<i64>)| {
        let old = t.get(class);
        t.set(if t.number == 0 { a } else { b }, old + 1);
        Ok(())
    })?;
    returned((state.0.at_end(), state.1.at_end(), state.2.at_end()))
}
