//! Objects and functions that are written in Rust, explored.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use togil::race::{Report, Search, Verdict, explore};
use togil::{Class, Function, FunctionBuilder, Interpreter, Module};

use crate::harness::passes_in_a_process_of_its_own;

struct Counter {
    n: i64,
    /// Other objects may have it, too.
    shared: Arc<AtomicI64>,
}

/// The module `app`, whose `&T` methods and functions are described by `describe`.
fn app(describe: fn(&str) -> FunctionBuilder) -> Module {
    let shared = Arc::new(AtomicI64::new(0));
    let (of_new, of_reset) = (shared.clone(), shared);
    let relaxed = Ordering::Relaxed;
    let class = Class::<Counter>::builder("Counter")
        .init("__init__", move |(): ()| Counter { n: 0, shared: of_new.clone() })
        .property_mut("n", |this| this.n, |this, n: i64| this.n = n)
        .property("total", move |this| this.shared.load(relaxed))
        .method_mut("add", |this, (): ()| this.n += 1)
        .method(describe("bump"), move |this, (): ()| this.shared.fetch_add(1, relaxed))
        .method(describe("peek"), move |this, (): ()| this.shared.load(relaxed))
        .build();
    let reset = move |(): ()| of_reset.store(0, relaxed);
    let double = |(n,): (i64,)| 2 * n;
    let module = Module::builder("app").class(class);
    let module = module.function(describe("reset").build(reset));
    module.function(describe("double").build(double)).build().expect("a module")
}

/// Explores the body of a model.
fn run(describe: fn(&str) -> FunctionBuilder, body: &str) -> Report {
    let source = format!(
        "
import app, threading, togil
from app import Counter
class Box: pass
def together(*functions):
    threads = [threading.Thread(target=f) for f in functions]
    for t in threads: t.start()
    for t in threads: t.join()
def race_it():
    app.reset()
    a, b, out = Counter(), Counter(), Box()
    out.x = out.y = None
    {}
",
        body.replace('\n', "\n    ")
    );
    let builder = Interpreter::builder().module(app(describe));
    let reports = explore(builder, &source, Search::default()).expect("explored");
    reports.into_iter().next().expect("a report")
}

fn plain(name: &str) -> FunctionBuilder {
    Function::builder(name)
}

fn isolated(name: &str) -> FunctionBuilder {
    Function::builder(name).isolated()
}

#[track_caller]
fn holds_in(executions: usize, describe: fn(&str) -> FunctionBuilder, body: &str) {
    let report = run(describe, body);
    assert_eq!(
        (report.verdict, report.executions),
        (Verdict::Holds, executions),
        "{body}: {report}"
    );
}

/// The ends that a model can come to.
#[track_caller]
fn ends(body: &str) -> Vec<String> {
    let report = run(plain, body);
    assert_eq!(report.verdict, Verdict::Holds, "{body}: {report}");
    report.outcomes.into_keys().collect()
}

#[test]
fn objects_of_the_host_are_variables() {
    passes_in_a_process_of_its_own("race_hosts::objects_of_the_host_are_variables_itself");
}

#[test]
#[ignore = "the lab takes over threading in the process"]
fn objects_of_the_host_are_variables_itself() {
    holds_in(1, plain, "together(a.add, b.add)\nassert a.n == b.n == 1");
    holds_in(2, plain, "together(a.add, a.add)\nassert a.n == 2");
    // Two increments of a property, each a read and a write: as many orders as for a Python object.
    let both = "def both(c):\n    c.n += 1\ntogether(lambda: both(a), lambda: both(OTHER))";
    holds_in(1, plain, &both.replace("OTHER", "b"));
    holds_in(4, plain, &both.replace("OTHER", "a"));
    let report = run(plain, &(both.replace("OTHER", "a") + "\nassert a.n == 2"));
    assert_eq!(report.verdict, Verdict::Fails, "{report}");
    // A method changes what a property reads.
    let read = "def read():\n    out.x = a.n\ntogether(a.add, read)\nreturn out.x";
    assert_eq!(ends(read), ["0", "1"]);
}

#[test]
fn what_objects_share_in_rust_is_not_left_out() {
    passes_in_a_process_of_its_own("race_hosts::what_objects_share_in_rust_is_not_left_out_itself");
}

#[test]
#[ignore = "the lab takes over threading in the process"]
fn what_objects_share_in_rust_is_not_left_out_itself() {
    // Of two objects: `&T` methods may change what both hold.
    let read = "def read():\n    out.x = b.peek()\ntogether(a.bump, read)\nreturn out.x";
    assert_eq!(ends(read), ["0", "1"]);
    let total = "def read():\n    out.x = b.total\ntogether(a.bump, read)\nreturn out.x";
    assert_eq!(ends(total), ["0", "1"]);
    let reset =
        "a.bump()\ndef read():\n    out.x = b.total\ntogether(app.reset, read)\nreturn out.x";
    assert_eq!(ends(reset), ["0", "1"]);
    holds_in(2, plain, "together(a.bump, b.bump)");
    holds_in(1, isolated, "together(a.bump, b.bump)");
    holds_in(2, plain, "together(lambda: app.double(1), lambda: app.double(2))");
    holds_in(1, isolated, "together(lambda: app.double(1), lambda: app.double(2))");
    holds_in(2, isolated, "together(a.bump, a.bump)");
}

#[test]
fn each_shared_type_is_a_variable_and_all_of_it_is_seen() {
    passes_in_a_process_of_its_own(
        "race_hosts::each_shared_type_is_a_variable_and_all_of_it_is_seen_itself",
    );
}

#[test]
#[ignore = "the lab takes over threading in the process"]
fn each_shared_type_is_a_variable_and_all_of_it_is_seen_itself() {
    for (make, change, other, sees, answers) in [
        ("togil.AtomicInt(0)", "s.set(1)", "o.set(1)", "int(s)", ["0", "1"]),
        ("togil.AtomicInt(0)", "s.set(1)", "o.set(1)", "bool(s)", ["False", "True"]),
        (
            "togil.AtomicInt(0)",
            "s.set(1)",
            "o.set(1)",
            "repr(s)",
            ["'AtomicInt(0)'", "'AtomicInt(1)'"],
        ),
        ("togil.SharedDict()", "s['k'] = 1", "o['k'] = 1", "len(s)", ["0", "1"]),
        ("togil.SharedDict()", "s['k'] = 1", "o['k'] = 1", "'k' in s", ["False", "True"]),
        ("togil.Channel(1)", "s.close()", "o.close()", "s.closed", ["False", "True"]),
        ("togil.Channel(1)", "s.send(1)", "o.send(1)", "s.qsize()", ["0", "1"]),
        (
            "togil.ReadWriteLock()",
            "s.acquire_write()",
            "o.acquire_write()",
            "s.writing",
            ["False", "True"],
        ),
        ("togil.ReadWriteLock()", "s.acquire_read()", "o.acquire_read()", "s.readers", ["0", "1"]),
    ] {
        let make = format!(
            "s, o = {make}, {make}\ndef change():\n    {change}\ndef other():\n    {other}\n"
        );
        let read = format!("def read():\n    out.x = {sees}\ntogether(change, read)\nreturn out.x");
        assert_eq!(ends(&(make.clone() + &read)), answers, "{sees}");
        holds_in(1, plain, &(make.clone() + "together(change, other)"));
        holds_in(
            1,
            plain,
            &(make + "together(lambda: (SEES, SEES), lambda: SEES)").replace("SEES", sees),
        );
    }
}

#[test]
fn who_waits_for_several_objects_is_woken_by_each() {
    passes_in_a_process_of_its_own(
        "race_hosts::who_waits_for_several_objects_is_woken_by_each_itself",
    );
}

#[test]
#[ignore = "the lab takes over threading in the process"]
fn who_waits_for_several_objects_is_woken_by_each_itself() {
    let body = "c, d = togil.Channel(1), togil.Channel(1)
def take():
    first = togil.select([c, d])[1]
    out.x = first, togil.select([c, d])[1]
together(take, lambda: c.send(1), lambda: d.send(2))
return out.x";
    assert_eq!(ends(body), ["(1, 2)", "(2, 1)"]);
    // The old value is there until the function has returned.
    let body = "d = togil.SharedDict()
d['k'] = 0
def change():
    d.update_with('k', lambda old: togil.AtomicInt(0).get() + 1)
def read():
    out.x = d['k']
together(change, read)
return out.x";
    assert_eq!(ends(body), ["0", "1"]);
}
