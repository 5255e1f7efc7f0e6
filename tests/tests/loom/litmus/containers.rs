//! `tests/litmus/containers.py` and `generators.py`.

use super::kernel::Lock;
use super::machine::{Body, End, Machine, Object, Thread};
use super::outcome::{returned, sorted};
use super::programs;

programs![
    append,
    appended_one_by_one,
    extended_at_once,
    two_appended,
    two_extended,
    two_extended_in_deque,
    two_appended_to_deque,
    dict_resized,
    keys_copied,
    list_lengthened,
    last_by_length,
    last_by_negative_index,
    aba,
    aba_locked,
    next,
    next_locked,
    behind_yield,
    iterator_in_python,
    iterator_locked,
    list_iterator,
];

type List = Object<Vec<i64>>;

fn append(m: &Machine) -> End<String> {
    let xs = m.object(Vec::new());
    m.twice(&xs, |t, xs: &Object<Vec<&str>>| {
        let name = ["a", "b"][t.number];
        t.on(xs, |xs| xs.push(name));
        Ok(())
    })?;
    returned(xs.at_end())
}

fn add_each(t: &Thread<'_>, xs: &List, items: [i64; 2]) -> End {
    for item in items {
        t.on(xs, |xs| xs.push(item));
        t.switch_point();
    }
    Ok(())
}

fn appended_one_by_one(m: &Machine) -> End<String> {
    let xs = m.object(Vec::new());
    m.run(&xs, [|t, xs| add_each(t, xs, [1, 2]), |t, xs| add_each(t, xs, [3, 4])])?;
    returned(xs.at_end())
}

fn extended_at_once(m: &Machine) -> End<String> {
    let xs = m.object(Vec::new());
    let extend: Body<List> = |t, xs| {
        let items = if t.number == 0 { [1, 2] } else { [3, 4] };
        t.on(xs, |xs| xs.extend(items));
        Ok(())
    };
    m.twice(&xs, extend)?;
    returned(xs.at_end())
}

/// A list, and its length as somebody sees it.
fn length_seen(m: &Machine, write: Body<(List, Object<i64>)>) -> End<String> {
    let state = (m.object(Vec::new()), m.object(0));
    let look: Body<(List, Object<i64>)> = |t, (xs, seen)| {
        let length = t.on(xs, |xs| xs.len());
        t.set(seen, length as i64);
        Ok(())
    };
    m.run(&state, [write, look])?;
    returned(state.1.at_end())
}

fn two_appended(m: &Machine) -> End<String> {
    length_seen(m, |t, (xs, _)| {
        t.on(xs, |xs| xs.push(1));
        t.on(xs, |xs| xs.push(2));
        Ok(())
    })
}

fn extended(m: &Machine) -> End<String> {
    length_seen(m, |t, (xs, _)| {
        t.on(xs, |xs| xs.extend([1, 2]));
        Ok(())
    })
}

fn two_extended(m: &Machine) -> End<String> {
    extended(m)
}

fn two_extended_in_deque(m: &Machine) -> End<String> {
    extended(m)
}

fn two_appended_to_deque(m: &Machine) -> End<String> {
    length_seen(m, |t, (xs, _)| {
        t.on(xs, |xs| xs.push(1));
        t.switch_point();
        t.on(xs, |xs| xs.push(2));
        t.switch_point();
        Ok(())
    })
}

/// How many keys there are, and what a loop has seen of them.
type Keys = (Object<i64>, Object<Option<Result<i64, &'static str>>>);

fn keys_seen(m: &Machine, read: Body<Keys>) -> End<String> {
    let state = (m.object(2), m.object(None));
    let write: Body<Keys> = |t, (d, _)| {
        t.set(d, 3);
        Ok(())
    };
    m.run(&state, [read, write])?;
    returned(state.1.at_end().expect("the loop has ended"))
}

/// Each turn, and the end, finds as many keys as the iterator was made for.
fn dict_resized(m: &Machine) -> End<String> {
    keys_seen(m, |t, (d, seen)| {
        let expected = t.get(d);
        let mut n = 0;
        let end = loop {
            if t.get(d) != expected {
                break Err("RuntimeError");
            }
            if n == expected {
                break Ok(n);
            }
            n += 1;
            t.switch_point();
        };
        t.set(seen, Some(end));
        Ok(())
    })
}

fn keys_copied(m: &Machine) -> End<String> {
    keys_seen(m, |t, (d, seen)| {
        let copied = t.get(d);
        for _ in 0..copied {
            t.switch_point();
        }
        t.set(seen, Some(Ok(copied)));
        Ok(())
    })
}

fn list_lengthened(m: &Machine) -> End<String> {
    let state = (m.object(2), m.object(0));
    m.run(
        &state,
        [
            |t, (length, seen): &(Object<i64>, Object<i64>)| {
                let mut n = 0;
                while n < t.get(length) {
                    n += 1;
                    t.switch_point();
                }
                t.set(seen, n);
                Ok(())
            },
            |t, (length, _)| {
                t.on(length, |length| *length += 1);
                Ok(())
            },
        ],
    )?;
    returned(state.1.at_end())
}

/// A list, and its last item as somebody sees it.
type Last = (List, Object<Option<Result<i64, &'static str>>>);

fn last_seen(m: &Machine, read: Body<Last>) -> End<String> {
    let state = (m.object(vec![1, 2]), m.object(None));
    let pop: Body<Last> = |t, (xs, _)| {
        t.on(xs, |xs| xs.pop());
        t.switch_point();
        Ok(())
    };
    m.run(&state, [read, pop])?;
    returned(state.1.at_end().expect("something was seen"))
}

fn last_by_length(m: &Machine) -> End<String> {
    last_seen(m, |t, (xs, seen)| {
        // Without a look at who wants the GIL.
        let length = t.on(xs, |xs| xs.len());
        let item = t.on(xs, |xs| xs.get(length - 1).copied().ok_or("IndexError"));
        t.set(seen, Some(item));
        Ok(())
    })
}

fn last_by_negative_index(m: &Machine) -> End<String> {
    last_seen(m, |t, (xs, seen)| {
        let item = t.on(xs, |xs| xs.last().copied().ok_or("IndexError"));
        t.set(seen, Some(item));
        Ok(())
    })
}

/// A stack of nodes 0, 1 and 2: the head, and what lies below each.
#[derive(Clone)]
struct Stack {
    head: Object<Option<usize>>,
    below: [Object<Option<usize>>; 3],
    lock: Lock,
}

impl Stack {
    fn new(m: &Machine) -> Self {
        let below = [m.object(Some(1)), m.object(Some(2)), m.object(None)];
        Self { head: m.object(Some(0)), below, lock: m.lock() }
    }

    /// The entry of a function written in Python.
    fn pop(&self, t: &Thread<'_>) -> usize {
        t.switch_point();
        let node = t.get(&self.head).expect("a node");
        let below = t.get(&self.below[node]);
        t.set(&self.head, below);
        node
    }

    fn push(&self, t: &Thread<'_>, node: usize) {
        t.switch_point();
        let head = t.get(&self.head);
        t.set(&self.below[node], head);
        t.set(&self.head, Some(node));
    }

    fn names(&self) -> String {
        let mut names = String::new();
        let mut node = self.head.at_end();
        while let Some(number) = node {
            names.push(['A', 'B', 'C'][number]);
            node = self.below[number].at_end();
        }
        names
    }
}

fn shuffle(t: &Thread<'_>, stack: &Stack) -> End {
    t.with(&stack.lock, || {
        let top = stack.pop(t);
        stack.pop(t);
        stack.push(t, top);
    })
}

fn aba(m: &Machine) -> End<String> {
    let stack = Stack::new(m);
    let take: Body<Stack> = |t, stack| {
        let head = t.get(&stack.head);
        let below = head.and_then(|node| t.get(&stack.below[node]));
        t.switch_point();
        t.with(&stack.lock, || {
            if t.get(&stack.head) == head {
                t.set(&stack.head, below);
            }
        })
    };
    m.run(&stack, [take, shuffle])?;
    returned(stack.names())
}

fn aba_locked(m: &Machine) -> End<String> {
    let stack = Stack::new(m);
    let take: Body<Stack> = |t, stack| t.with(&stack.lock, || stack.pop(t)).map(drop);
    m.run(&stack, [take, shuffle])?;
    returned(stack.names())
}

/// Whether a generator runs, what it yields next, and what was got.
type Generator = (Object<(bool, i64)>, Object<Vec<String>>);

/// Its entry, where it goes on, is a place to switch; while it runs it cannot be asked.
fn step(t: &Thread<'_>, (generator, got): &Generator) -> End {
    use super::outcome::Repr;
    let entered = t.on(generator, |(runs, _)| !std::mem::replace(runs, true));
    let value = if entered {
        t.switch_point();
        let value = t.on(generator, |(runs, value)| {
            *runs = false;
            *value += 1;
            *value
        });
        value.repr()
    } else {
        "ValueError".repr()
    };
    t.switch_point();
    t.on(got, |got| got.push(value));
    Ok(())
}

fn stepped(m: &Machine) -> Generator {
    (m.object((false, 0)), m.object(Vec::new()))
}

fn both_got((_, got): &Generator) -> End<String> {
    let mut got = got.at_end();
    got.sort_by_key(|value| value.trim_matches('\'').to_owned());
    Ok(format!("({})", got.join(", ")))
}

fn next(m: &Machine) -> End<String> {
    let state = stepped(m);
    m.twice(&state, step)?;
    both_got(&state)
}

fn next_locked(m: &Machine) -> End<String> {
    let state = (stepped(m), m.lock());
    let body: Body<(Generator, Lock)> =
        |t, (generator, lock)| t.with(lock, || step(t, generator))?;
    m.twice(&state, body)?;
    both_got(&state.0)
}

/// The generator stores what was read before it goes on behind its `yield`.
fn behind_yield(m: &Machine) -> End<String> {
    let n = m.object(0);
    m.run(
        &n,
        [
            |t, n| {
                let read = t.get(n);
                t.switch_point();
                t.set(n, read + 1);
                Ok(())
            },
            |t, n| {
                let read = t.get(n);
                t.set(n, read + 1);
                Ok(())
            },
        ],
    )?;
    returned(n.at_end())
}

/// `n`, and what was got of it.
type Countdown = (Object<i64>, List);

fn count_down(t: &Thread<'_>, (n, got): &Countdown) {
    t.switch_point();
    let old = t.get(n);
    t.set(n, old - 1);
    let value = t.get(n);
    t.switch_point();
    t.on(got, |got| got.push(value));
}

fn iterator_in_python(m: &Machine) -> End<String> {
    let state = (m.object(2), m.object(Vec::new()));
    let body: Body<Countdown> = |t, state| {
        count_down(t, state);
        Ok(())
    };
    m.twice(&state, body)?;
    returned(sorted(state.1.at_end()))
}

fn iterator_locked(m: &Machine) -> End<String> {
    let state = ((m.object(2), m.object(Vec::new())), m.lock());
    let body: Body<(Countdown, Lock)> = |t, (state, lock)| t.with(lock, || count_down(t, state));
    m.twice(&state, body)?;
    returned(sorted(state.0.1.at_end()))
}

fn list_iterator(m: &Machine) -> End<String> {
    let state = (m.object(0), m.object(Vec::new()));
    let body: Body<Countdown> = |t, (place, got)| {
        let item = t.on(place, |place| {
            *place += 1;
            *place
        });
        t.switch_point();
        t.on(got, |got| got.push(item));
        Ok(())
    };
    m.twice(&state, body)?;
    returned(sorted(state.1.at_end()))
}
