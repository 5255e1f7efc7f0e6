//! In which order threads take locks, and whether that can come to a deadlock in another run.
//!
//! Goodlock (Havelund, "Using Runtime Analysis to Guide Model Checking of Java Programs", SPIN 2000), with
//! the two refinements of Bensalem and Havelund ("Dynamic Deadlock Analysis of Multi-threaded Programs", HVC 2005): a
//! common lock around guards a cycle, and what starts and joins put into an order cannot meet.

use std::collections::{BTreeMap, HashSet};

use super::clock::{Epoch, VectorClock};
use super::thread::{Held, Thread};

/// A thread takes a lock while it holds another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The thread's number.
    pub(crate) thread: u32,
    /// The one that it holds.
    pub(crate) from: Held,
    /// The one that it takes.
    pub(crate) to: Held,
    /// All that it holds.
    gates: Vec<u64>,
    /// When, by starts and joins.
    at: Epoch,
    knows: VectorClock,
}

impl Edge {
    /// Whether both can be under way at once.
    fn can_meet(&self, other: &Self) -> bool {
        self.thread != other.thread
            && !self.gates.iter().any(|gate| other.gates.contains(gate))
            && !self.knows.covers(other.at)
            && !other.knows.covers(self.at)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.thread == other.thread
            && self.to.lock == other.to.lock
            && self.gates == other.gates
            && self.at == other.at
    }
}

/// The graph of all locks.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// By the lock that is held.
    edges: BTreeMap<u64, Vec<Edge>>,
}

/// Edges that are kept of one lock.
const MOST_EDGES: usize = 256;
/// Threads of a cycle that is looked for.
const MOST_THREADS: usize = 5;
/// Steps of the search, over all.
const MOST_STEPS: usize = 1_000_000;

impl Order {
    /// `thread` is about to take a lock.
    pub(crate) fn add(&mut self, thread: &Thread, to: Held) {
        let gates: Vec<u64> = thread.held.iter().map(|held| held.lock).collect();
        for from in &thread.held {
            let edge = Edge {
                thread: thread.number,
                from: *from,
                to,
                gates: gates.clone(),
                at: thread.fork_epoch(),
                knows: thread.forks.clone(),
            };
            let edges = self.edges.entry(from.lock).or_default();
            if edges.len() < MOST_EDGES && !edges.iter().any(|other| other.is_like(&edge)) {
                edges.push(edge);
            }
        }
    }

    /// The ways in which threads can come to wait for each other, one for each set of places.
    pub(crate) fn cycles(&self) -> Vec<Vec<Edge>> {
        let mut search = Search { order: self, steps: 0, found: Vec::new(), seen: HashSet::new() };
        for first in self.edges.keys() {
            search.extend(*first, &mut Vec::new(), *first);
        }
        search.found
    }
}

struct Search<'a> {
    order: &'a Order,
    steps: usize,
    found: Vec<Vec<Edge>>,
    seen: HashSet<Vec<(u32, u32)>>,
}

impl<'a> Search<'a> {
    /// Goes on from the lock `at`, towards `first`, which has the smallest number of the cycle.
    fn extend(&mut self, first: u64, path: &mut Vec<&'a Edge>, at: u64) {
        for edge in self.order.edges.get(&at).into_iter().flatten() {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return;
            }
            let to = edge.to.lock;
            let is_new = to >= first && !path.iter().any(|other| other.from.lock == to);
            if !(is_new || to == first) || !path.iter().all(|other| other.can_meet(edge)) {
                continue;
            }
            path.push(edge);
            if to == first && path.len() > 1 {
                self.report(path);
            } else if to != first && path.len() < MOST_THREADS {
                self.extend(first, path, to);
            }
            path.pop();
        }
    }

    fn report(&mut self, path: &[&Edge]) {
        let mut places: Vec<_> = path.iter().map(|edge| (edge.from.at, edge.to.at)).collect();
        places.sort_unstable();
        if self.seen.insert(places) {
            self.found.push(path.iter().copied().cloned().collect());
        }
    }
}
