//! All executions of a program, by trying every thread in every state. Shares no code with what it
//! is to check.

use super::{End, Execution, Names, Program, Sim, Switches, everywhere};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use togil_interp::race::{Event, Sync, Turn};

/// What executions are told apart by: each pair of steps whose order matters, in its order (a step
/// is the number of its thread and its place there), and all turns of each thread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct Class(Vec<[u32; 4]>, Vec<Vec<bool>>);

impl Class {
    pub(in super::super) fn of(execution: &Execution) -> Self {
        Self::of_trace(&execution.trace)
    }

    fn of_trace(trace: &[Event]) -> Self {
        let mut turns: Vec<Vec<bool>> = Vec::new();
        let mut names = Vec::new();
        for event in trace {
            let thread = event.turn.thread.0 as usize;
            turns.resize(turns.len().max(thread + 1), Vec::new());
            turns[thread].push(event.turn.times_out);
            names.push((thread as u32, turns[thread].len() as u32));
        }
        let mut pairs = Vec::new();
        for second in 0..trace.len() {
            for first in 0..second {
                let (a, b) = (&trace[first], &trace[second]);
                if a.turn.thread != b.turn.thread && matters(a, b) {
                    let (t, n) = names[first];
                    let (u, m) = names[second];
                    pairs.push([t, n, u, m]);
                }
            }
        }
        pairs.sort_unstable();
        Self(pairs, turns)
    }
}

fn matters(a: &Event, b: &Event) -> bool {
    for x in &a.step.accesses {
        for y in &b.step.accesses {
            if x.conflicts_with(y) {
                return true;
            }
        }
    }
    use Sync::{Acquire, End, Join, Look, Release, Start, TryAcquire};
    match (a.step.sync, b.step.sync) {
        (
            Some(Acquire(x) | TryAcquire(x) | Release(x)),
            Some(Acquire(y) | TryAcquire(y) | Release(y)),
        ) if x == y => true,
        (Some(Look(x)), Some(Acquire(y) | TryAcquire(y) | Release(y)))
        | (Some(Acquire(x) | TryAcquire(x) | Release(x)), Some(Look(y))) => x == y,
        (Some(Start(_)), Some(Start(_))) => true,
        (Some(Join(thread)), Some(End)) => thread == b.turn.thread,
        (Some(End), Some(Join(thread))) => thread == a.turn.thread,
        _ => false,
    }
}

/// All classes of executions, and how each ends. `None` if they have more than `most` beginnings
/// that can be told apart.
pub(in super::super) fn classes(program: &Program, most: usize) -> Option<BTreeMap<Class, End>> {
    let mut all = All { most, ..All::default() };
    all.walk(Sim::new(program, Names::Fixed), &mut Vec::new()).then_some(all.classes)
}

/// All ends that the program can have when threads can be taken off there only. `None` if it has
/// more than `most` states.
pub(in super::super) fn block_ends(
    program: &Program,
    switches: Switches,
    most: usize,
) -> Option<HashSet<End>> {
    let mut ends = HashSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![Sim::new(program, Names::Fixed)];
    while let Some(sim) = open.pop() {
        let turns = turns(&sim);
        if turns.is_empty() {
            ends.insert(sim.end());
        }
        for turn in turns {
            let mut next = sim.clone();
            next.block(turn, switches, |_| {});
            if seen.insert((next.variables, next.writes, next.units, next.threads.clone())) {
                open.push(next);
            }
        }
        if seen.len() > most {
            return None;
        }
    }
    Some(ends)
}

/// All ends that the program can have.
pub(in super::super) fn ends(program: &Program) -> HashSet<End> {
    block_ends(program, everywhere, usize::MAX).expect("no program has so many states")
}

fn turns(sim: &Sim<'_>) -> Vec<Turn> {
    let able = sim.pending.iter().filter(|pending| pending.ready || pending.may_time_out);
    able.map(|pending| Turn { thread: pending.thread, times_out: !pending.ready }).collect()
}

#[derive(Default)]
struct All {
    classes: BTreeMap<Class, End>,
    /// What was walked from already.
    beginnings: HashMap<Class, End>,
    most: usize,
}

impl All {
    fn walk(&mut self, sim: Sim<'_>, trace: &mut Vec<Event>) -> bool {
        let class = Class::of_trace(trace);
        let end = sim.end();
        match self.beginnings.entry(class.clone()) {
            Entry::Occupied(seen) => {
                assert_eq!(*seen.get(), end, "executions of a class lead to the same");
                return true;
            }
            Entry::Vacant(new) => new.insert(end.clone()),
        };
        if self.beginnings.len() > self.most {
            return false;
        }
        let turns = turns(&sim);
        if turns.is_empty() {
            self.classes.insert(class, end);
        }
        turns.into_iter().all(|turn| {
            let mut next = sim.clone();
            trace.push(next.step(turn));
            let went = self.walk(next, trace);
            trace.pop();
            went
        })
    }
}
