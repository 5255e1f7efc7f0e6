//! `tests/litmus/memory.py`, `imports.py` and what of others is about which store is seen.

use super::conditions::meet;
use super::kernel::{Lock, Waitable};
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![
    dekker_barrier,
    independent_reads,
    stored_before_the_start,
    stored_behind_the_start,
    context_of_thread,
    import,
];

/// Two variables, what each thread has seen of the other's, and a barrier.
type Dekker = ([Object<i64>; 2], [Object<i64>; 2], Waitable<i64>);

fn dekker_barrier(m: &Machine) -> End<String> {
    let two = || [m.object(0), m.object(0)];
    let state = (two(), two(), m.waitable(0));
    let body: Body<Dekker> = |t, (stored, seen, barrier)| {
        t.set(&stored[t.number], 1);
        meet(t, barrier)?;
        let other = t.get(&stored[1 - t.number]);
        t.set(&seen[t.number], other);
        Ok(())
    };
    m.twice(&state, body)?;
    returned((state.1[1].at_end(), state.1[0].at_end()))
}

/// Two variables, and what each of two readers has seen: in its order.
type Readers = ([Object<i64>; 2], [Object<(i64, i64)>; 2]);

fn read(t: &Thread<'_>, (stored, seen): &Readers, first: usize) -> End {
    let both = (t.get(&stored[first]), t.get(&stored[1 - first]));
    t.set(&seen[first], both);
    Ok(())
}

fn write((stored, _): &Readers, t: &Thread<'_>) -> End {
    t.set(&stored[t.number], 1);
    Ok(())
}

fn independent_reads(m: &Machine) -> End<String> {
    let state = ([m.object(0), m.object(0)], [m.object((-1, -1)), m.object((-1, -1))]);
    m.run(
        &state,
        [
            |t, state| write(state, t),
            |t, state| write(state, t),
            |t, state: &Readers| read(t, state, 0),
            |t, state| read(t, state, 1),
        ],
    )?;
    let ((a, b), (c, d)) = (state.1[0].at_end(), state.1[1].at_end());
    returned(vec![a, b, c, d])
}

/// A variable, and what was seen of it.
type Start = (Object<i64>, Object<i64>);

fn see(t: &Thread<'_>, (x, seen): &Start) -> End {
    let found = t.get(x);
    t.switch_point();
    t.set(seen, found);
    Ok(())
}

/// There is one thread until the store is done.
fn stored_before_the_start(m: &Machine) -> End<String> {
    let state = (m.object(1), m.object(-1));
    m.run(&state, [see])?;
    returned(state.1.at_end())
}

fn stored_behind_the_start(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(-1));
    let store: Body<Start> = |t, (x, _)| {
        t.switch_point();
        t.set(x, 1);
        Ok(())
    };
    m.run(&state, [store, see])?;
    returned(state.1.at_end())
}

/// What a thread has in a `threading.local` is its own variable.
fn context_of_thread(m: &Machine) -> End<String> {
    let right = m.object(true);
    m.twice(&right, |t, right| {
        let user = ["a", "b"][t.number];
        let local = user;
        t.switch_point();
        t.on(right, |right| *right &= local == user);
        Ok(())
    })?;
    returned(right.at_end())
}

/// A module, the lock of its import, and the values seen in it.
type Module = (Object<Option<i64>>, Lock, Object<Vec<i64>>);

fn import(m: &Machine) -> End<String> {
    let state = (m.object(None), m.lock(), m.object(Vec::new()));
    let load: Body<Module> = |t, (module, lock, seen)| {
        t.with(lock, || {
            if t.get(module).is_none() {
                t.set(module, Some(1));
            }
        })?;
        let value = t.get(module).unwrap_or(-1);
        t.on(seen, |seen| seen.push(value));
        Ok(())
    };
    m.twice(&state, load)?;
    let mut seen = state.2.at_end();
    seen.dedup();
    returned(seen.len() as i64)
}
