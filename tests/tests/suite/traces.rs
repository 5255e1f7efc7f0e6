//! `togil run --trace`: what each thread did when.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::GIL;
use crate::harness::togil;

const SCRIPT: &str = "\
import gc, threading, time
def work():
    end = time.monotonic() + 0.15
    while time.monotonic() < end: sum(range(50))
    time.sleep(0.02)
threads = [threading.Thread(target=work, name=f'worker-{n}') for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
gc.collect()
";

/// Start and end, in microseconds.
type Span = (f64, f64);

#[test]
fn a_trace_shows_who_ran_waited_slept_and_collected() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("trace.json");
    let file_name = file.to_str().expect("text");
    togil(["run", "--trace", file_name, "-c", SCRIPT]).output().success();
    let text = std::fs::read_to_string(&file).expect("the trace");
    let trace: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(trace["otherData"]["gilEnabled"], GIL);
    let events = trace["traceEvents"].as_array().expect("events");
    let mut spans: BTreeMap<&str, Vec<(i64, Span)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let (start, length) =
            (event["ts"].as_f64().expect("a time"), event["dur"].as_f64().expect("a time"));
        let name = event["name"].as_str().expect("a name");
        let thread = event["tid"].as_i64().expect("a number");
        spans.entry(name).or_default().push((thread, (start, start + length)));
    }
    let names = events.iter().filter(|event| event["ph"] == "M").count();
    assert!(names >= 4, "{names} threads are named");
    assert!(!spans["collecting garbage"].is_empty());
    assert!(spans["blocked"].iter().any(|(_, (start, end))| end - start > 15_000.0), "the sleeps");
    assert_eq!(spans.contains_key("waiting for the GIL"), GIL);

    let mut running = spans.remove("running").expect("somebody ran");
    running.sort_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
    let overlap = running.windows(2).any(|pair| {
        let ((a, first), (b, second)) = (pair[0], pair[1]);
        // A thousandth of a microsecond is lost on the way through JSON.
        a != b && second.0 + 0.002 < first.1
    });
    assert_eq!(overlap, !GIL, "with the GIL one runs at a time, without it several do");
}

#[test]
fn a_trace_that_cannot_be_written_is_found_before_the_script_runs() {
    let output = togil(["run", "--trace", "/nowhere/trace.json", "-c", "print('ran')"]).output();
    let output = output.exits(1).complains("cannot write to '/nowhere/trace.json'");
    assert_eq!(output.stdout, "");
    togil(["run", "--trace"]).output().exits(2).complains("Argument expected for the --trace");
}
