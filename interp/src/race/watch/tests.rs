//! The detector against an oracle: random programs of threads, locks and accesses, in which happens-before is
//! computed a second time, from the whole graph of their steps.

use super::clock::VectorClock;
use super::order::Order;
use super::thread::{Ended, Held, Slots, Thread};
use super::variable::{Access, Mode, Told, Variable};

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * end as u128) >> 64) as usize
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Access(usize, Mode),
    Acquire(usize),
    Release(usize),
    Fork(usize),
    Join(usize),
}

const LOCKS: usize = 3;
const VARIABLES: usize = 3;
const MODES: [Mode; 4] = [Mode::Read, Mode::Write, Mode::AtomicRead, Mode::AtomicWrite];

/// What each of several threads does, in one order that locks allow.
fn history(rng: &mut Rng) -> Vec<(usize, Event)> {
    let mut events = Vec::new();
    let mut alive = vec![0];
    let mut threads = 1;
    let mut ended = Vec::new();
    let mut holders: [Option<usize>; LOCKS] = [None; LOCKS];
    for _ in 0..20 + rng.below(60) {
        let thread = alive[rng.below(alive.len())];
        let lock = rng.below(LOCKS);
        let event = match rng.below(10) {
            0 if threads < 6 => {
                alive.push(threads);
                threads += 1;
                Event::Fork(threads - 1)
            }
            1 if thread != 0 && !holders.contains(&Some(thread)) => {
                alive.retain(|other| *other != thread);
                ended.push(thread);
                continue;
            }
            2 if !ended.is_empty() => Event::Join(ended[rng.below(ended.len())]),
            3 | 4 if holders[lock].is_none() => {
                holders[lock] = Some(thread);
                Event::Acquire(lock)
            }
            _ if holders[lock] == Some(thread) && rng.below(2) == 0 => {
                holders[lock] = None;
                Event::Release(lock)
            }
            _ => Event::Access(rng.below(VARIABLES), MODES[rng.below(MODES.len())]),
        };
        events.push((thread, event));
    }
    events
}

/// For each event those that happened before it, by the definition.
fn happened_before(events: &[(usize, Event)]) -> Vec<Vec<bool>> {
    let mut before = vec![vec![false; events.len()]; events.len()];
    for (later, (thread, event)) in events.iter().enumerate() {
        for earlier in 0..later {
            let (other, what) = events[earlier];
            let direct = other == *thread
                || matches!((what, *event), (Event::Release(a), Event::Acquire(b)) if a == b)
                || matches!(what, Event::Fork(child) if child == *thread)
                // A thread may do nothing between its start and its end.
                || matches!((what, *event), (Event::Fork(a), Event::Join(b)) if a == b)
                || matches!(*event, Event::Join(child) if child == other);
            if direct {
                before[later][earlier] = true;
                let (known, new) = before.split_at_mut(later);
                let through = new[0].iter_mut().zip(&known[earlier]).take(earlier);
                through.for_each(|(new, known)| *new |= known);
            }
        }
    }
    before
}

/// The events that race with an earlier one, as the detector sees it.
fn detected(events: &[(usize, Event)]) -> Vec<(usize, usize)> {
    let mut slots = Slots::default();
    let mut threads: Vec<Option<Thread>> = vec![Some(slots.first())];
    let mut ends: Vec<Option<Ended>> = vec![None];
    let mut locks: Vec<VectorClock> = vec![VectorClock::default(); LOCKS];
    let mut variables: Vec<Variable> = (0..VARIABLES).map(|_| Variable::default()).collect();
    let last = |of: usize| events.iter().rposition(|(thread, _)| *thread == of);
    let mut races = Vec::new();
    for (number, (of, event)) in events.iter().enumerate() {
        if let Event::Join(child) = event {
            // One without events has ended at its start.
            if let Some(thread) = threads[*child].take() {
                ends[*child] = Some(slots.end(thread));
            }
        }
        let thread = threads[*of].as_mut().expect("alive");
        match *event {
            Event::Access(variable, mode) => {
                let told = Told { site: number as u32, ..Told::default() };
                let access = Access { epoch: thread.epoch(), told };
                let race = variables[variable].access(access, mode, &thread.clock);
                races.extend(race.map(|(other, _)| (other.told.site as usize, number)));
            }
            Event::Acquire(lock) => thread.acquire(&locks[lock]),
            Event::Release(lock) => thread.release(&mut locks[lock]),
            Event::Fork(_) => {
                let child = slots.fork(thread);
                threads.push(Some(child));
                ends.push(None);
            }
            Event::Join(child) => thread.join(ends[child].as_ref().expect("ended")),
        }
        // As early as may be, so that slots are given again.
        if *of != 0 && last(*of) == Some(number) {
            ends[*of] = threads[*of].take().map(|thread| slots.end(thread));
        }
    }
    races
}

#[test]
fn what_is_reported_races_and_the_first_race_of_a_variable_is_reported() {
    let (mut racy, mut clean) = (0, 0);
    for seed in 0..20_000 {
        let events = history(&mut Rng(seed));
        let before = happened_before(&events);
        let found = detected(&events);
        let races = |earlier: usize, later: usize| match (events[earlier].1, events[later].1) {
            (Event::Access(a, one), Event::Access(b, other)) => {
                a == b && one.conflicts_with(other) && !before[later][earlier]
            }
            _ => false,
        };
        for (earlier, later) in &found {
            assert!(races(*earlier, *later), "seed {seed}: {earlier}, {later} of {events:?}");
        }
        for variable in 0..VARIABLES {
            let of =
                |number: usize| matches!(events[number].1, Event::Access(v, _) if v == variable);
            let first = (0..events.len())
                .filter(|later| of(*later))
                .find(|later| (0..*later).any(|earlier| races(earlier, *later)));
            let told = found.iter().map(|(_, later)| *later).find(|later| of(*later));
            assert_eq!(first, told, "seed {seed}: variable {variable} of {events:?}");
            if first.is_some() {
                racy += 1;
            } else {
                clean += 1;
            }
        }
    }
    // Otherwise the programs show little.
    assert!(racy > 5_000 && clean > 5_000, "{racy} racy, {clean} clean");
}

fn held(lock: u64) -> Held {
    Held { lock, made: lock as u32, at: lock as u32 }
}

/// Takes locks one inside the other, and gives them back.
fn nest(order: &mut Order, thread: &mut Thread, locks: &[u64]) {
    for lock in locks {
        order.add(thread, held(*lock));
        thread.held.push(held(*lock));
    }
    thread.held.clear();
}

/// The cycles of two threads that take locks in these orders.
fn cycles_of(one: &[u64], other: &[u64]) -> usize {
    let (mut slots, mut order) = (Slots::default(), Order::default());
    let mut main = slots.first();
    let (mut a, mut b) = (slots.fork(&mut main), slots.fork(&mut main));
    nest(&mut order, &mut a, one);
    nest(&mut order, &mut b, other);
    order.cycles().len()
}

#[test]
fn two_locks_taken_in_both_orders_can_deadlock() {
    assert_eq!(cycles_of(&[1, 2], &[2, 1]), 1);
    assert_eq!(cycles_of(&[1, 2], &[1, 2]), 0);
}

#[test]
fn a_lock_around_both_guards_them() {
    assert_eq!(cycles_of(&[9, 1, 2], &[9, 2, 1]), 0);
    assert_eq!(cycles_of(&[9, 1, 2], &[8, 2, 1]), 1);
}

#[test]
fn three_threads_can_deadlock_in_a_ring() {
    let (mut slots, mut order) = (Slots::default(), Order::default());
    let mut main = slots.first();
    for locks in [[1, 2], [2, 3], [3, 1]] {
        nest(&mut order, &mut slots.fork(&mut main), &locks);
    }
    assert_eq!(order.cycles().len(), 1);
}

#[test]
fn one_thread_alone_cannot_deadlock_nor_can_one_after_the_other() {
    let (mut slots, mut order) = (Slots::default(), Order::default());
    let mut main = slots.first();
    nest(&mut order, &mut main, &[1, 2]);
    nest(&mut order, &mut main, &[2, 1]);
    let mut first = slots.fork(&mut main);
    nest(&mut order, &mut first, &[3, 4]);
    let end = slots.end(first);
    main.join(&end);
    let mut second = slots.fork(&mut main);
    nest(&mut order, &mut second, &[4, 3]);
    assert_eq!(order.cycles().len(), 0);
}

#[test]
fn a_slot_is_given_again_only_to_who_knows_of_its_end() {
    let mut slots = Slots::default();
    let mut main = slots.first();
    let first = slots.fork(&mut main);
    let slot = first.slot;
    let end = slots.end(first);
    let second = slots.fork(&mut main);
    assert_ne!(second.slot, slot);
    main.join(&end);
    let third = slots.fork(&mut main);
    assert_eq!(third.slot, slot);
    assert!(third.clock.time(slot) > end.clock.time(slot));
}
