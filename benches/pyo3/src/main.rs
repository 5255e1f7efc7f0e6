//! The calls and conversions of `benches/host/` by PyO3. `cargo build --release` in this folder, and
//! `cargo bench --bench host` runs it, too, and prints the ratios.

#[path = "../../benches/host/records.rs"]
mod records;

use std::hint::black_box;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};

use records::{Record, records};

const ROUNDS: usize = 15;

/// Prints the median time of one of `times` calls of `f`, with the fastest and the slowest round, in ns,
/// after tabs.
fn measure(what: &str, times: u32, mut f: impl FnMut(u32) -> Duration) {
    f(times / 10 + 1);
    let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| f(times) / times).collect();
    rounds.sort_unstable();
    let (least, median, most) = (rounds[0], rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
    let [median, least, most] = [median, least, most].map(|time| time.as_secs_f64() * 1e9);
    println!("{what}\t{median:.1}\t{least:.1}\t{most:.1}");
}

#[pyfunction]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() -> PyResult<()> {
    Python::attach(|py| {
        println!("CPython {}", py.version().split(' ').next().unwrap_or_default());
        let scope = PyDict::new(py);
        py.run(c"def add(a, b): return a + b", Some(&scope), None)?;
        let python_add = scope.get_item("add")?.expect("defined");
        measure("Python from Rust, two ints", 100_000, |times| {
            let start = Instant::now();
            for n in 0..times {
                let sum = python_add.call1((black_box(i64::from(n)), 2_i64)).expect("a sum");
                black_box(sum.extract::<i64>().expect("an int"));
            }
            start.elapsed()
        });
        let module = PyModule::new(py, "app")?;
        module.add_function(wrap_pyfunction!(add, &module)?)?;
        scope.set_item("rust_add", module.getattr("add")?)?;
        for (what, call) in
            [("Rust from Python, two ints", "rust_add(n, 2)"), ("empty Python loop", "pass")]
        {
            let source = format!(
                "import time\ndef run(times):\n  start = time.perf_counter()\n  \
                 for n in range(times): {call}\n  return time.perf_counter() - start"
            );
            py.run(&std::ffi::CString::new(source).expect("no NUL"), Some(&scope), Some(&scope))?;
            let run = scope.get_item("run")?.expect("defined");
            measure(what, 100_000, |times| {
                let time: f64 =
                    run.call1((times,)).and_then(|time| time.extract()).expect("a time");
                Duration::from_secs_f64(time)
            });
        }
        for (what, bytes, times) in [("1 kB", 1_000, 2_000), ("1 MB", 1_000_000, 3)] {
            let records = records(bytes);
            measure(what, times, |times| {
                let start = Instant::now();
                for _ in 0..times {
                    let object = pythonize::pythonize(py, &records).expect("an object");
                    let back: Vec<Record> = pythonize::depythonize(&object).expect("records");
                    assert_eq!(back.len(), records.len());
                }
                start.elapsed()
            });
        }
        Ok(())
    })
}
