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
fn dies_elsewhere(m: &Machine) -> End<String> {
    let state = referred(m);
    m.run(
        &state,
        [
            |t, (variable, references, died): &Referred| {
                let mine = t.on(variable, |there| {
                    if *there {
                        references.change_with(|count| *count += 1);
                    }
                    *there
                });
                t.switch_point();
                if mine && release(t, references) {
                    t.set(died, "holder");
                }
                Ok(())
            },
            |t, (variable, references, died)| {
                t.set(variable, false);
                if release(t, references) {
                    t.set(died, "dropper");
                }
                Ok(())
            },
        ],
    )?;
    returned(state.2.at_end())
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
