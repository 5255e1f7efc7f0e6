//! `togil race`: what can be named to be explored, and models in the tests of a host.

use serde_json::Value;
use togil::race::{RaceError, Search, Verdict, explore};
use togil::{Function, Interpreter, Module};

use crate::harness::{Output, Togil, passes_in_a_process_of_its_own, togil};

/// Two threads that each add one, with a lock or without.
const ADD: &str = "
import threading
class Box: n = 0
def both(function):
    threads = [threading.Thread(target=function) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def adds():
    box = Box()
    def add(): box.n += 1
    both(add)
    return box.n
def adds_with_a_lock():
    box, lock = Box(), threading.Lock()
    def add():
        with lock: box.n += 1
    both(add)
    return box.n
";

fn race(args: &[&str]) -> Togil {
    togil(["race"]).file("add.py", ADD).args(args)
}

/// The verdicts by the names of the models.
#[track_caller]
fn verdicts(output: &Output) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", output.stdout, output.stderr));
    let text = |model: &Value, name: &str| model[name].as_str().expect("a text").to_owned();
    let models = document["models"].as_array().expect("models");
    models.iter().map(|model| (text(model, "name"), text(model, "verdict"))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, verdict)| ((*name).to_owned(), (*verdict).to_owned())).collect()
}

#[test]
fn a_directory_is_searched_for_models() {
    let output = race(&["--json", "."])
        .file("b.py", "from add import *\ndef race_b(): assert adds() == 2\n")
        .file("a.py", "from add import *\ndef race_a(): assert adds_with_a_lock() == 2\n")
        .file("c.py", "raise SystemExit('this must not be executed')\n")
        .output()
        .exits(1);
    assert_eq!(verdicts(&output), pairs(&[("race_a", "holds"), ("race_b", "fails")]));
    let broken = race(&["."])
        .file("a.py", "def race_a(:\n")
        .file("b.py", "from add import *\ndef race_b(): assert adds_with_a_lock() == 2\n")
        .output()
        .exits(2);
    assert!(broken.stdout.contains("holds race_b"), "{}", broken.stdout);
    broken.complains("a.py");
    race(&["."]).output().exits(2).complains("there is no model in '.'");
}

#[test]
fn what_free_threading_newly_breaks_comes_first() {
    let models = "
from add import *
def race_both():
    locks = threading.Lock(), threading.Lock()
    def take(first, second):
        with first:
            with second: pass
    one = threading.Thread(target=take, args=locks)
    other = threading.Thread(target=take, args=locks[::-1])
    one.start(), other.start(), one.join(), other.join()
def race_never(): assert adds_with_a_lock() == 2
def race_new(): assert adds() == 2
";
    let output = race(&["m.py", "--diff"]).file("m.py", models).output().exits(1);
    let lines: Vec<&str> = output.stdout.lines().map(str::trim).collect();
    let place = |start: &str| {
        let found = lines.iter().position(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {}", output.stdout))
    };
    let places = [
        place("1  newly broken"),
        place("FAILS race_new"),
        place("0  broken free-threaded"),
        place("1  broken already"),
        place("DEADLOCK race_both"),
        place("1  fine"),
        place("holds race_never"),
    ];
    assert!(places.is_sorted(), "{}", output.stdout);
}

#[test]
fn the_tests_of_unittest_that_start_threads_are_explored() {
    let tests = "
import unittest
from add import *
class Adding(unittest.TestCase):
    def setUp(self): self.wanted = 2
    def test_plain(self): self.assertEqual(adds(), self.wanted)
    def test_lock(self): self.assertEqual(adds_with_a_lock(), self.wanted)
    def test_none(self): self.assertEqual(1, 1)
    def test_skipped(self): self.skipTest('not here')
";
    let expected = [("test_lock", "holds"), ("test_none", "holds"), ("test_plain", "fails")];
    for (args, prefix) in [
        (["-m", "unittest", "test_it"].as_slice(), "test_it.Adding."),
        (&["-m", "unittest", "test_it.py"], "test_it.Adding."),
        (&["-m", "unittest"], "test_it.Adding."),
        (&["test_it.py"], "Adding."),
    ] {
        let args = [&["--json"], args].concat();
        let output = race(&args).file("test_it.py", tests).output().exits(1);
        let mut found = verdicts(&output);
        found.retain(|(name, _)| !name.ends_with("skipped"));
        let expected = expected.map(|(name, verdict)| (format!("{prefix}{name}"), verdict.into()));
        assert_eq!(found, expected, "{args:?}");
    }
    let output = race(&["test_it.py"]).file("test_it.py", tests).output().exits(1);
    assert!(output.stdout.contains("2 tests start no thread"), "{}", output.stdout);
    race(&["-m", "unittest", "no_such"]).output().exits(2).complains("no_such");
}

#[test]
fn tests_written_as_functions_are_explored() {
    let tests = "
from add import *
def test_plain(): assert adds() == 2
def test_lock(): assert adds_with_a_lock() == 2
def test_with_a_fixture(tmp_path): assert False
";
    let output = race(&["--json", "test_f.py"]).file("test_f.py", tests).output().exits(1);
    assert_eq!(verdicts(&output), pairs(&[("test_plain", "fails"), ("test_lock", "holds")]));
}

#[test]
fn the_models_of_a_module_are_explored() {
    let model = "from .add import *\ndef race_x(): assert adds() == 2\n";
    let output = togil(["race", "--json", "-m", "package.models"])
        .file("package/__init__.py", "")
        .file("package/add.py", ADD)
        .file("package/models.py", model)
        .output()
        .exits(1);
    assert_eq!(verdicts(&output), pairs(&[("race_x", "fails")]));
    race(&["-m", "no_such"]).output().exits(2).complains("No module named 'no_such'");
    race(&["-m", "add", "x"]).output().exits(2).complains("take no arguments");
}

#[test]
fn a_script_must_always_print_the_same() {
    let script = |body: &str| format!("{ADD}import sys\n{body}\n");
    let run = |body: &str| race(&["--json", "--script", "s.py"]).file("s.py", &script(body));
    let differs = run("print(adds())").output().exits(1);
    assert_eq!(verdicts(&differs), pairs(&[("s.py", "differs")]));
    let document: Value = serde_json::from_str(&differs.stdout).expect("JSON");
    let finding = &document["models"][0]["finding"];
    assert_eq!(finding["differs"]["first"], "(0, '2\\n')", "{finding:#}");
    assert_eq!(finding["differs"]["this"], "(0, '1\\n')", "{finding:#}");
    assert_eq!(finding["replayed"], 10);
    assert_eq!(finding["gil"]["verdict"], "hidden");
    let holds = run("print(adds_with_a_lock())").output().exits(0);
    assert_eq!(verdicts(&holds), pairs(&[("s.py", "holds")]));
    // The exit status counts, too, and the order of lines.
    let status = run("sys.exit(adds() - 2)").output().exits(1);
    assert_eq!(verdicts(&status), pairs(&[("s.py", "differs")]));
    let order = run("def say(): print(threading.current_thread().name)\nboth(say)");
    assert_eq!(verdicts(&order.output().exits(1)), pairs(&[("s.py", "differs")]));
    let raises = run("assert adds() == 2").output().exits(1);
    assert_eq!(verdicts(&raises), pairs(&[("s.py", "fails")]));
    let arguments = race(&["--json", "--script", "s.py", "--", "--n", "3"])
        .file("s.py", &script("adds_with_a_lock(); assert sys.argv == ['s.py', '--n', '3']"));
    assert_eq!(verdicts(&arguments.output().exits(0)), pairs(&[("s.py", "holds")]));
}

#[test]
fn other_packages_are_looked_into_when_they_are_named() {
    let model = "import queue\nfrom add import both\n
def race_x():
    import other
    other.box.n = 0
    both(other.add)
    assert other.box.n == 2
";
    let other = "class Box: n = 0\nbox = Box()\ndef add(): box.n += 1\n";
    let run = |args: &[&str]| {
        let args = [&["--json", "model.py"], args].concat();
        let togil = race(&args).file("model.py", model).file("elsewhere/other.py", other);
        let elsewhere = togil.path().join("elsewhere");
        togil.env("PYTHONPATH", elsewhere).output()
    };
    // Found below the directory of the model, but through another entry of the path.
    assert_eq!(verdicts(&run(&[])), pairs(&[("race_x", "fails")]));
    let standard = "from add import both\n
def race_x():
    import string
    both(lambda: string.Template('$x').substitute(x=1))
";
    let run = |args: &[&str]| {
        let args = [&["--json", "model.py"], args].concat();
        let output = race(&args).file("model.py", standard).output().exits(0);
        let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
        document["models"][0]["steps"].as_u64().expect("a count")
    };
    assert!(run(&["--include", "string"]) >= run(&[]));
    race(&["model.py", "--include", "no_such"])
        .file("model.py", standard)
        .output()
        .exits(2)
        .complains("no_such");
}

#[test]
fn what_starts_no_thread_is_not_called_explored() {
    let output = race(&["m.py"]).file("m.py", "def race_x(): pass\n").output().exits(2);
    assert!(output.stdout.contains("it starts no thread"), "{}", output.stdout);
    output.complains("nothing to explore");
}

#[test]
fn a_model_that_is_not_the_same_twice_is_told() {
    let model = "
from add import *
import functools, itertools
# Nobody notices that it changes.
turn = functools.partial(next, itertools.count())
def race_x():
    box = Box()
    def add():
        if turn() % 3 == 0: box.n += 1
        else: box.n
    both(add)
";
    let output = race(&["--json", "m.py"]).file("m.py", model).output().exits(0);
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(document["models"][0]["verdict"], "bounded");
    let inexact = document["models"][0]["inexact"].as_str().expect("told");
    assert!(inexact.contains("m.py:"), "{inexact}");
}

#[test]
fn chance_is_the_same_in_each_execution() {
    let model = "
from add import *
import os, random, uuid
def race_x():
    adds_with_a_lock()
    return random.random(), os.urandom(4), str(uuid.uuid4()), {'a', 'b', 'c'}
";
    let output = race(&["--json", "m.py"]).file("m.py", model).output().exits(0);
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let outcomes = document["models"][0]["outcomes"].as_object().expect("outcomes");
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
}

#[test]
fn what_a_failing_execution_prints_is_shown_and_nothing_else() {
    let model = "from add import *\ndef race_x():\n    n = adds()\n    print('n is', n)\n    assert n == 2\n";
    let output = race(&["m.py"]).file("m.py", model).output().exits(1);
    assert_eq!(output.stdout.matches("n is").count(), 1, "{}", output.stdout);
    assert!(output.stdout.contains("n is 1"), "{}", output.stdout);
}

#[test]
fn a_thread_that_really_waits_ends_the_run() {
    let model = "
from add import *
import os
def race_x():
    read, write = os.pipe()
    def wait(): os.read(read, 1)
    both(wait)
";
    let output = race(&["m.py"]).file("m.py", model).output().exits(2);
    output.complains("not under control");
}

#[test]
fn models_of_a_host() {
    passes_in_a_process_of_its_own("race_targets::host_models_in_its_process");
}

/// Rust functions and the types that threads share are steps.
#[test]
#[ignore = "run by models_of_a_host"]
fn host_models_in_its_process() {
    let wrap = |body: &str| {
        let body: String = body.lines().map(|line| format!("    {}\n", line.trim_end())).collect();
        format!("import togil, app\n{ADD}\ndef race_it():\n{body}")
    };
    let run = |body: &str| {
        let value = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
        let order = std::sync::atomic::Ordering::SeqCst;
        let (get, set, reset) = (value.clone(), value.clone(), value);
        let app = Module::builder("app")
            .function(Function::new("get", move |(): ()| get.load(order)))
            .function(Function::new("set", move |(to,): (i64,)| set.store(to, order)))
            .function(Function::new("reset", move |(): ()| reset.store(0, order)))
            .build();
        let builder = Interpreter::builder().module(app.expect("a module"));
        let reports = explore(builder, &wrap(body), Search::default()).expect("explored");
        assert_eq!(reports.len(), 1);
        reports.into_iter().next().expect("a report")
    };
    let report = run("app.reset()\nboth(lambda: app.set(app.get() + 1))\nassert app.get() == 2");
    assert_eq!(report.verdict, Verdict::Fails, "{report}");
    let finding = report.finding.expect("a finding");
    assert_eq!(finding.replayed, 10);
    let report = run("n = togil.AtomicInt(0)\nboth(lambda: n.add(1))\nassert n.get() == 2");
    assert_eq!(report.verdict, Verdict::Holds, "{report}");
    let report =
        run("n = togil.AtomicInt(0)\nboth(lambda: n.set(n.get() + 1))\nassert n.get() == 2");
    assert_eq!(report.verdict, Verdict::Fails, "{report}");
    let report = run("d = togil.SharedDict()\nboth(lambda: d.increment('k'))\nassert d['k'] == 2");
    assert_eq!(report.verdict, Verdict::Holds, "{report}");
    let report = run(
        "d = togil.SharedDict()\nd['k'] = 0\ndef add(): d['k'] += 1\nboth(add)\nassert d['k'] == 2",
    );
    assert_eq!(report.verdict, Verdict::Fails, "{report}");
    let report = run(
        "c = togil.Channel(1)\ngot = []\ndef take():\n    got.append(c.recv())\nt = threading.Thread(target=take)\nt.start()\nc.send(1)\nc.send(2)\nt.join()\nassert got == [1]",
    );
    assert_eq!(report.verdict, Verdict::Holds, "{report}");
    let report = run("c = togil.Channel(1)\nboth(lambda: c.recv())");
    assert_eq!(report.verdict, Verdict::Deadlock, "{report}");
    let report = run(
        "l, b = togil.ReadWriteLock(), Box()\ndef add():\n    with l.write():\n        b.n += 1\nboth(add)\nassert b.n == 2",
    );
    assert_eq!(report.verdict, Verdict::Holds, "{report}");
    let report = run(
        "l, b = togil.ReadWriteLock(), Box()\ndef add():\n    with l.read():\n        b.n += 1\nboth(add)\nassert b.n == 2",
    );
    assert_eq!(report.verdict, Verdict::Fails, "{report}");
    let nothing = explore(Interpreter::builder(), "x = 1", Search::default());
    assert!(matches!(nothing, Err(RaceError::NoModels)), "{nothing:?}");
}
