//! `tests/litmus/publication.py`.

use super::kernel::{Lock, Waitable};
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::returned;
use super::programs;

programs![
    ready_before_data,
    data_before_ready,
    wait_for_ready,
    wait_for_data,
    list_too_early,
    list_complete,
    torn_pair,
    whole_pair,
    swap_seen,
    swap_seen_under_a_lock,
    swaps,
    swaps_locked,
    stored_behind_the_lock,
    stored_in_the_lock,
];

/// Two variables, and what was seen of them.
type Pair = (Object<i64>, Object<i64>, Object<(i64, i64)>);

const NOTHING: (i64, i64) = (-1, -1);

fn pair(m: &Machine, a: i64, b: i64) -> Pair {
    (m.object(a), m.object(b), m.object(NOTHING))
}

fn store_both(t: &Thread<'_>, (a, b, _): &Pair) -> End {
    t.set(a, 1);
    t.set(b, 1);
    Ok(())
}

fn see(t: &Thread<'_>, (a, b, seen): &Pair) -> End {
    let both = (t.get(a), t.get(b));
    t.set(seen, both);
    Ok(())
}

fn swap(t: &Thread<'_>, (a, b, _): &Pair) -> End {
    let (old_b, old_a) = (t.get(b), t.get(a));
    t.set(a, old_b);
    t.set(b, old_a);
    Ok(())
}

/// `ready` is the first, `data` the second.
fn published(m: &Machine, write: Body<Pair>) -> End<String> {
    let state = pair(m, 0, 0);
    let read: Body<Pair> = |t, (ready, data, seen)| {
        if t.get(ready) == 1 {
            let data = t.get(data);
            t.set(seen, (1, data));
        }
        Ok(())
    };
    m.run(&state, [write, read])?;
    returned(match state.2.at_end() {
        NOTHING => Err("nothing"),
        (_, data) => Ok(data),
    })
}

fn ready_before_data(m: &Machine) -> End<String> {
    published(m, store_both)
}

fn data_before_ready(m: &Machine) -> End<String> {
    published(m, |t, (ready, data, _)| {
        t.set(data, 1);
        t.set(ready, 1);
        Ok(())
    })
}

/// A loop until `ready` is one wait for it.
type Awaited = (Waitable<bool>, Object<i64>, Object<i64>);

fn awaited(m: &Machine, write: Body<Awaited>) -> End<String> {
    let state = (m.waitable(false), m.object(0), m.object(0));
    let read: Body<Awaited> = |t, (ready, data, seen)| {
        t.wait(ready, |ready| ready.then_some(()))?;
        let data = t.get(data);
        t.set(seen, data);
        Ok(())
    };
    m.run(&state, [write, read])?;
    returned(state.2.at_end())
}

fn wait_for_ready(m: &Machine) -> End<String> {
    awaited(m, |t, (ready, data, _)| {
        // A store, behind which there is no place to switch.
        t.store_for_waiters(ready, true);
        t.set(data, 1);
        Ok(())
    })
}

fn wait_for_data(m: &Machine) -> End<String> {
    awaited(m, |t, (ready, data, _)| {
        t.set(data, 1);
        t.store_for_waiters(ready, true);
        Ok(())
    })
}

/// The list, which counts as -1 items where there is none, and what was seen of it.
type List = (Object<i64>, Object<i64>);

fn listed(m: &Machine, write: Body<List>) -> End<String> {
    let state = (m.object(-1), m.object(0));
    let read: Body<List> = |t, (xs, seen)| {
        let there = t.get(xs) >= 0;
        let length = if there { t.get(xs) } else { -1 };
        t.set(seen, length);
        Ok(())
    };
    m.run(&state, [write, read])?;
    returned(match state.1.at_end() {
        -1 => Err("nothing"),
        length => Ok(length),
    })
}

fn list_too_early(m: &Machine) -> End<String> {
    listed(m, |t, (xs, _)| {
        t.set(xs, 0);
        t.on(xs, |xs| *xs += 1);
        t.on(xs, |xs| *xs += 1);
        Ok(())
    })
}

fn list_complete(m: &Machine) -> End<String> {
    listed(m, |t, (xs, _)| {
        t.set(xs, 2);
        Ok(())
    })
}

fn seen(m: &Machine, a: i64, b: i64, write: Body<Pair>) -> End<String> {
    let state = pair(m, a, b);
    m.run(&state, [write, see])?;
    returned(state.2.at_end())
}

fn torn_pair(m: &Machine) -> End<String> {
    seen(m, 0, 0, store_both)
}

fn whole_pair(m: &Machine) -> End<String> {
    let state = (m.object((0, 0)), m.object(NOTHING));
    m.run(
        &state,
        [
            |t, (pair, _)| {
                t.set(pair, (1, 1));
                Ok(())
            },
            |t, (pair, seen)| {
                let pair = t.get(pair);
                t.set(seen, pair);
                Ok(())
            },
        ],
    )?;
    returned(state.1.at_end())
}

fn swap_seen(m: &Machine) -> End<String> {
    seen(m, 1, 2, swap)
}

fn swaps(m: &Machine) -> End<String> {
    let state = pair(m, 1, 2);
    m.twice(&state, swap)?;
    returned((state.0.at_end(), state.1.at_end()))
}

/// The same with a lock around one of them.
type Locked = (Pair, Lock);

fn see_locked(t: &Thread<'_>, (pair, lock): &Locked) -> End {
    t.with(lock, || see(t, pair))?
}

fn swap_locked(t: &Thread<'_>, (pair, lock): &Locked) -> End {
    t.with(lock, || swap(t, pair))?
}

fn swap_seen_under_a_lock(m: &Machine) -> End<String> {
    let state = (pair(m, 1, 2), m.lock());
    m.run(&state, [swap_locked, see_locked])?;
    returned(state.0.2.at_end())
}

fn swaps_locked(m: &Machine) -> End<String> {
    let state = (pair(m, 1, 2), m.lock());
    m.twice(&state, swap_locked)?;
    returned((state.0.0.at_end(), state.0.1.at_end()))
}

fn stored_behind_the_lock(m: &Machine) -> End<String> {
    let state = (pair(m, 0, 0), m.lock());
    let write: Body<Locked> = |t, ((a, b, _), lock)| {
        t.with(lock, || t.set(a, 1))?;
        t.set(b, 1);
        Ok(())
    };
    m.run(&state, [write, see_locked])?;
    returned(state.0.2.at_end())
}

fn stored_in_the_lock(m: &Machine) -> End<String> {
    let state = (pair(m, 0, 0), m.lock());
    let write: Body<Locked> = |t, (pair, lock)| t.with(lock, || store_both(t, pair))?;
    m.run(&state, [write, see_locked])?;
    returned(state.0.2.at_end())
}
