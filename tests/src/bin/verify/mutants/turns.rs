//! Seeded faults in how threads of an exploration take turns.

use super::Mutant;

const SEAT: &str = "interp/src/lock/seat.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a call that comes early is lost",
        file: SEAT,
        after: "pub fn call(",
        from: "*self.called.lock() = true;",
        to: "drop(self.called.lock());",
    },
    Mutant {
        name: "a call wakes nobody",
        file: SEAT,
        after: "pub fn call(",
        from: "self.wake.notify_one();",
        to: "",
    },
    Mutant {
        name: "a call counts for ever",
        file: SEAT,
        after: "pub fn wait(",
        from: "*called = false;",
        to: "",
    },
    Mutant {
        name: "nobody waits",
        file: SEAT,
        after: "pub fn wait(",
        from: "while !*called {",
        to: "while false {",
    },
];
