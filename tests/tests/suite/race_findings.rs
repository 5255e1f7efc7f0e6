//! Several findings of one model, of which some are let be.

use serde_json::Value;

use crate::harness::{Output, togil};

/// Two updates that can be lost, each with an assertion of its own.
const TWO: &str = r#"import threading
class Box: pass
def race_two():
    box = Box()
    box.n = box.m = 0
    def work():
        box.n += 1
        box.m += 1
    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert box.n == 2, 'n'
    assert box.m == 2, 'm'
"#;

fn race(source: &str, args: &[&str]) -> Output {
    togil(["race"]).file("model.py", source).args(args).args(["model.py"]).output()
}

/// The only model.
#[track_caller]
fn model(output: &Output) -> Value {
    let document: Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.dump()));
    document["models"][0].clone()
}

fn ignored(line: &str) -> String {
    format!("{line}  # togil: ignore[race] roughly is enough")
}

#[test]
fn a_finding_that_is_let_be_hides_no_other() {
    for (first, other, said) in
        [("box.n += 1", "box.m += 1", "m"), ("box.m += 1", "box.n += 1", "n")]
    {
        let source = TWO.replace(first, &ignored(first));
        let found = model(&race(&source, &["--json"]).exits(1));
        assert_eq!(found["finding"]["error"]["message"], format!("AssertionError: {said}"));
        assert_eq!(found["finding"]["replayed"], 10);
        assert_eq!(found["suppressed"], Value::Null);
        let source = source.replace(other, &ignored(other));
        let found = model(&race(&source, &["--json"]).exits(0));
        assert_eq!(found["verdict"], "fails");
        assert_eq!(found["others"].as_array().map(Vec::len), Some(1), "{found:#}");
    }
    // The first one is m's; n's is looked for past it.
    let text = race(&TWO.replace("box.m += 1", &ignored("box.m += 1")), &[]).exits(1).stdout;
    assert!(text.contains("\n  other finding let be: 1 suppressed\n"), "{text}");
}

#[test]
fn what_else_a_thread_does_to_shared_things_lets_nothing_be() {
    // Only the two reads of n and the write between them can go wrong.
    let source = TWO
        .replace("box.n += 1", &ignored("box.m += 1"))
        .replace(
            "        box.m += 1\n",
            "        if box.n == 0: box.n = 1; assert box.n == 1\n        box.n = 0\n",
        )
        .replace("box.n == 2, 'n'", "True")
        .replace("box.m == 2, 'm'", "True");
    let found = model(&race(&source, &["--json"]).exits(1));
    let steps = found["finding"]["witness"]["steps"].as_array().expect("steps").clone();
    let causes = steps.iter().filter(|step| step["is_cause"] == true);
    assert!(causes.clone().count() >= 3, "{found:#}");
    assert!(
        causes.clone().all(|step| step["operation"].as_str().is_some_and(|s| s.ends_with(".n")))
    );
}

#[test]
fn a_circle_of_locks_is_not_let_be_for_what_is_done_in_it() {
    let source = "import threading
class Box: n = 0
def race_circle():
    a, b = threading.Lock(), threading.Lock()
    box = Box()
    def work(one, other):
        box.n += 1  # togil: ignore[race] roughly is enough
        with one:
            with other: pass
    threads = [threading.Thread(target=work, args=args) for args in ((a, b), (b, a))]
    for t in threads: t.start()
    for t in threads: t.join()
    assert box.n == 2
";
    assert_eq!(model(&race(source, &["--json"]).exits(3))["verdict"], "deadlock");
}

#[test]
fn a_baseline_has_all_findings_of_a_model() {
    let output = race(TWO, &["--write-baseline", "base.json"]).exits(0);
    assert!(output.stderr.contains("wrote 2 findings"), "{}", output.stderr);
    let baseline = output.read("base.json");
    let with = |source: &str, baseline: &str| {
        let run = togil(["race"]).file("model.py", source).file("base.json", baseline);
        run.args(["--json", "model.py", "--baseline", "base.json"]).output()
    };
    assert_eq!(with(TWO, &baseline).exits(0).stderr, "");
    let mended = TWO.replace("        box.n += 1\n", "").replace("box.n == 2", "box.n == 0");
    with(&mended, &baseline).exits(0).complains("'fails' of race_two, which is gone");
    // One of them alone does not let the other be.
    let mut part: Value = serde_json::from_str(&baseline).expect("JSON");
    let left = part["findings"].as_array_mut().expect("findings").remove(0);
    let found = model(&with(TWO, &part.to_string()).exits(1));
    assert_eq!(found["fingerprint"], left["fingerprint"]);
}

#[test]
fn a_baseline_tells_models_of_one_name_apart() {
    let run = |args: &[&str], baseline: Option<&str>| {
        let mut run = togil(["race"]).file("one/model.py", TWO).file("two/model.py", TWO);
        if let Some(text) = baseline {
            run = run.file("kept/base.json", text);
        }
        run.args(args).output()
    };
    let written = run(&["one/model.py", "--write-baseline", "one/base.json"], None).exits(0);
    let baseline = written.read("one/base.json").replace("\"model.py\"", "\"../one/model.py\"");
    assert_ne!(baseline, written.read("one/base.json"), "{baseline}");
    // Where it lies is part of it.
    let moved = run(&["one/model.py", "--baseline", "kept/base.json"], Some(&baseline));
    moved.exits(1);
    let written = run(&["one/model.py", "--write-baseline", "base.json"], None).exits(0);
    let baseline = written.read("base.json");
    let with = |file: &str| {
        let run = togil(["race"]).file("one/model.py", TWO).file("two/model.py", TWO);
        run.file("base.json", &baseline).args([file, "--baseline", "base.json"]).output()
    };
    with("one/model.py").exits(0);
    with("./two/../one/model.py").exits(0);
    with("two/model.py").exits(1);
}

#[test]
fn a_baseline_of_the_first_version_is_read() {
    // Written by the version that had it, for this text: FNV-1a of the model, the verdict and the lines.
    let source = TWO.replace("        box.m += 1\n", "").replace("box.m == 2", "box.m == 0");
    let baseline = r#"{"version": 1, "findings": [{"fingerprint": "OLD", "file": "other.py",
        "model": "race_two", "verdict": "fails", "lines": ["box.n += 1"]}]}"#;
    let parts = ["race_two", "fails", "box.n += 1"];
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let run = togil(["race"]).file("model.py", &source);
    let run = run.file("b", &baseline.replace("OLD", &format!("{hash:016x}")));
    let output = run.args(["model.py", "--baseline", "b"]).output().exits(0);
    assert!(output.stderr.contains("of an older togil"), "{}", output.stderr);
}
