//! What the bytecode cache saves: the time to import a package of 200 modules, 40,000 lines, the first
//! time (compiled, and written) over the second. `cargo bench --ignore-rust-version -p togil-bench
//! [--features gil] --bench imports`
//!
//! The bar: the second import takes a fifth of the first at most. Each import is a process of its
//! own; the two take turns. Figures are medians, with the lowest and the highest.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use togil::{Interpreter, Python};

const RUNS: usize = 11;
const BAR: f64 = 0.2;

/// Set for the process that imports: the directory with the package.
const DIRECTORY: &str = "TOGIL_BENCH_IMPORTS";

/// What the modules import is there before the clock starts: it is not theirs.
const IMPORT: &str = "
import functools, os, sys, time
sys.path.insert(0, directory)
start = time.perf_counter()
import package
result = time.perf_counter() - start
";
const WRITE: &str = concat!(include_str!("package.py"), "\nresult = write(directory)\n");

fn main() -> ExitCode {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return finish(run(Path::new(&directory), IMPORT).map(|seconds| println!("{seconds}")));
    }
    // `cargo test` runs benchmarks with `--test`: once, to see that they work.
    let trial = std::env::args().any(|arg| arg == "--test");
    let scratch =
        Scratch(std::env::temp_dir().join(format!("togil-imports-{}", std::process::id())));
    finish(measure(&scratch.0, if trial { 1 } else { RUNS }, trial))
}

fn finish(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("imports: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(directory: &Path, runs: usize, trial: bool) -> Result<(), String> {
    std::fs::create_dir(directory).map_err(|error| error.to_string())?;
    let lines = run(directory, WRITE)?;
    println!("{}, {runs} runs, a package of 200 modules and {lines} lines", togil::LOCK_MODE);
    let cache = directory.join("package/__pycache__");
    let (mut first, mut second, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        // The first time there is none.
        let _ = std::fs::remove_dir_all(&cache);
        let times = (import(directory)?, import(directory)?);
        first.push(times.0 * 1e3);
        second.push(times.1 * 1e3);
        ratios.push(times.1 / times.0);
    }
    let [first, second, ratio] = [first, second, ratios].map(Spread::of);
    println!("first import {first:.0} ms, second {second:.0} ms");
    println!("second / first {ratio:.3}");
    if trial || ratio.median <= BAR {
        return Ok(());
    }
    Err(format!("the bar of {BAR} is NOT MET"))
}

/// The seconds that an import takes in a new process.
fn import(directory: &Path) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new(program).env(DIRECTORY, directory).output();
    let child = child.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&child.stdout);
    text.trim().parse().map_err(|_| String::from_utf8_lossy(&child.stderr).into_owned())
}

/// The `result` of a script.
fn run(directory: &Path, source: &str) -> Result<f64, String> {
    let interpreter = Interpreter::builder().build().map_err(|error| error.to_string())?;
    let run = |py: Python<'_>| {
        let scope = py.new_scope_with_builtins();
        let directory = py.ctx.new_str(directory.to_string_lossy().as_ref());
        scope.globals.set_item("directory", directory.into(), py.vm())?;
        py.run_string(scope.clone(), source, "imports.py")?;
        let result = scope.globals.get_item("result", py.vm())?;
        py.vm().call_method(&result, "__float__", ())?.try_into_value::<f64>(py.vm())
    };
    interpreter.attach(|py| {
        run(py).map_err(|error| {
            py.print_exception(&error);
            "the script failed".to_owned()
        })
    })
}

struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { least: values[0], median: values[values.len() / 2], most: values[values.len() - 1] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { least, median, most } = self;
        write!(f, "{median:.digits$} [{least:.digits$} to {most:.digits$}]")
    }
}

/// A directory that goes when the benchmark ends.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
