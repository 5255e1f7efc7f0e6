//! `tests/litmus/lost_updates.py` and `memory.py`.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{returned, sorted};
use super::programs;

programs![
    global,
    attribute,
    dict_item,
    list_item,
    closure,
    class_attribute,
    global_locked,
    attribute_locked,
    dict_item_locked,
    list_item_locked,
    closure_locked,
    class_attribute_locked,
    call_between,
    len_between,
    loop_between,
    histogram,
    list_replaced,
    list_extended_in_place,
    tuple_extended,
    taken,
    taken_locked,
    numbers,
    numbers_of_a_count,
    dekker,
    load_buffering,
    load_buffering_locked,
    read_twice,
    read_once,
];

/// `n += 1`: a read and a write, whatever kind of variable it is.
fn add(t: &Thread<'_>, n: &Object<i64>) -> End {
    let old = t.get(n);
    t.set(n, old + 1);
    Ok(())
}

fn added(m: &Machine, body: Body<Object<i64>>) -> End<String> {
    let n = m.object(0);
    m.twice(&n, body)?;
    returned(n.at_end())
}

fn added_under_a_lock(m: &Machine) -> End<String> {
    let state = (m.object(0), m.lock());
    let body: Body<(Object<i64>, Lock)> = |t, (n, lock)| t.with(lock, || add(t, n))?;
    m.twice(&state, body)?;
    returned(state.0.at_end())
}

fn global(m: &Machine) -> End<String> {
    added(m, add)
}

fn attribute(m: &Machine) -> End<String> {
    added(m, add)
}

fn dict_item(m: &Machine) -> End<String> {
    added(m, add)
}

fn list_item(m: &Machine) -> End<String> {
    added(m, add)
}

fn closure(m: &Machine) -> End<String> {
    added(m, add)
}

fn class_attribute(m: &Machine) -> End<String> {
    added(m, add)
}

fn global_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn attribute_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn dict_item_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn list_item_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn closure_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn class_attribute_locked(m: &Machine) -> End<String> {
    added_under_a_lock(m)
}

fn call_between(m: &Machine) -> End<String> {
    added(m, |t, n| {
        let old = t.get(n);
        t.switch_point();
        t.set(n, old + 1);
        Ok(())
    })
}

/// `len` is called without a look at who wants the GIL.
fn len_between(m: &Machine) -> End<String> {
    added(m, add)
}

fn loop_between(m: &Machine) -> End<String> {
    call_between(m)
}

/// `get` is a call.
fn histogram(m: &Machine) -> End<String> {
    call_between(m)
}

/// A new list of what was read, and one more.
fn list_replaced(m: &Machine) -> End<String> {
    let xs = m.object(Vec::new());
    m.twice(&xs, |t, xs: &Object<Vec<i64>>| {
        let mut mine = t.get(xs);
        mine.push(1);
        t.set(xs, mine);
        Ok(())
    })?;
    returned(xs.at_end().len() as i64)
}

/// Both store the list that they have read, and which there is only one of.
fn list_extended_in_place(m: &Machine) -> End<String> {
    let xs = m.object(Vec::new());
    m.twice(&xs, |t, xs: &Object<Vec<i64>>| {
        t.on(xs, |xs| xs.push(1));
        Ok(())
    })?;
    returned(xs.at_end().len() as i64)
}

fn tuple_extended(m: &Machine) -> End<String> {
    list_replaced(m)
}

type Taken = (Object<i64>, Object<i64>);

fn take(t: &Thread<'_>, (n, taken): &Taken) -> End {
    let all = t.get(n);
    t.set(taken, all);
    t.set(n, 0);
    Ok(())
}

fn taken(m: &Machine) -> End<String> {
    let state = (m.object(1), m.object(0));
    m.run(&state, [|t, (n, _)| add(t, n), take])?;
    returned(state.0.at_end() + state.1.at_end())
}

fn taken_locked(m: &Machine) -> End<String> {
    let state = ((m.object(1), m.object(0)), m.lock());
    m.run(
        &state,
        [
            |t, (n, lock)| t.with(lock, || add(t, &n.0))?,
            |t, (n, lock)| t.with(lock, || take(t, n))?,
        ],
    )?;
    returned(state.0.0.at_end() + state.0.1.at_end())
}

fn numbers(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(Vec::new()));
    m.twice(&state, |t, (n, seen): &(Object<i64>, Object<Vec<i64>>)| {
        add(t, n)?;
        let number = t.get(n);
        t.on(seen, |seen| seen.push(number));
        Ok(())
    })?;
    returned(sorted(state.1.at_end()))
}

/// `next` of a count is one step.
fn numbers_of_a_count(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(Vec::new()));
    m.twice(&state, |t, (n, seen): &(Object<i64>, Object<Vec<i64>>)| {
        let number = t.on(n, |n| {
            *n += 1;
            *n
        });
        t.switch_point();
        t.on(seen, |seen| seen.push(number));
        Ok(())
    })?;
    returned(sorted(state.1.at_end()))
}

/// x, y, and what was seen of them.
type Memory = [Object<i64>; 4];

fn memory(m: &Machine) -> Memory {
    [m.object(0), m.object(0), m.object(0), m.object(0)]
}

fn seen([.., x, y]: &Memory) -> End<String> {
    returned((x.at_end(), y.at_end()))
}

fn dekker(m: &Machine) -> End<String> {
    let state = memory(m);
    m.run(
        &state,
        [
            |t, [x, y, _, seen_y]| {
                t.set(x, 1);
                let value = t.get(y);
                t.set(seen_y, value);
                Ok(())
            },
            |t, [x, y, seen_x, _]| {
                t.set(y, 1);
                let value = t.get(x);
                t.set(seen_x, value);
                Ok(())
            },
        ],
    )?;
    seen(&state)
}

fn load_left(t: &Thread<'_>, [x, y, seen_x, _]: &Memory) -> End {
    let value = t.get(x);
    t.set(seen_x, value);
    t.set(y, 1);
    Ok(())
}

fn load_right(t: &Thread<'_>, [x, y, _, seen_y]: &Memory) -> End {
    let value = t.get(y);
    t.set(seen_y, value);
    t.set(x, 1);
    Ok(())
}

fn load_buffering(m: &Machine) -> End<String> {
    let state = memory(m);
    m.run(&state, [load_left, load_right])?;
    seen(&state)
}

fn load_buffering_locked(m: &Machine) -> End<String> {
    let state = (memory(m), m.lock());
    m.run(
        &state,
        [
            |t, (memory, lock)| t.with(lock, || load_left(t, memory))?,
            |t, (memory, lock)| t.with(lock, || load_right(t, memory))?,
        ],
    )?;
    seen(&state.0)
}

fn read_twice(m: &Machine) -> End<String> {
    let state = memory(m);
    m.run(
        &state,
        [
            |t, [x, ..]| {
                t.set(x, 1);
                Ok(())
            },
            |t, [x, _, first, second]| {
                let one = t.get(x);
                let two = t.get(x);
                t.set(first, one);
                t.set(second, two);
                Ok(())
            },
        ],
    )?;
    seen(&state)
}

fn read_once(m: &Machine) -> End<String> {
    let state = memory(m);
    m.run(
        &state,
        [
            |t, [x, ..]| {
                t.set(x, 1);
                Ok(())
            },
            |t, [x, _, first, second]| {
                let one = t.get(x);
                t.set(first, one);
                t.set(second, one);
                Ok(())
            },
        ],
    )?;
    seen(&state)
}
