//! `togil race --jobs N`: what several processes find together is what one finds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Output, Togil, togil};

/// Models of each kind of end, in two files of which the second has comments that let findings be.
const FIRST: &str = "
import os, threading
def note():
    with open(os.environ['NOTES'], 'a') as notes: notes.write(f'{os.getpid()} ')
class Box: n = 0
def both(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def race_circle():
    note()
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def other():
        with b:
            with a: pass
    both(one, other)
def race_holds():
    note()
    box, lock = Box(), threading.Lock()
    def add():
        with lock: box.n += 1
    both(add, add)
    assert box.n == 2
def race_loses():
    note()
    box = Box()
    def add(): box.n += 1
    both(add, add)
    assert box.n == 2
def race_waits():
    note()
    box = Box()
    def wait():
        while not box.n: pass
    both(wait, lambda: None)
";
const SECOND: &str = "
from first import note, Box, both
def race_let_be():
    note()
    box = Box()
    def add(): box.n += 1  # togil: ignore[race] roughly is enough
    both(add, add)
    assert box.n == 2
def race_other():
    note()
    box = Box()
    def add(): box.n += 1
    both(add, add)
    assert box.n == 2
";

fn race(args: &[&str]) -> Togil {
    let race = togil(["race"]).file("first.py", FIRST).file("second.py", SECOND);
    race.env("NOTES", "notes").args(args)
}

/// Without what is another number each time.
fn document(output: &Output) -> Value {
    let mut document: Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.dump()));
    for model in document["models"].as_array_mut().expect("models") {
        assert!(model["seconds"].take().is_number(), "{model:#}");
    }
    document
}

/// Without the times.
fn text(output: &Output) -> String {
    let lines = output.stdout.lines().map(|line| match line.rsplit_once(", ") {
        Some((rest, end)) if end.ends_with(" s)") => rest.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn several_processes_find_what_one_finds() {
    let one = race(&["--json", "first.py", "second.py"]).output().exits(1);
    let expected = document(&one);
    assert_eq!(expected["models"].as_array().map(Vec::len), Some(6), "{expected:#}");
    for jobs in ["2", "3", "9"] {
        let several = race(&["--json", "--jobs", jobs, "first.py", "second.py"]).output().exits(1);
        assert_eq!(document(&several), expected, "{jobs} jobs");
        assert_eq!(several.stderr, one.stderr);
    }
    let one = race(&["first.py", "second.py"]).output().exits(1);
    let several = race(&["-j2", "first.py", "second.py"]).output().exits(1);
    assert_eq!(text(&several), text(&one));
    // Where threads wait is told, too.
    assert!(text(&one).contains("first.py:14"), "{}", one.dump());
    let of_one = race(&["-j4", "-k", "other", "first.py", "second.py"]).output().exits(1);
    assert_eq!(of_one.stdout.matches("race_").count(), 1, "{}", of_one.dump());
}

#[test]
fn each_model_is_explored_in_one_process() {
    // With one model left over, and one process for each.
    for (jobs, processes) in [("1", 1), ("2", 2), ("4", 4), ("5", 4)] {
        let output = race(&["--jobs", jobs, "first.py"]).output().exits(1);
        let notes = output.read("notes");
        let pids: BTreeSet<&str> = notes.split_whitespace().collect();
        assert_eq!(pids.len(), processes, "{jobs} jobs");
        let one = race(&["first.py"]).output().exits(1).read("notes");
        assert_eq!(notes.split_whitespace().count(), one.split_whitespace().count());
    }
}

#[test]
fn a_random_walk_is_shared_by_all_processes() {
    for (jobs, schedules, processes) in [("3", "20", 3), ("3", "2", 2), ("1", "20", 1)] {
        let args = ["--json", "--strategy", "random", "--schedules", schedules, "--jobs", jobs];
        let race = race(&args).args(["-k", "holds", "first.py", "second.py"]);
        let output = race.output().exits(0);
        let models = document(&output)["models"].take();
        assert_eq!(models.as_array().map(Vec::len), Some(1), "{models:#}");
        let schedules: u64 = schedules.parse().expect("a number");
        assert_eq!(models[0]["executions"], schedules, "{jobs} jobs: {models:#}");
        assert_eq!(models[0]["outcomes"], serde_json::json!({ "None": schedules }));
        assert_eq!(models[0]["verdict"], "bounded");
        let notes = output.read("notes");
        let pids: BTreeSet<&str> = notes.split_whitespace().collect();
        assert_eq!(pids.len(), processes, "{jobs} jobs");
    }
    // All kinds of ends, in the order of the models, and each told once.
    let args = ["--json", "--strategy", "pct", "--schedules", "300"];
    let verdicts = |jobs: &str| {
        let race = race(&args).args(["--jobs", jobs, "first.py", "second.py"]);
        let document = document(&race.output().exits(1));
        let models = document["models"].as_array().expect("models").iter();
        models.map(|model| format!("{} {}", model["model"], model["verdict"])).collect::<Vec<_>>()
    };
    assert_eq!(verdicts("3"), verdicts("1"));
}

#[test]
fn what_one_process_finds_ends_the_walk_of_the_others() {
    let one_fails = "
import os, threading
try:
    with open('failing', 'x') as failing: failing.write(str(os.getpid()))
except FileExistsError: pass
with open('failing') as failing: FAILS = failing.read() == str(os.getpid())
def race_x():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert not FAILS
def race_y():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert not FAILS
";
    let args = ["-j3", "--json", "--strategy", "random", "--schedules", "9999999999", "--budget"];
    let race = togil(["race"]).file("x.py", one_fails).args(args).args(["7200", "x.py"]);
    let document = document(&race.output().exits(1));
    for model in [0, 1] {
        let model = &document["models"][model];
        assert_eq!(model["verdict"], "fails", "{document:#}");
        assert!(model["executions"].as_u64().is_some_and(|count| count < 9_999_999_999));
    }
}

#[test]
fn comments_and_baselines_let_findings_be_of_all_processes() {
    let write = ["-j3", "--write-baseline", "known.json", "first.py", "second.py"];
    let output = race(&write).output().exits(0);
    output.complains("wrote 4 findings to 'known.json'");
    let known = race(&write).output().read("known.json");
    for jobs in ["1", "3"] {
        let read = race(&["-j", jobs, "--baseline", "known.json", "first.py", "second.py"]);
        let output = read.file("known.json", &known).output().exits(0);
        assert_eq!(output.stderr, "", "{jobs} jobs");
    }
    let unused = "def race_x():\n    pass  # togil: ignore[race] of no use\n";
    let output = race(&["-j2", "first.py", "x.py"]).file("x.py", unused).output().exits(1);
    output.complains("x.py:2: nothing was found that this comment ignores");
}

#[test]
fn what_goes_wrong_in_a_process_is_told() {
    let dies = "
import os, signal
from first import note, Box, both
def race_dies(): os.kill(os.getpid(), signal.SIGKILL)
";
    let output = race(&["-j2", "first.py", "dies.py"]).file("dies.py", dies).output().exits(2);
    output.complains("the process that explored race_dies has ended: signal: 9");
    let broken = race(&["-j3", "first.py", "x.py"]).file("x.py", "def race_x(:\n").output();
    let broken = broken.exits(1);
    assert_eq!(broken.stderr.matches("togil race: x.py: ").count(), 1, "{}", broken.dump());
    let only = race(&["-j3", "x.py"]).file("x.py", "def race_x(:\n").output().exits(2);
    assert_eq!(only.stderr.matches("togil race: ").count(), 1, "{}", only.dump());
    race(&["-j2", "-k", "nothing", "first.py"]).output().exits(2).complains(
        "no model has 'nothing' in its name; there are race_circle, race_holds, race_loses, race_waits",
    );
    race(&["--jobs", "0", "first.py"]).output().exits(2).complains("--jobs");
    race(&["-j2", "--replay", "x", "first.py"]).output().exits(2).complains("cannot be used with");
    race(&["--worker", "0", "first.py"]).output().exits(2).complains("--jobs starts it");
}

#[test]
fn no_process_outlives_the_first() {
    let endless = "
import os
open(f'{os.getpid()}.pid', 'w').close()
def race_a():
    while True: pass
def race_b():
    while True: pass
";
    let race = togil(["race"]).file("m.py", endless).args(["-j2", "m.py"]);
    let directory = race.path().to_owned();
    let running = race.start();
    let pids = || -> Vec<i32> {
        let entries = std::fs::read_dir(&directory).expect("a directory");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.strip_suffix(".pid")?.parse().ok()).collect()
    };
    let start = Instant::now();
    while pids().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "two processes begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pids = pids();
    running.signal(libc::SIGKILL);
    let start = Instant::now();
    for pid in pids {
        // Of a zombie of another parent the command line is empty.
        let is_there = || {
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
            line.is_ok_and(|line| line.contains("--worker"))
        };
        while is_there() {
            assert!(start.elapsed() < Duration::from_secs(60), "process {pid} goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    drop(running);
}
