//! PyO3 with CPython, measured in the same run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The benchmarks that both have, by group and name.
const BOTH: [(&str, &str); 5] = [
    ("call", "Python from Rust, two ints"),
    ("call", "Rust from Python, two ints"),
    ("call", "empty Python loop"),
    ("serde round trip", "1 kB"),
    ("serde round trip", "1 MB"),
];

/// Runs the program of `benches/pyo3`, if it was built, and prints its times beside ours.
pub(crate) fn compare() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::var_os("TOGIL_BENCH_PYO3")
        .map_or_else(|| folder.join("pyo3/target/release/togil-bench-pyo3"), PathBuf::from);
    let ours: Vec<_> =
        BOTH.into_iter().filter_map(|(group, name)| Some((name, median(group, name)?))).collect();
    if ours.is_empty() {
        return;
    }
    let output = match Command::new(&program).output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => return eprintln!("PyO3: {}: {}", program.display(), output.status),
        Err(error) => {
            return eprintln!(
                "PyO3: not compared: {}: {error} (`cargo build --release` in benches/pyo3)",
                program.display()
            );
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    println!(
        "\nPyO3 with {} in the same run; median of one, in ns",
        text.lines().next().unwrap_or_default()
    );
    for (name, ours) in ours {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        let theirs = found.and_then(|rest| rest.split('\t').next()?.parse::<f64>().ok());
        match theirs {
            Some(theirs) => println!(
                "  {name:28} togil {ours:12.1}  PyO3 {theirs:12.1}  ratio {:.2}",
                ours / theirs
            ),
            None => println!("  {name:28} togil {ours:12.1}  PyO3 did not tell"),
        }
    }
}

/// What criterion has just measured, in ns.
fn median(group: &str, name: &str) -> Option<f64> {
    let path = togil_bench::results_directory().join(group).join(name).join("new/estimates.json");
    let age = std::fs::metadata(&path).ok()?.modified().ok()?.elapsed().ok()?;
    if age > std::time::Duration::from_secs(600) {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    // The one figure of the document that matters here.
    let rest = text.split_once("\"median\":")?.1.split_once("\"point_estimate\":")?.1;
    rest.split([',', '}']).next()?.trim().parse().ok()
}
