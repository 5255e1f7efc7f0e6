//! The third witness of the litmus programs, beside the explorer and real threads: a model of each on locks
//! of objects and on the GIL, of which loom runs every interleaving. What it comes to must be what
//! `tests/litmus` states, which is in `outcomes.tsv` for those who do not run Python.
//!
//! The models are written by hand: nothing here knows how the explorer sees Python code.

mod checks;
mod conditions;
mod containers;
mod executors;
mod kernel;
mod lifetime;
mod locks;
mod machine;
mod memory;
mod orders;
mod outcome;
mod publication;
mod updates;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use machine::{Discipline, End, Machine};

use crate::scene::explore;

/// A model of the program `race_NAME`.
struct Program {
    name: &'static str,
    run: fn(&Machine) -> End<String>,
}

/// Lists models under the names of their functions.
macro_rules! programs {
    ($($name:ident),* $(,)?) => {
        pub(super) const PROGRAMS: &[$crate::litmus::Program] =
            &[$($crate::litmus::Program { name: stringify!($name), run: $name }),*];
    };
}
use programs;

/// Catalogued programs that have no model here, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("race_peterson", "loom runs no loop without end, and its condition is two reads"),
    ("race_flags_raised_late", "loom runs no loop without end"),
];

const OUTCOMES: &str = include_str!("../../../litmus/outcomes.tsv");

/// What is stated, by program and discipline.
fn stated() -> BTreeMap<(&'static str, &'static str), BTreeSet<String>> {
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        let key = (fields.next()?, fields.next()?);
        Some((key, fields.map(str::to_owned).collect()))
    };
    OUTCOMES.lines().filter_map(row).collect()
}

/// All that a model comes to with so many switches that nobody had to make. Two or three show all there is in
/// programs as short as these.
fn found(program: &Program, discipline: Discipline, preemptions: usize) -> BTreeSet<String> {
    let found = Arc::new(Mutex::new(BTreeSet::new()));
    let (run, inner) = (program.run, Arc::clone(&found));
    explore(Some(preemptions), move || {
        let end = run(&Machine::new(discipline));
        let end = end.unwrap_or_else(|_| "deadlock".to_owned());
        inner.lock().expect("no model panics").insert(end);
    });
    let found = found.lock().expect("no model panics").clone();
    // The catalogue states no other end where there may be a deadlock.
    if found.contains("deadlock") { BTreeSet::from(["deadlock".to_owned()]) } else { found }
}

fn agree(programs: &[Program], preemptions: usize) {
    let stated = stated();
    let mut wrong = Vec::new();
    for program in programs {
        let name = format!("race_{}", program.name);
        for discipline in Discipline::ALL {
            let found = found(program, discipline, preemptions);
            let key = (name.as_str(), discipline.name());
            match stated.iter().find(|((name, discipline), _)| (*name, *discipline) == key) {
                Some((_, stated)) if *stated == found => {}
                Some((_, stated)) => {
                    wrong.push(format!("{key:?}: stated {stated:?}, found {found:?}"))
                }
                None => wrong.push(format!("{key:?} is not in the catalogue")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

macro_rules! tests {
    ($($test:ident: $module:ident, $preemptions:literal;)*) => {
        $(
            #[test]
            fn $test() {
                agree($module::PROGRAMS, $preemptions);
            }
        )*

        fn all() -> Vec<&'static str> {
            [$($module::PROGRAMS),*].into_iter().flatten().map(|program| program.name).collect()
        }
    };
}

tests! {
    updates_come_to_what_is_stated: updates, 3;
    checks_come_to_what_is_stated: checks, 3;
    what_is_published_is_seen_as_stated: publication, 3;
    containers_come_to_what_is_stated: containers, 3;
    locks_come_to_what_is_stated: locks, 2;
    conditions_come_to_what_is_stated: conditions, 2;
    executors_come_to_what_is_stated: executors, 2;
    objects_live_as_stated: lifetime, 3;
    orders_come_to_what_is_stated: orders, 3;
    stores_are_seen_as_stated: memory, 2;
}

#[test]
fn each_program_has_one_model_or_a_reason_to_have_none() {
    let mut all: Vec<_> = all().into_iter().map(|name| format!("race_{name}")).collect();
    all.extend(WITHOUT.iter().map(|(name, _)| (*name).to_owned()));
    all.sort();
    let stated = stated();
    let mut named: Vec<_> = stated.keys().map(|(name, _)| (*name).to_owned()).collect();
    named.dedup();
    assert_eq!(all, named);
}
