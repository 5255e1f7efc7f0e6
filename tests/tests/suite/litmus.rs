//! The catalogue of litmus programs (`tests/litmus`): what may happen in each is derived by hand and stated
//! beside it, and three witnesses that know nothing of each other must agree. `togil race` comes to exactly
//! that set, real threads never leave it, and loom finds it in models of many of them
//! (`tests/tests/loom/litmus`).
//!
//! To add a program is to write a function there, and its outcomes into `outcomes.tsv`, which a test here checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use crate::GIL;
use crate::harness::{Togil, togil};

/// Rounds and seconds for each program in real threads.
const STRESS: [&str; 2] = ["300", "0.07"];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("litmus")
}

/// All files, by name: those with programs, and what they import.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let files = std::fs::read_dir(directory()).expect("the catalogue");
    let files = files.map(|file| file.expect("a file").path());
    let python = files.filter(|path| path.extension().is_some_and(|e| e == "py"));
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("readable"))
    };
    python.map(read).collect()
});

/// The names of the files with programs.
fn with_programs() -> impl Iterator<Item = &'static String> {
    let has = |text: &str| text.lines().any(|line| line.starts_with("def race_"));
    FILES.iter().filter(move |(_, text)| has(text)).map(|(name, _)| name)
}

/// With a copy of the catalogue in the working directory, so that nothing is written into the sources.
fn beside_the_catalogue(command: Togil) -> Togil {
    let home = command.path().to_owned();
    // `togil race` does not look for modules beside the file.
    let path = format!("import sys\nif {home:?} not in sys.path: sys.path.insert(0, {home:?})\n");
    let write = |command: Togil, (name, text): (&String, &String)| {
        command.file(name, &format!("{path}{text}"))
    };
    FILES.iter().fold(command, write)
}

/// What is stated of each program; with `rounds` above 0, also what real threads have done.
fn catalogue([rounds, seconds]: [&str; 2]) -> BTreeMap<String, Value> {
    let command = beside_the_catalogue(togil(["run"]));
    let files = with_programs().map(String::as_str);
    let output = command.args(["stress.py", rounds, seconds]).args(files).output().success();
    serde_json::from_str(&output.stdout).expect("a document")
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What `togil race` comes to, in the form of the catalogue: outcomes, or how it ended.
fn explored(file: &str, discipline: &str) -> BTreeMap<String, Value> {
    let command = beside_the_catalogue(togil(["race"]));
    let path = command.path().join(file);
    let options: &[&str] = match discipline {
        "gil" => &["--gil"],
        "any_bytecode" => &["--any-bytecode", "--strategy", "random", "--schedules", "40"],
        _ => &[],
    };
    let output = command.args(["--json"]).args(options).args([path]).output();
    let document: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{file}: {error}\n{}", output.dump()));
    let model = |model: &Value| {
        let outcomes = model["outcomes"].as_object().expect("outcomes");
        let result = match model["verdict"].as_str() {
            Some("holds" | "bounded") => outcomes.keys().cloned().collect(),
            _ => model["verdict"].clone(),
        };
        // What is found is the same in each of ten replays.
        let replayed = &model["finding"]["replayed"];
        assert!(replayed.is_null() || replayed == 10, "{discipline} {}", model["name"]);
        assert!(model["inexact"].is_null(), "{discipline}: {model:#}");
        (model["name"].as_str().expect("a name").to_owned(), result)
    };
    document["models"].as_array().expect("models").iter().map(model).collect()
}

#[test]
fn what_is_explored_is_exactly_what_is_stated() {
    let stated = catalogue(["0", "0"]);
    let mut wrong = Vec::new();
    for discipline in ["free", "gil"] {
        let found: BTreeMap<_, _> =
            with_programs().flat_map(|file| explored(file, discipline)).collect();
        assert!(found.keys().eq(stated.keys()), "{:?} {:?}", found.keys(), stated.keys());
        for (name, found) in &found {
            let stated = &stated[name][discipline];
            if found != stated {
                wrong.push(format!("{name} ({discipline}): stated {stated}, explored {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Chance comes to some of it, and to nothing else.
#[test]
fn what_switches_before_any_instruction_come_to_is_stated() {
    let stated = catalogue(["0", "0"]);
    let (mut wrong, mut several) = (Vec::new(), 0);
    for (name, found) in with_programs().flat_map(|file| explored(file, "any_bytecode")) {
        let stated = &stated[&name]["any_bytecode"];
        let is_stated = match found.is_array() && stated.is_array() {
            true => texts(&found).is_subset(&texts(stated)),
            // One that may end badly ends well in other executions.
            false => &found == stated || (stated.is_string() && found.is_array()),
        };
        several += usize::from(texts(&found).len() > 1);
        if !is_stated {
            wrong.push(format!("{name}: stated {stated}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(several > 30, "only {several} programs have come to more than one end");
}

/// The models under loom cannot ask Python.
#[test]
fn the_table_for_the_models_has_what_the_catalogue_states() {
    let row = |name: &str, discipline: &str, stated: &Value| {
        let outcomes = match stated.as_str() {
            Some(end) => vec![end],
            None => stated.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        };
        format!("{name}\t{discipline}\t{}\n", outcomes.join("\t"))
    };
    let table: String = catalogue(["0", "0"])
        .iter()
        .flat_map(|(name, program)| {
            ["free", "any_bytecode", "gil"]
                .map(|discipline| row(name, discipline, &program[discipline]))
        })
        .collect();
    let path = directory().join("outcomes.tsv");
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let made = std::env::temp_dir().join("outcomes.tsv");
        std::fs::write(&made, &table).expect("it can be written");
        panic!("{} is not what the catalogue states: take {}", path.display(), made.display());
    }
}

#[test]
fn real_threads_do_nothing_that_is_not_stated() {
    let discipline = if GIL { "gil" } else { "free" };
    let mut several = 0;
    for (name, program) in catalogue(STRESS) {
        if program["seen"].is_null() {
            continue;
        }
        let (seen, stated) = (texts(&program["seen"]), texts(&program[discipline]));
        assert!(!seen.is_empty(), "{name} was not run");
        assert!(seen.is_subset(&stated), "{name}: stated {stated:?}, seen {seen:?}");
        several += usize::from(seen.len() > 1);
    }
    // Threads that never meet would leave nothing to see. Under the GIL they hardly do in programs as
    // short as these.
    let enough = if GIL { 1 } else { 10 };
    assert!(several >= enough, "only {several} programs have come to more than one end");
}

#[test]
fn every_program_that_goes_wrong_has_a_twin_that_does_not() {
    let stated = catalogue(["0", "0"]);
    assert!(stated.len() >= 40, "{}", stated.len());
    for (name, program) in &stated {
        let Some(twin) = program["twin"].as_str() else {
            let reason = program["without_twin"].as_str().unwrap_or_default();
            assert!(!reason.is_empty(), "{name} has no twin, and does not say why");
            continue;
        };
        let twin = stated.get(twin).unwrap_or_else(|| panic!("{name}: there is no {twin}"));
        assert_eq!(twin["without_twin"], "it is correct", "{name}");
        let differs = |discipline: &str| program[discipline] != twin[discipline];
        assert!(["free", "any_bytecode", "gil"].into_iter().any(differs), "{name} is its twin");
    }
}

#[test]
fn a_gil_only_takes_outcomes_away() {
    for (name, program) in catalogue(["0", "0"]) {
        let (free, any, gil) = (&program["free"], &program["any_bytecode"], &program["gil"]);
        // The explorer has one discipline for both, so that nobody would check another set.
        assert_eq!(free, any, "{name}");
        let fewer = texts(gil).is_subset(&texts(free)) && gil.is_array() == free.is_array();
        assert!(fewer || free.is_string(), "{name}: {gil} {free}");
    }
}
