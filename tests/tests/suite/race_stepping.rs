//! `togil race --any-bytecode`: switches before any instruction, and not only before those that are known to be seen.

use serde_json::Value;

use crate::harness::{Output, Togil, togil};

/// What `struct` does to its second argument nobody has told the explorer.
const BUFFER: &str = "
import struct, threading
def both(function):
    threads = [threading.Thread(target=function) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def race_buffer():
    buffer = bytearray(4)
    def add():
        n, = struct.unpack_from('i', buffer)
        struct.pack_into('i', buffer, 0, n + 1)
    both(add)
    assert struct.unpack_from('i', buffer) == (2,)
def race_buffer_with_a_lock():
    buffer, lock = bytearray(4), threading.Lock()
    def add():
        with lock:
            n, = struct.unpack_from('i', buffer)
            struct.pack_into('i', buffer, 0, n + 1)
    both(add)
    assert struct.unpack_from('i', buffer) == (2,)
";

fn race(args: &[&str]) -> Togil {
    togil(["race"]).file("buffer.py", BUFFER).args(args).args(["buffer.py"])
}

#[track_caller]
fn models(output: &Output) -> Vec<Value> {
    let document: Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.dump()));
    document["models"].as_array().cloned().expect("models")
}

#[test]
fn what_is_not_known_to_be_seen_is_found_by_every_strategy() {
    // The reason that there is such a mode. If this holds no more, another example is due.
    let known = models(&race(&["--json"]).output().exits(0));
    assert!(known.iter().all(|model| model["verdict"] == "holds"), "{known:#?}");
    for strategy in [
        &["--schedules", "300"][..],
        &["--strategy", "random", "--schedules", "300"],
        &["--strategy", "bounded", "--preemptions", "1"],
    ] {
        let output = race(&["--json", "--any-bytecode"]).args(strategy).output().exits(1);
        let [racy, locked] = &models(&output)[..] else { panic!("{}", output.dump()) };
        assert_eq!(racy["verdict"], "fails", "{strategy:?}");
        assert_eq!(racy["granularity"], "with switches before any instruction");
        let finding = &racy["finding"];
        assert_eq!(finding["replayed"], 10, "{finding:#}");
        assert_eq!(finding["preemptions"], 1, "{finding:#}");
        // It says nothing about where CPython 3.14 switches that this is not found there.
        assert_eq!(finding["gil"]["verdict"], "not_found", "{finding:#}");
        assert_eq!(locked["verdict"], "bounded", "{strategy:?}");
        let token = finding["token"].as_str().expect("a token");
        let again = race(&["--replay", token]).output().exits(1);
        assert!(again.stdout.contains("AssertionError"), "{}", again.dump());
        assert!(!again.stdout.contains("left"), "{}", again.dump());
    }
}

#[test]
fn the_table_says_where_a_thread_was_switched() {
    let text = race(&["--any-bytecode", "-k", "race_buffer"])
        .args(["--schedules", "300"])
        .output()
        .exits(1)
        .stdout;
    let went_on = text.lines().filter(|line| line.ends_with(" go on")).count();
    assert_eq!(went_on, 1, "{text}");
    assert!(text.contains("buffer.py:9 go on") || text.contains("buffer.py:10 go on"), "{text}");
}

#[test]
fn all_schedules_of_instructions_are_too_many() {
    let output = race(&["--any-bytecode", "--strategy", "exhaustive"]).output().exits(2);
    output.complains("--any-bytecode has too many schedules to run all of them");
    race(&["--any-bytecode", "--gil"]).output().exits(2).complains("cannot be used with");
}

/// The VM replaces instructions that have run for a while, and some of the new ones do the work of two.
#[test]
fn executions_are_the_same_when_the_code_is_warm() {
    let model = "
import threading
def race_warm():
    total, text = [], ''
    def work():
        n, text = 0, ''
        for i in range(5):
            if i == 3 and n > 1 or not n: n += i
            text += 'x'
            if text: total.append(n < 2)
            while n > 100: pass
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
";
    for strategy in ["pct", "random"] {
        let race = togil(["race", "--json", "--any-bytecode", "--strategy", strategy]);
        let race = race.file("warm.py", model).args(["--schedules", "600", "warm.py"]);
        let output = race.output().exits(0);
        let models = models(&output);
        assert_eq!(models[0]["executions"], 600, "{models:#?}");
        assert_eq!(models[0]["inexact"], Value::Null, "{models:#?}");
    }
}
