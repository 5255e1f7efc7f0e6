//! What `togil race` shows of a finding, and which findings it lets be.

use serde_json::{Value, json};

use crate::harness::{Output, togil};

const LOST: &str = r#"import threading
class Box: pass
def race_lost():
    box = Box()
    box.n = 0
    def work():
        box.n += 1
    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert box.n == 2
"#;

/// `togil race ARGS model.py`.
fn race(source: &str, args: &[&str]) -> Output {
    togil(["race"]).file("model.py", source).args(args).args(["model.py"]).output()
}

fn document(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.dump()))
}

/// The conflicting steps of the only model: what is done, and the value.
#[track_caller]
fn steps(source: &str) -> Vec<(String, Value)> {
    let document = document(&race(source, &["--json"]));
    let finding = &document["models"][0]["finding"];
    assert_eq!(finding["replayed"], 10, "{document:#}");
    let steps = finding["witness"]["steps"].as_array().expect("steps").iter();
    let steps = steps.filter(|step| step["conflicts"] == true);
    let said = |step: &Value| step["operation"].as_str().expect("words").to_owned();
    steps.map(|step| (said(step), step["value"].clone())).collect()
}

/// A model in which two threads do `update`.
fn updated(make: &str, update: &str) -> String {
    LOST.replace("box.n = 0", make).replace("box.n += 1", update).replace("box.n == 2", "False")
}

#[test]
fn a_lost_update_is_seen_by_its_values() {
    let expected = [
        ("read Box.n".to_owned(), json!("0")),
        ("read Box.n".to_owned(), json!("0")),
        ("write Box.n".to_owned(), json!("1")),
        ("write Box.n".to_owned(), json!("1")),
    ];
    assert_eq!(steps(LOST), expected);
    let text = race(LOST, &[]).exits(1).stdout;
    assert!(text.contains("model.py:7 read Box.n = 0 *"), "{text}");
    assert!(text.contains("model.py:7 write Box.n = 1 *"), "{text}");
}

#[test]
fn values_are_told_of_every_kind_of_variable() {
    for (make, update, read, written) in [
        ("d = {'n': 1.5}", "d['n'] += 1", "1.5", "2.5"),
        ("xs = [True]", "xs[-1] = None", "None", "None"),
        ("n = b'a'", "nonlocal n; n += b'b'", "b'a'", "b'ab'"),
        ("globals()['N'] = 'a'", "global N; N += 'b'", "'a'", "'ab'"),
        ("Box.n = ()", "Box.n += (1,)", "<tuple of 0>", "<tuple of 1>"),
        ("box.n = 10 ** 30", "box.n += 1", "10000000000000000000000…", "10000000000000000000000…"),
        ("box.n = Box()", "box.n = box.n", "<Box>", "<Box>"),
    ] {
        let steps = steps(&updated(make, update));
        let of = |verb: &str| {
            let step = steps.iter().find(|(said, _)| said.starts_with(verb));
            step.unwrap_or_else(|| panic!("{update}: no {verb} in {steps:?}")).1.clone()
        };
        assert_eq!(of("write"), written, "{update}");
        if written != "None" {
            assert_eq!(of("read"), read, "{update}");
        }
    }
}

#[test]
fn no_code_of_the_model_runs_for_a_value() {
    let source = "
class Loud:
    def __repr__(self): raise SystemError('asked')
    __str__ = __len__ = __bool__ = __hash__ = __getattr__ = __repr__
class Shown:
    calls = 0
    @property
    def n(self):
        Shown.calls += 1
        return 1
    @n.setter
    def n(self, value): pass
";
    let source = source.to_owned() + &updated("box.n = Loud()", "box.n = box.n");
    let told = steps(&source);
    assert!(told.len() >= 4 && told.iter().all(|(_, value)| value == "<Loud>"), "{told:?}");
    let source = source.replace("box = Box()", "box = Shown()");
    let told = steps(&source.replace("assert False", "assert Shown.calls != 2"));
    let counted =
        told.iter().filter(|(said, _)| said.starts_with("write") && said.contains("calls"));
    assert_eq!(counted.count(), 2, "one for each read of the model's: {told:?}");
    let of_property = told.iter().filter(|(said, _)| said == "read Shown.n");
    assert!(of_property.clone().all(|(_, value)| value.is_null()), "{told:?}");
}

#[test]
fn a_comment_with_a_reason_lets_a_finding_be() {
    for place in ["box.n += 1", "def race_lost():"] {
        let comment = format!("{place}  # togil: ignore[race] counts <roughly>, see #12");
        let source = LOST.replace(place, &comment);
        let args = ["--json", "--sarif", "out.sarif", "--junit", "out.xml"];
        let output = race(&source, &args).exits(0);
        let model = &document(&output)["models"][0];
        assert_eq!(model["verdict"], "fails");
        assert_eq!(model["suppressed"]["reason"], "counts <roughly>, see #12");
        let sarif: Value = serde_json::from_str(&output.read("out.sarif")).expect("JSON");
        let expected =
            json!([{ "kind": "inSource", "justification": "counts <roughly>, see #12" }]);
        assert_eq!(sarif["runs"][0]["results"][0]["suppressions"], expected);
        let junit = output.read("out.xml");
        assert!(junit.contains("failures=\"0\" skipped=\"1\""), "{junit}");
        assert!(junit.contains("<skipped message=\"suppressed: counts &lt;roughly&gt;"), "{junit}");
        let text = race(&source, &[]).exits(0).stdout;
        assert!(text.starts_with("suppressed: counts <roughly>, see #12 (model.py:"), "{text}");
    }
}

#[test]
fn a_comment_about_another_verdict_lets_nothing_be() {
    let with =
        |kind: &str| LOST.replace("box.n += 1", &format!("box.n += 1  # togil: ignore[{kind}] x"));
    race(&with("deadlock"), &[]).exits(1).complains("model.py:7: nothing was found");
    race(&with("deadlock, fails"), &[]).exits(0);
}

#[test]
fn a_comment_that_lets_nothing_be_is_told() {
    let source = format!("{LOST}def race_fine():\n    return 1  # togil: ignore[race] why\n");
    let output = race(&source, &["--json"]).exits(1);
    assert!(output.stderr.contains("warning: model.py:13: nothing was found"), "{}", output.stderr);
    assert_eq!(document(&output)["notes"].as_array().map(Vec::len), Some(1));
    // What the others would find is not known.
    assert_eq!(race(&source, &["-k", "lost"]).exits(1).stderr, "");
}

#[test]
fn a_comment_without_a_reason_is_an_error() {
    let source = LOST.replace("box.n += 1", "box.n += 1  # togil: ignore[race]");
    race(&source, &[]).exits(2).complains("model.py:7: a finding is ignored without a reason");
    race(&format!("X = '# togil: ignore[race]'\n{LOST}"), &[]).exits(1);
}

#[test]
fn only_findings_that_a_baseline_has_not_fail() {
    let output = race(LOST, &["--write-baseline", "base.json"]).exits(0);
    assert!(output.stderr.contains("wrote 1 finding to 'base.json'"), "{}", output.stderr);
    let baseline = output.read("base.json");
    let with = |source: &str, args: &[&str]| {
        let run = togil(["race"]).file("model.py", source).file("base.json", &baseline);
        run.args(["model.py", "--baseline", "base.json"]).args(args).output()
    };
    let known = with(LOST, &["--sarif", "out.sarif"]).exits(0);
    assert!(known.stdout.starts_with("known: it is in the baseline"), "{}", known.stdout);
    let sarif: Value = serde_json::from_str(&known.read("out.sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["baselineState"], "unchanged");
    // What does not touch the lines that conflict changes nothing.
    with(&LOST.replace("import threading", "# new\nimport threading, os"), &[]).exits(0);
    with(&LOST.replace("box.n += 1", "box.n  += 1  # here"), &[]).exits(0);
    with(&LOST.replace("box.n += 1", "box.n += 2"), &[]).exits(1);
    with(&LOST.replace("race_lost", "race_other"), &[]).exits(1).complains("which is gone");
    let mended = LOST.replace("box.n += 1", "pass").replace("== 2", "== 0");
    with(&mended, &[])
        .exits(0)
        .complains("note: the baseline has 'fails' of race_lost, which is gone");
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error() {
    race(LOST, &["--baseline", "missing"]).exits(2).complains("cannot read the baseline 'missing'");
    let with = |text: &str| {
        let run = togil(["race"]).file("model.py", LOST).file("b", text);
        run.args(["model.py", "--baseline", "b"]).output().exits(2)
    };
    with("[").complains("'b' is not a baseline");
    with(r#"{"version": 9, "findings": []}"#).complains("has version 9");
    // It would lose what is known of the others.
    race(LOST, &["--write-baseline", "b", "-k", "lost"]).exits(2).complains("cannot be used with");
}

#[test]
fn pages_for_a_browser_are_written() {
    let output = race(LOST, &["--html", "a/b"]).exits(1);
    let index = output.read("a/b/index.html");
    assert!(index.contains("href=\"race_lost.html\""), "{index}");
    let page = output.read("a/b/race_lost.html");
    for outside in ["http:", "https:", "<script", "url(", "@import", "src="] {
        assert!(!page.contains(outside) && !index.contains(outside), "{outside}");
    }
    let command = page.split("togil race --replay ").nth(1).expect("a command line");
    let token = command.split(' ').next().expect("a token");
    race(LOST, &["--replay", token]).exits(1);
    race(LOST, &["--html", "model.py"]).exits(2).complains("cannot make 'model.py'");
}
