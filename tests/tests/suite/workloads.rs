//! The workloads that `togil ab` bundles: each does its work and comes to the same result, whatever
//! the number of threads.

use std::path::{Path, PathBuf};

use crate::harness::togil;

fn workloads() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/workloads");
    let files = std::fs::read_dir(directory).expect("the workloads");
    let files = files.map(|file| file.expect("a file").path());
    let mut scripts: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "py")).collect();
    scripts.sort();
    scripts
}

/// What a workload prints; the small scale is for the tests' sake.
fn result(script: &Path, threads: &str) -> String {
    let source = std::fs::read_to_string(script).expect("a workload");
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src/cli/ab/library.py");
    let is_library = source.lines().any(|line| line.starts_with("def setup("));
    let runner = is_library.then_some(runner);
    let script = runner.as_deref().into_iter().chain([script]).map(Path::as_os_str);
    let arguments = ["--threads", threads, "--scale", "0.02"].map(std::ffi::OsStr::new);
    // One may say on stderr that it has to do without a module.
    togil(["run"]).args(script.chain(arguments)).output().exits(0).stdout
}

#[test]
fn come_to_the_same_result_with_any_number_of_threads() {
    let workloads = workloads();
    assert!(workloads.len() >= 24, "{workloads:?}");
    for script in workloads {
        let one = result(&script, "1");
        let name = script.file_stem().expect("a name").to_string_lossy();
        assert!(one.starts_with(&format!("{name} ok")), "{one}");
        assert_eq!(result(&script, "3"), one, "{name}");
    }
}
