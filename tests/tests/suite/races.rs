//! `togil race`: what is found, how much is explored, and what is said of it.

use serde_json::Value;

use crate::harness::{Output, togil};

/// Runs what is given in threads, and waits for them.
const TOGETHER: &str = "
import threading, time, queue
from concurrent.futures import ThreadPoolExecutor
class Box: pass
def together(*functions):
    threads = [threading.Thread(target=f) for f in functions]
    for t in threads: t.start()
    for t in threads: t.join()
";

/// `togil race ARGS model.py`, where the file has `source` behind [`TOGETHER`].
fn race(source: &str, args: &[&str]) -> Output {
    let source = format!("{TOGETHER}{}", dedented(source));
    let args = args.iter().chain(&["--json", "model.py"]);
    togil(["race"]).file("model.py", &source).args(args).output()
}

fn dedented(source: &str) -> String {
    let lines = source.lines().map(|line| line.strip_prefix("        ").unwrap_or(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The models of a file by name.
fn models(output: &Output) -> Vec<Value> {
    let document: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", output.stdout, output.stderr));
    document["models"].as_array().expect("models").clone()
}

/// The only model of a file.
#[track_caller]
fn only(source: &str, args: &[&str]) -> Value {
    let models = models(&race(source, args));
    assert_eq!(models.len(), 1, "{models:?}");
    models[0].clone()
}

#[track_caller]
fn holds(source: &str) -> Value {
    let model = only(source, &[]);
    assert_eq!(model["verdict"], "holds", "{model:#}");
    model
}

#[track_caller]
fn fails(source: &str, verdict: &str) -> Value {
    let model = only(source, &[]);
    assert_eq!(model["verdict"], verdict, "{model:#}");
    assert_eq!(model["finding"]["replayed"], 10, "{model:#}");
    model
}

/// What a model returns in some execution, all of them.
#[track_caller]
fn outcomes(source: &str, args: &[&str]) -> Vec<String> {
    let model = only(source, args);
    assert_eq!(model["verdict"], "holds", "{model:#}");
    model["outcomes"].as_object().expect("outcomes").keys().cloned().collect()
}

#[test]
fn every_class_of_executions_is_run_exactly_once() {
    // Of two threads with K critical sections each there are C(2K, K) orders; the others were
    // counted by brute force.
    let output = race(
        "
        def sections(threads, count, body):
            together(*[lambda: [body() for _ in range(count)]] * threads)
        def locked(threads, count):
            box, lock = Box(), threading.Lock()
            box.n = 0
            def work():
                for _ in range(count):
                    with lock: box.n += 1
            together(*[work] * threads)
            assert box.n == threads * count
        def unlocked(threads, count):
            box = Box()
            box.n = 0
            def work():
                for _ in range(count): box.n += 1
            together(*[work] * threads)
        def race_2(): locked(2, 1)
        def race_6(): locked(2, 2)
        def race_20(): locked(2, 3)
        def race_90(): locked(3, 2)
        def race_4(): unlocked(2, 1)
        def race_34(): unlocked(2, 2)
        def race_36(): unlocked(3, 1)
        ",
        &[],
    );
    for model in models(&output) {
        let name = model["name"].as_str().expect("a name");
        assert_eq!(name, format!("race_{}", model["executions"]), "{model:#}");
        assert_eq!(model["verdict"], "holds");
    }
    output.exits(0);
}

#[test]
fn the_other_order_of_one_lock_is_explored() {
    let source = "
        def race_first():
            box, lock = Box(), threading.Lock()
            box.first = None
            def work(name):
                with lock:
                    if box.first is None: box.first = name
            together(lambda: work('A'), lambda: work('B'))
            return box.first
        ";
    assert_eq!(outcomes(source, &[]), ["'A'", "'B'"]);
}

#[test]
fn looking_into_a_container_is_a_read() {
    for test in ["'k' not in d", "not d", "len(d) == 0", "d.get('k') is None", "list(d) == []"] {
        let source = format!(
            "
        def race_check_then_act():
            d, made = dict(), []
            def work():
                if {test}:
                    d['k'] = 1
                    made.append(1)
            together(work, work)
            return len(made)
        "
        );
        assert_eq!(outcomes(&source, &[]), ["1", "2"], "{test}");
    }
}

#[test]
fn an_object_keeps_its_identity_through_a_call() {
    let source = "
        def race_published():
            box, seen = Box(), []
            box.inner = Box()
            box.inner.v = 0
            def get(): return box.inner
            def read(): seen.append(get().v)
            def write(): box.inner.v = 1
            together(read, write)
            return seen[0]
        ";
    assert_eq!(outcomes(source, &[]), ["0", "1"]);
}

#[test]
fn updates_are_lost_in_every_kind_of_variable() {
    for (declare, update, result) in [
        ("pass", "box.n += 1", "box.n"),
        ("d = {'n': 0}", "d['n'] += 1", "d['n']"),
        ("xs = [0]", "xs[0] += 1", "xs[0]"),
        ("n = 0", "nonlocal n; n += 1", "n"),
        ("Box.n = 0", "Box.n += 1", "Box.n"),
        ("globals()['N'] = 0", "global N; N += 1", "N"),
    ] {
        let source = format!(
            "
        def race_lost():
            box = Box()
            box.n = 0
            {declare}
            def work():
                {update}
            together(work, work)
            return {result}
        "
        );
        assert_eq!(outcomes(&source, &[]), ["1", "2"], "{update}");
        // A `+=` has no place in it where CPython 3.14 switches.
        assert_eq!(outcomes(&source, &["--gil"]), ["2"], "{update}");
    }
}

#[test]
fn what_is_atomic_loses_nothing() {
    for (make, update) in [
        ("x = []", "x.append(1)"),
        ("x = set()", "x.add(object())"),
        ("x = {}", "x.setdefault(object(), 1)"),
        ("import collections; x = collections.deque()", "x.append(1)"),
    ] {
        let source = format!(
            "
        def race_atomic():
            {make}
            def work(): {update}
            together(work, work)
            return len(x)
        "
        );
        assert_eq!(outcomes(&source, &[]), ["2"], "{update}");
    }
}

#[test]
fn primitives_are_explored_to_the_end() {
    for body in [
        "c, box = threading.Condition(), Box()
            box.ready = False
            def wait():
                with c:
                    while not box.ready: c.wait()
            def wake():
                with c:
                    box.ready = True
                    c.notify()
            together(wait, wake)",
        "b = threading.Barrier(2)
            together(b.wait, b.wait)",
        "e = threading.Event()
            together(e.wait, e.set)",
        "s, box = threading.Semaphore(1), Box()
            box.n = 0
            def work():
                with s: box.n += 1
            together(work, work)
            assert box.n == 2",
        "q, got = queue.Queue(1), []
            together(lambda: q.put(1), lambda: got.append(q.get()))
            assert got == [1]",
        "q, got = queue.SimpleQueue(), []
            together(lambda: q.put(1), lambda: got.append(q.get()))
            assert got == [1]",
        "r, box = threading.RLock(), Box()
            box.n = 0
            def work():
                with r:
                    with r: box.n += 1
            together(work, work)
            assert box.n == 2",
        "l = threading.local()
            def work(name):
                l.x = name
                assert l.x == name
            together(lambda: work(1), lambda: work(2))",
        "with ThreadPoolExecutor(1) as pool: assert pool.submit(lambda: 7).result() == 7",
        "ran = []
            t = threading.Timer(5, lambda: ran.append(1))
            t.start()
            t.join()
            assert ran",
    ] {
        let model = holds(&format!("\n        def race_it():\n            {body}\n"));
        assert!(model["executions"].as_u64() >= Some(1), "{model:#}");
    }
}

#[test]
fn a_loop_that_waits_is_no_hang() {
    let waits = "
        def race_spin():
            box = Box()
            box.ready, box.data = False, 0
            def wait():
                while not box.ready: pass
                assert box.data == 1
            def publish():
                box.data = 1
                box.ready = True
            together(wait, publish)
        ";
    holds(waits);
    let swapped = waits
        .replace("box.data = 1\n", "box.x = 1\n")
        .replace("box.ready = True", "box.ready = True\n                box.data = 1");
    fails(&swapped, "fails");
    fails(&waits.replace("box.ready = True", "pass"), "livelock");
    // Sleeping keeps nothing, and what a function of the model's keeps is announced.
    let ready = "
        def is_ready(box): return box.ready
        ";
    let calls = format!("{ready}{}", waits.replace("not box.ready", "not is_ready(box)"));
    for waits in [waits, &calls] {
        let sleeps = waits.replace(": pass", ": time.sleep(0.1)");
        holds(&sleeps);
        fails(&sleeps.replace("box.ready = True", "pass"), "livelock");
    }
    let event = waits
        .replace("box.ready, box.data = False, 0", "box.event, box.data = threading.Event(), 0")
        .replace("not box.ready: pass", "not box.event.is_set(): time.sleep(0.1)")
        .replace("box.ready = True", "box.event.set()");
    holds(&event);
    // One that calls something else may count its turns: it is followed for a few, and that is said.
    for counts in ["time.monotonic()", "str(1)"] {
        let counts = waits.replace(": pass", &format!(": {counts}"));
        let model = only(&counts, &[]);
        assert_eq!(model["verdict"], "bounded", "{model:#}");
    }
    let giving_up = "
        def race_gives_up():
            box = Box()
            box.ready = False
            def wait():
                for _ in range(10):
                    if box.ready: return
            together(wait)
        ";
    assert_eq!(only(giving_up, &[])["verdict"], "bounded");
}

#[test]
fn a_gil_adds_no_executions() {
    // What can be told apart with a GIL can be so without one, too.
    let queue = "
        def race_queue():
            q = queue.Queue()
            threads = [threading.Thread(target=q.put, args=(1,)) for _ in range(2)]
            for t in threads: t.start()
            got = [q.get(), q.get()]
            for t in threads: t.join()
            return got
        ";
    let pool = "
        def race_pool():
            with ThreadPoolExecutor(2) as pool:
                return pool.submit(lambda: 1).result()
        ";
    for source in [queue, pool] {
        let (free, gil) = (only(source, &[]), only(source, &["--gil"]));
        assert_eq!((&free["verdict"], &gil["verdict"]), (&"holds".into(), &"holds".into()));
        let count = |model: &Value| model["executions"].as_u64().expect("a number");
        assert!(count(&gil) <= count(&free), "{gil:#}");
    }
}

#[test]
fn time_outs_are_explored_and_take_no_time() {
    let source = "
        def race_time_out():
            lock, got = threading.Lock(), []
            def hold():
                with lock: time.sleep(3600)
            def wait():
                got.append(lock.acquire(timeout=1800))
                if got[0]: lock.release()
            together(hold, wait)
            return got[0]
        ";
    assert_eq!(outcomes(source, &[]), ["False", "True"]);
}

#[test]
fn deadlocks_say_who_waits_for_whom() {
    let model = fails(
        "
        def race_lock_order():
            a, b = threading.Lock(), threading.Lock()
            def work(first, second):
                with first:
                    with second: pass
            together(lambda: work(a, b), lambda: work(b, a))
        ",
        "deadlock",
    );
    let blocked = model["finding"]["blocked"].as_array().expect("who waits");
    let holders: Vec<_> = blocked.iter().map(|blocked| blocked["holder"].as_u64()).collect();
    // The main thread waits for the first, and the two for each other.
    assert_eq!(holders, [Some(1), Some(2), Some(1)], "{model:#}");
    assert!(blocked.iter().all(|blocked| blocked["place"].as_str().is_some()), "{model:#}");
    fails(
        "
        def race_lost_wake_up():
            c, box = threading.Condition(), Box()
            box.ready = False
            def wait():
                if not box.ready:
                    with c: c.wait()
            def wake():
                box.ready = True
                with c: c.notify()
            together(wait, wake)
        ",
        "deadlock",
    );
}

#[test]
fn each_verdict_has_its_exit_status() {
    let model = |body: &str| format!("\n        def race_it():\n            {body}\n");
    for (body, status) in [
        ("together(lambda: None)", 0),
        ("assert False", 1),
        ("together(lambda: 1 / 0)", 1),
        ("l = threading.Lock(); l.acquire(); together(l.acquire)", 3),
        (
            "box = Box(); box.x = 0
            def wait():
                while not box.x: pass
            together(wait)",
            4,
        ),
        ("threading.Thread(target=print).start()", 5),
    ] {
        race(&model(body), &[]).exits(status);
    }
}

#[test]
fn attributes_that_are_stored_by_other_ways_are_seen() {
    for store in
        ["setattr(box, 'n', n + 1)", "box.__dict__['n'] = n + 1", "vars(box).update(n=n + 1)"]
    {
        let source = format!(
            "
        def race_lost():
            box = Box()
            setattr(box, 'n', 0)
            def work():
                n = box.n
                {store}
            together(work, work)
            assert box.n == 2
        "
        );
        let model = only(&source, &[]);
        assert_eq!(model["verdict"], "fails", "{store}: {model:#}");
    }
    // A descriptor, as of `cached-property` and its kin.
    fails(
        "
        class once:
            def __init__(self, make): self.make = make
            def __get__(self, owner, kind):
                value = owner.__dict__[self.make.__name__] = self.make(owner)
                return value
        class Lazy:
            made = 0
            @once
            def value(self):
                self.made += 1
                return object()
        def race_twice():
            lazy = Lazy()
            together(lambda: lazy.value, lambda: lazy.value)
            assert lazy.made == 1
        ",
        "fails",
    );
}

#[test]
fn a_failure_says_whether_the_gil_hides_it() {
    let gil = |body: &str| {
        let source = format!(
            "
        def race_counter():
            box = Box()
            box.n = 0
            def one(): return 1
            def work(): {body}
            together(work, work)
            assert box.n == 2
        "
        );
        fails(&source, "fails")["finding"]["gil"]["verdict"].clone()
    };
    assert_eq!(gil("box.n += 1"), "hidden");
    // A call is a place to switch, but not that of `len` (CALL_LEN).
    assert_eq!(gil("box.n = box.n + one()"), "possible");
    assert_eq!(gil("box.n = box.n + max(1, 0)"), "possible");
    assert_eq!(gil("box.n = box.n + len('x')"), "hidden");
}

#[test]
fn what_cannot_be_explored_is_an_error() {
    togil(["race", "missing.py"]).output().exits(2).complains("missing.py");
    let output = togil(["race"]).file("m.py", "x = 1").args(["m.py"]).output().exits(2);
    output.complains("there is no model in 'm.py'");
    let output = togil(["race"]).file("m.py", "def race_x(): pass").args(["m.py", "-k", "y"]);
    output.output().exits(2).complains("there are race_x");
    let output = togil(["race"]).file("m.py", "def (:").args(["m.py"]).output().exits(2);
    output.complains("SyntaxError");
    let output = togil(["race"]).file("m.py", "1 / 0").args(["m.py"]).output().exits(2);
    output.complains("ZeroDivisionError");
}

#[test]
fn a_token_replays_the_failure_also_after_an_edit() {
    let source = "
        def race_lost():
            box = Box()
            box.n = 0
            def work(): box.n += 1
            together(work, work)
            assert box.n == 2
        ";
    let finding = fails(source, "fails")["finding"].clone();
    assert_eq!(finding["preemptions"], 1);
    let token = finding["token"].as_str().expect("a token");
    let replay = |text: String, token: &str| {
        togil(["race"]).file("model.py", &text).args(["model.py", "--replay", token]).output()
    };
    let text = format!("{TOGETHER}{}", dedented(source));
    let output = replay(text.clone(), token).exits(1);
    assert!(output.stdout.contains("fails again race_lost"), "{}", output.stdout);
    assert!(output.stdout.contains("all of its"), "{}", output.stdout);
    let edited = replay(format!("{text}\nX = 'an edit elsewhere'\n"), token).exits(1);
    assert!(edited.stdout.contains("the file was edited since"), "{}", edited.stdout);
    let mended = text.replace("box.n += 1", "pass").replace("== 2", "== 0");
    let output = replay(mended, token).exits(0);
    assert!(output.stdout.contains("went on by itself"), "{}", output.stdout);
    replay(text.clone(), &token[..token.len() - 1]).exits(2).complains("damaged");
    replay(text.clone(), "x").exits(2).complains("not a token");
    replay(text.replace("race_lost", "race_other"), token).exits(2).complains("race_lost");
}

#[test]
fn every_strategy_finds_a_lost_update_and_says_how_far_it_looked() {
    let racy = "
        def race_lost():
            box = Box()
            box.n = 0
            def work(): box.n += 1
            together(work, work)
            assert box.n == 2
        ";
    let correct = racy.replace("box.n += 1", "pass").replace("== 2", "== 0");
    for (strategy, verdict) in
        [("exhaustive", "holds"), ("bounded", "bounded"), ("pct", "bounded"), ("random", "bounded")]
    {
        let args = ["--strategy", strategy, "--schedules", "500"];
        for seed in ["0", "1", "2"] {
            let args = [&args[..], &["--seed", seed]].concat();
            assert_eq!(only(racy, &args)["verdict"], "fails", "{strategy}");
        }
        assert_eq!(only(&correct, &args)["verdict"], verdict, "{strategy}");
    }
}

#[test]
fn the_example_is_what_the_readme_shows() {
    let example = include_str!("../../../examples/races/account.py");
    let output = togil(["race"]).file("account.py", example).args(["account.py"]).output().exits(1);
    for said in [
        "FAILS race_deposits: found free-threaded",
        "hidden by the GIL: appears only free-threaded",
        "holds race_deposits_with_a_lock: explored everything",
        "DEADLOCK race_transfers",
        "Thread-1 (<lambda>) waits for a lock that Thread-2 (<lambda>) has at account.py:48",
    ] {
        assert!(output.stdout.contains(said), "{said}: {}", output.stdout);
    }
}

#[test]
fn reports_for_code_hosts_and_ci_systems() {
    let example = include_str!("../../../examples/races/account.py");
    let run = |args: &[&str]| {
        togil(["race"]).file("account.py", example).args(["account.py"]).args(args).output()
    };
    // `/dev/stdout` is the file that the test can read.
    let sarif = run(&["--sarif", "/dev/stdout", "--json", "-k", "deposits"]).exits(1).stdout;
    let mut documents = serde_json::Deserializer::from_str(&sarif).into_iter::<Value>();
    let found = documents.find_map(|document| {
        let document = document.expect("JSON");
        (document["version"] == "2.1.0").then_some(document)
    });
    let result = found.expect("a SARIF document")["runs"][0]["results"][0].clone();
    assert_eq!(result["ruleId"], "fails");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "account.py");
    assert_eq!(place["region"]["startLine"], 25);
    let all = run(&["--sarif", "out.sarif", "-k", "transfers"]).exits(3).read("out.sarif");
    let all: Value = serde_json::from_str(&all).expect("JSON");
    let place = &all["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 48, "where they wait for each other");
    let junit = run(&["--junit", "/dev/stdout"]).exits(1).stdout;
    assert!(junit.contains("tests=\"3\" failures=\"2\""), "{junit}");
    assert!(
        junit.contains("<failure type=\"deadlock\" message=\"DEADLOCK race_transfers"),
        "{junit}"
    );
    run(&["--junit", "/missing/x"]).exits(2).complains("cannot write '/missing/x'");
}
