//! Bugs of published packages that `togil race` must find. The package is kept in `tests/known`, with
//! its licence; `docs/known-bugs.md` has those that are not.

use serde_json::Value;

use crate::harness::togil;

const CACHETOOLS: &str = include_str!("../../known/cachetools/__init__.py");
const KEYS: &str = include_str!("../../known/cachetools/keys.py");
const MODEL: &str = include_str!("../../../examples/races/known/cachetools_expire.py");

#[test]
fn two_threads_that_expire_one_entry_of_cachetools_are_found() {
    let run = togil(["race", "model.py", "--json"])
        .file("model.py", MODEL)
        .file("cachetools/__init__.py", CACHETOOLS)
        .file("cachetools/keys.py", KEYS);
    let output = run.output().exits(1);
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let model = |name: &str| {
        let models = document["models"].as_array().expect("models");
        models.iter().find(|model| model["name"] == name).expect(name).clone()
    };
    let racy = model("race_expire");
    assert_eq!(racy["verdict"], "fails", "{racy:#}");
    let said = racy["finding"].to_string();
    assert!(said.contains("KeyError"), "{racy:#}");
    // The package is imported anew where an execution has changed it, and is the same all the same.
    assert_eq!(racy["finding"]["replayed"], 10, "{racy:#}");
    // Calls between the look and the deletion: a GIL does not hide it.
    assert_eq!(racy["finding"]["gil"]["verdict"], "possible", "{racy:#}");
    let locked = model("race_expire_with_a_lock");
    assert_eq!(locked["verdict"], "holds", "{locked:#}");
}
