//! Seeded faults in the explorer. Its tests run programs of a simulator, and compare with brute force.

use super::Mutant;

const BLOCKS: &str = "host/src/race/explore/dpor/blocks.rs";
const BLOCK_ORDER: &str = "host/src/race/explore/dpor/block_order.rs";
const FOOTPRINT: &str = "host/src/race/explore/dpor/footprint.rs";
const ORDER: &str = "host/src/race/explore/dpor/order.rs";
const RACES: &str = "host/src/race/explore/dpor/races.rs";
const SEQUENCE: &str = "host/src/race/explore/dpor/sequence.rs";
const STEPS: &str = "host/src/race/explore/dpor/steps.rs";
const WAKEUP: &str = "host/src/race/explore/dpor/wakeup.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "what a release makes possible hides what could have come before",
        file: RACES,
        after: "fn races(",
        from: "if let Some(turn) = turn_without(order, trace, earlier, target) {",
        to: "let turn = turn_without(order, trace, earlier, target);\n        if turn.is_none() { order.join(earlier, clock); }\n        if let Some(turn) = turn {",
    },
    Mutant {
        name: "a lock can be taken without units",
        file: RACES,
        after: "fn turn_without(",
        from: "Some(next) => trace[next].units > 0,",
        to: "Some(_) => true,",
    },
    Mutant {
        name: "nobody times out earlier",
        file: RACES,
        after: "fn turn_without(",
        from: "(ready || target.announced.timed).then_some",
        to: "ready.then_some",
    },
    Mutant {
        name: "a loop that waits goes on after anything",
        file: RACES,
        after: "fn turn_without(",
        from: "others.any(|other| wakes(trace, other, target))",
        to: "others.any(|_| true)",
    },
    Mutant {
        name: "sleep is not handed on",
        file: STEPS,
        after: "fn inherit_sleep(",
        from: "self.sleep.push(thread);",
        to: "",
    },
    Mutant {
        name: "what blocked threads would do is forgotten",
        file: STEPS,
        after: "fn analyse(",
        from: "self.find(trace, Deed { thread, step }, trace.len());",
        to: "let _ = (thread, step);",
    },
    Mutant {
        name: "old races are not looked at again",
        file: STEPS,
        after: "fn analyse(",
        from: "for index in 0..self.races.len() {",
        to: "for index in self.races.partition_point(|race| race.at < self.fresh)..self.races.len() {",
    },
    Mutant {
        name: "everything about an object conflicts",
        file: ORDER,
        after: "fn dependent(",
        from: "x.conflicts_with(&y)",
        to: "x.object == y.object",
    },
    Mutant {
        name: "numbers of other executions are trusted",
        file: ORDER,
        after: "fn dependent(",
        from: "let same = |a: ObjectId, b: ObjectId| a == b || (a.0 >= known && b.0 >= known);",
        to: "let same = |a: ObjectId, b: ObjectId| a == b && known > 0;",
    },
    Mutant {
        name: "an end does not compete with the time-out of its join",
        file: ORDER,
        after: "fn dependent(",
        from: "accesses() || units() || joins(a, b) || joins(b, a) || (start(a) && start(b))",
        to: "accesses() || units() || joins(a, b) || (start(a) && start(b))",
    },
    Mutant {
        name: "looks at a lock compete",
        file: ORDER,
        after: "fn dependent(",
        from: "(Some(x), Some(y)) => same(x, y) && !(looks(a) && looks(b)),",
        to: "(Some(x), Some(y)) => same(x, y),",
    },
    Mutant {
        name: "any step can come first",
        file: SEQUENCE,
        after: "fn can_begin_with(",
        from: "return self.before(place).all(|earlier| !self.order.before(earlier, event));",
        to: "return event < self.trace.len();",
    },
    Mutant {
        name: "a tried step stays in the sequence",
        file: WAKEUP,
        after: "fn insert(",
        from: "sequence.remove_first_of(turn.thread);",
        to: "",
    },
    Mutant {
        name: "what ends a block is forgotten",
        file: FOOTPRINT,
        after: "fn of_block(",
        from: "let waits = next.filter(|next| next.held && !next.ready).map(|next| &next.step);",
        to: "let waits = next.filter(|_| false).map(|next| &next.step);",
    },
    Mutant {
        name: "a time-out comes behind what it timed out for",
        file: FOOTPRINT,
        after: "fn of_block(",
        from: "Some(Sync::Join(thread)) if !event.turn.times_out => Some(thread),",
        to: "Some(Sync::Join(thread)) => Some(thread),",
    },
    Mutant {
        name: "a block is the same wherever it is done",
        file: BLOCK_ORDER,
        after: "fn initials(",
        from: "if kept.is_empty() {",
        to: "if kept.iter().all(|block| block.thread != thread) {",
    },
    Mutant {
        name: "any block can come first",
        file: BLOCK_ORDER,
        after: "fn initials(",
        from: "if before.all(|other| other.thread != block.thread && !within(other, block.clock)) {",
        to: "if before.all(|other| other.thread != block.thread) {",
    },
    Mutant {
        name: "blocks never wake",
        file: BLOCKS,
        after: "fn inherited_sleep(",
        from: "last.sleep.iter().filter(unaffected).cloned().collect()",
        to: "last.sleep.to_vec()",
    },
];
