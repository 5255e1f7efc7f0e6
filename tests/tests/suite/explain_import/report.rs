//! What is printed: JSON, the tree, the column of the GIL, and the same from Rust.

use serde_json::Value;
use togil::{Cause, FindingKind, Host, ImportPolicy, LookupState};

use super::{explain, says};
use crate::GIL;
use crate::harness::togil;

fn json(output: &crate::harness::Output) -> Value {
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[test]
fn json_has_the_four_steps() {
    let output =
        explain(&[("tool.py", "import json")], &["--json", "tool", "missing_one"]).exits(1);
    let document = json(&output);
    assert_eq!(document["format"], 1);
    let tool = &document["imports"][0];
    assert_eq!(
        (&tool["name"], &tool["importable"], &tool["cause"]),
        (&"tool".into(), &true.into(), &Value::Null)
    );
    let module = &tool["modules"][0];
    assert_eq!(module["modules"]["state"], "absent");
    assert_eq!(module["find"]["winner"]["kind"], "source");
    let finders = module["find"]["finders"].as_array().expect("finders");
    let names: Vec<_> =
        finders.iter().map(|finder| finder["finder"].as_str().unwrap_or("")).collect();
    assert_eq!(names.last(), Some(&"PathFinder"));
    assert_eq!(finders.last().expect("one")["entries"][0]["from"], "the current directory");
    assert_eq!(module["compile"]["cache"]["state"], "absent");
    assert!(module["compile"]["compiled_ns"].as_u64().is_some_and(|ns| ns > 0));
    assert_eq!(module["execute"]["done"], true);
    assert_eq!(module["imports"][0]["name"], "json");
    assert_eq!(module["imports"][0]["imported_by"]["line"], 1);
    let missing = &document["imports"][1];
    assert_eq!((&missing["importable"], &missing["cause"]), (&false.into(), &"not-found".into()));
    assert_eq!(missing["culprit"], "missing_one");
}

const PROGRAM: &[(&str, &str)] = &[
    ("app/main.py", "import first\nimport second\nprint('out')"),
    ("app/first.py", "import third"),
    ("app/second.py", "import third"),
    ("app/third.py", ""),
];

#[test]
fn a_program_is_drawn_as_a_tree() {
    let output = explain(PROGRAM, &["--tree", "app/main.py"]).exits(0);
    assert_eq!(output.stderr, "out\n");
    let rows: Vec<&str> = output.stdout.lines().filter(|line| line.contains("/app/")).collect();
    assert_eq!(rows.len(), 3, "{}", output.dump());
    assert!(
        rows[0].contains("  first [") && rows[0].contains("first.py, compiled, line 1]"),
        "{}",
        rows[0]
    );
    assert!(rows[1].contains("    third [") && rows[1].contains("third.py, compiled, line 1]"));
    assert!(rows[2].contains("  second [") && rows[2].contains(", line 2]"), "{}", rows[2]);
    says(output, 0, &["own  with imports  gil  module", " imports\n", "  gil: "]);
}

#[test]
fn times_in_a_tree_add_up() {
    let output = explain(PROGRAM, &["--tree", "--json", "app/main.py"]).exits(0);
    let document = json(&output);
    let modules = document["program"]["modules"].as_array().expect("modules");
    let number = |module: &Value, name: &str| module[name].as_u64().expect("a time");
    // The VM imports something itself before it runs a script.
    let first = modules.iter().find(|module| module["name"] == "first").expect("the first");
    let third = &first["imports"][0];
    assert_eq!(number(first, "own_ns") + number(third, "total_ns"), number(first, "total_ns"));
    assert_eq!(third["imported_by"]["module"], "first");
    assert!(number(third, "own_ns") > 0);
}

#[test]
fn a_program_that_fails_is_explained() {
    let files = [("main.py", "import first"), ("first.py", "import missing_one")];
    let output = says(
        explain(&files, &["--tree", "main.py"]),
        1,
        &[
            "ModuleNotFoundError]",
            "first: not importable: it was found, but it imports missing_one ({}/first.py:1)",
        ],
    );
    output.complains("No module named 'missing_one'");
    says(
        explain(&[("main.py", "raise SystemExit(3)")], &["--tree", "main.py"]),
        0,
        &[" imports\n"],
    );
    togil(["explain-import", "--tree", "missing.py"])
        .output()
        .exits(2)
        .complains("can't open file");
}

#[test]
fn a_module_that_its_package_makes_is_not_missing() {
    let files = [
        ("main.py", "import pack.made"),
        ("pack/__init__.py", "import sys; sys.modules['pack.made'] = sys"),
    ];
    let output = explain(&files, &["--tree", "main.py"]);
    says(output, 0, &["pack.made [made by its package, line 1]"]);
}

#[test]
fn a_program_with_threads_and_arguments_is_watched() {
    let source = "
        import sys, threading
        def work():
            import tool
        thread = threading.Thread(target=work); thread.start(); thread.join()
        print(sys.argv)
        ";
    let output = explain(&[("main.py", source), ("tool.py", "")], &["--tree", "main.py", "--json"]);
    let output = says(output, 0, &["tool [{}/tool.py, compiled, line 3]"]);
    assert_eq!(output.stderr, "['main.py', '--json']\n");
}

#[test]
fn the_import_system_is_as_before_afterwards() {
    let host = Host::builder().workers(1).build().expect("a host");
    let functions = "(lambda b, e: [id(b._find_and_load), id(b._find_spec), id(b._load_unlocked), \
                     id(vars(e.SourceLoader)['get_code'])])(__import__('_frozen_importlib'), \
                     __import__('_frozen_importlib_external'))";
    let before: Vec<u64> = host.eval(functions).expect("identities");
    assert!(host.explain_import("colorsys").expect("a report").importable);
    assert!(!host.explain_import("colorsis").expect("a report").importable);
    let after: Vec<u64> = host.eval(functions).expect("identities");
    assert_eq!(before, after);
}

#[test]
fn a_host_explains_its_imports() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("mine.py"), "import colorsys\nx = 1").expect("a file");
    for isolated in [false, true] {
        let path = folder.path().display().to_string();
        let host = Host::builder()
            .workers(1)
            .isolated(isolated)
            .import_path(path)
            .build()
            .expect("a host");
        let report = host.explain_import("mine").expect("a report");
        assert!(report.importable, "{report}");
        assert_eq!(report.modules[0].imports[0].name, "colorsys");
        assert_eq!(host.eval::<i64>("__import__('mine').x").expect("it is imported"), 1);
        let again = host.explain_import("mine").expect("a report");
        assert_eq!(again.modules[0].modules.state, LookupState::There);
        assert!(
            again.findings.iter().any(|finding| finding.kind == FindingKind::AlreadyImported),
            "{again}"
        );
        let missing = host.explain_import("mien").expect("a report");
        assert_eq!(missing.cause, Some(Cause::NotFound));
        assert!(missing.to_string().contains("did you mean mine"), "{missing}");
    }
}

#[test]
fn what_a_policy_forbids_is_said_and_not_imported() {
    let policy = ImportPolicy::allow(["mine", "json"]);
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("mine.py"), "import colorsys").expect("a file");
    let path = folder.path().display().to_string();
    let host =
        Host::builder().workers(1).import_policy(policy).import_path(path).build().expect("a host");
    let report = host.explain_import("colorsys").expect("a report");
    assert_eq!((report.importable, report.cause), (false, Some(Cause::Policy)));
    assert!(
        report.verdict.contains("the host does not allow scripts to import 'colorsys'"),
        "{report}"
    );
    // It would be there.
    assert!(report.modules[0].find.as_ref().expect("a search").winner.is_some(), "{report}");
    assert!(!host.eval::<bool>("'colorsys' in __import__('json').sys.modules").unwrap_or(false));
    let inside = host.explain_import("mine").expect("a report");
    assert_eq!(inside.cause, Some(Cause::Policy), "{inside}");
    assert!(inside.verdict.contains("mine.py:1"), "{inside}");
    assert!(host.explain_import("json").expect("a report").importable);
}

/// In a process of its own: such a module turns the GIL on for all of it.
#[test]
fn the_module_that_turned_the_gil_on_is_named_with_who_imported_it() {
    let output = togil(["lent-explain", "outer"])
        .file("outer.py", "import json\nimport inner")
        .file("inner.py", "import safe\nimport needs_gil, needs_it_too")
        .output()
        .exits(0);
    let document = json(&output);
    let gil = &document["gil"];
    let users = gil["modules"].as_array().expect("modules");
    if GIL {
        assert_eq!((&gil["before"], &gil["after"], users.len()), (&true.into(), &true.into(), 0));
        return;
    }
    assert_eq!((&gil["before"], &gil["after"]), (&false.into(), &true.into()));
    let names: Vec<_> = users.iter().map(|user| (&user["name"], &user["turned_on"])).collect();
    assert_eq!(
        names,
        [(&"needs_gil".into(), &true.into()), (&"needs_it_too".into(), &false.into())]
    );
    let by: Vec<_> = users[0]["imported_by"].as_array().expect("places").iter().collect();
    assert_eq!((&by[0]["module"], &by[0]["line"]), (&"inner".into(), &2.into()));
    assert_eq!((&by[1]["module"], &by[1]["line"]), (&"outer".into(), &2.into()));
    assert!(
        output.stderr.contains("gil: needs_gil turned the GIL on; it was imported by inner ("),
        "{}",
        output.dump()
    );
}
