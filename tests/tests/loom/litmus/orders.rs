//! `tests/litmus/containers.py` and `generators.py`: in which order things are put in, and got out.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{Repr, returned, sorted};
use super::programs;

programs![
    dict_order_of_keys,
    dict_values_changed,
    list_copied,
    list_shortened,
    sorted_copy,
    loops_over_one_iterator,
    next_of_counter,
    behind_yield_locked,
    index_by_python,
    index_locked,
    sort_by_key,
];

type List = Object<Vec<i64>>;

/// A container, and what one of two threads has seen of it.
type Seen = (List, List);

fn seen(m: &Machine, items: &[i64], read: Body<Seen>, write: Body<Seen>) -> End<String> {
    let state = (m.object(items.to_vec()), m.object(Vec::new()));
    m.run(&state, [read, write])?;
    returned(state.1.at_end())
}

fn dict_order_of_keys(m: &Machine) -> End<String> {
    let keys = m.object(String::new());
    m.twice(&keys, |t, keys| {
        let key = ["a", "b"][t.number];
        t.on(keys, |keys| keys.push_str(key));
        Ok(())
    })?;
    returned(keys.at_end())
}

fn dict_values_changed(m: &Machine) -> End<String> {
    let read: Body<Seen> = |t, (values, seen)| {
        for place in 0..2 {
            let value = t.on(values, |values| values[place]);
            t.switch_point();
            t.on(seen, |seen| seen.push(value));
        }
        Ok(())
    };
    seen(m, &[1, 2], read, |t, (values, _)| {
        t.on(values, |values| values[1] = 3);
        Ok(())
    })
}

/// `xs.pop(0)`.
fn take_first(t: &Thread<'_>, (xs, _): &Seen) -> End {
    t.on(xs, |xs| xs.remove(0));
    Ok(())
}

/// `for x in xs.copy()`: what was copied nobody changes.
fn list_copied(m: &Machine) -> End<String> {
    let read: Body<Seen> = |t, (xs, seen)| {
        let copy = t.get(xs);
        t.switch_point();
        t.on(seen, |seen| seen.extend(copy));
        Ok(())
    };
    seen(m, &[1, 2, 3], read, take_first)
}

/// `for x in xs`: by place.
fn list_shortened(m: &Machine) -> End<String> {
    let read: Body<Seen> = |t, (xs, seen)| {
        let mut place = 0;
        while let Some(x) = t.on(xs, |xs| xs.get(place).copied()) {
            t.on(seen, |seen| seen.push(x));
            t.switch_point();
            place += 1;
        }
        Ok(())
    };
    seen(m, &[1, 2, 3], read, take_first)
}

/// `sorted(xs, key=key)`: the items are taken at once, and `key` is called for each.
fn sorted_copy(m: &Machine) -> End<String> {
    let read: Body<Seen> = |t, (xs, seen)| {
        let copy = t.get(xs);
        for _ in &copy {
            t.switch_point();
        }
        t.on(seen, |seen| seen.extend(sorted(copy)));
        Ok(())
    };
    seen(m, &[3, 1, 2], read, |t, (xs, _)| {
        t.on(xs, |xs| xs.push(0));
        Ok(())
    })
}

/// The place of the iterator of `[1, 2]` is the first.
fn loops_over_one_iterator(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(Vec::new()));
    let take: Body<(Object<i64>, List)> = |t, (place, got)| {
        let next = |place: &mut i64| {
            *place += 1;
            (*place <= 2).then_some(*place)
        };
        while let Some(item) = t.on(place, next) {
            t.on(got, |got| got.push(item));
            t.switch_point();
        }
        Ok(())
    };
    m.twice(&state, take)?;
    returned(sorted(state.1.at_end()))
}

/// Whether the generator runs, the attribute that it counts in, and what was got.
type Counter = (Object<bool>, Object<i64>, Object<Vec<String>>);

fn next_of_counter(m: &Machine) -> End<String> {
    let state = (m.object(false), m.object(0), m.object(Vec::new()));
    let take: Body<Counter> = |t, (runs, n, got)| {
        let value = if t.on(runs, |runs| std::mem::replace(runs, true)) {
            "ValueError".repr()
        } else {
            t.switch_point();
            let old = t.get(n);
            t.set(n, old + 1);
            let value = t.get(n).repr();
            t.set(runs, false);
            value
        };
        t.switch_point();
        t.on(got, |got| got.push(value));
        Ok(())
    };
    m.twice(&state, take)?;
    let mut got = state.2.at_end();
    got.sort_by_key(|value| value.trim_matches('\'').to_owned());
    Ok(format!("({})", got.join(", ")))
}

/// What the generator stores was read before it goes on behind its `yield`.
fn behind_yield_locked(m: &Machine) -> End<String> {
    let state = (m.object(0), m.lock());
    let add: Body<(Object<i64>, Lock)> = |t, (n, lock)| {
        t.with(lock, || {
            let read = t.get(n);
            if t.number == 0 {
                t.switch_point();
            }
            t.set(n, read + 1);
        })
    };
    m.twice(&state, add)?;
    returned(state.0.at_end())
}

/// What is no number here: comparing with it is a function in Python.
const UNLIKE: i64 = -1;

/// A list, what `xs.index(5)` came to, and a lock.
type Index = (List, Object<Result<i64, &'static str>>, Lock);

/// Item by item.
fn index(t: &Thread<'_>, (xs, seen, _): &Index) {
    let mut place = 0;
    let found = loop {
        match t.on(xs, |xs| xs.get(place).copied()) {
            None => break Err("ValueError"),
            Some(UNLIKE) => t.switch_point(),
            Some(_) => break Ok(place as i64),
        }
        place += 1;
    };
    t.switch_point();
    t.set(seen, found);
}

fn pop_first(t: &Thread<'_>, xs: &List) {
    t.on(xs, |xs| xs.remove(0));
    t.switch_point();
}

fn indexed(m: &Machine, bodies: [Body<Index>; 2]) -> End<String> {
    let state = (m.object(vec![UNLIKE, 5]), m.object(Err("nothing")), m.lock());
    m.run(&state, bodies)?;
    returned(state.1.at_end())
}

fn index_by_python(m: &Machine) -> End<String> {
    let look: Body<Index> = |t, state| {
        index(t, state);
        Ok(())
    };
    let pop: Body<Index> = |t, (xs, ..)| {
        pop_first(t, xs);
        Ok(())
    };
    indexed(m, [look, pop])
}

fn index_locked(m: &Machine) -> End<String> {
    let look: Body<Index> = |t, state| t.with(&state.2, || index(t, state));
    let pop: Body<Index> = |t, (xs, _, lock)| t.with(lock, || pop_first(t, xs));
    indexed(m, [look, pop])
}

/// The list is empty while its items are sorted, and must be so when they come back.
fn sort_by_key(m: &Machine) -> End<String> {
    let state = (m.object(vec![3, 1, 2]), m.object(false));
    let sort: Body<(List, Object<bool>)> = |t, (xs, failed)| {
        let items = t.on(xs, std::mem::take);
        for _ in &items {
            t.switch_point();
        }
        let changed = t.on(xs, |xs| {
            let changed = !xs.is_empty();
            *xs = sorted(items);
            changed
        });
        t.set(failed, changed);
        Ok(())
    };
    let append: Body<(List, Object<bool>)> = |t, (xs, _)| {
        t.on(xs, |xs| xs.push(0));
        Ok(())
    };
    m.run(&state, [sort, append])?;
    returned(match state.1.at_end() {
        true => Err("ValueError"),
        false => Ok(state.0.at_end()),
    })
}
