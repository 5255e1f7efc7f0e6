//! The convoy effect (bpo-7946): how much of its rate does an I/O-bound thread keep beside
//! CPU-bound ones? `cargo bench --ignore-rust-version -p togil-bench --features gil --bench convoy`
//!
//! The bar, with the GIL: beside one CPU-bound thread both keep at least 80 % of what they do
//! alone; beside four the I/O-bound one keeps at least 60 %. CPython 3.14's GIL keeps 10 %.
//! Figures are medians of five runs, with the lowest and the highest.

use std::process::ExitCode;

use togil::vm::PyResult;
use togil::{Interpreter, Python};

const SCRIPT: &str = include_str!("convoy.py");
const RUNS: usize = 5;
const SECONDS: f64 = 1.0;

/// CPU-bound threads, and what must be kept of the round trips and of the CPU rate.
const CASES: [(i32, f64, f64); 2] = [(1, 0.8, 0.8), (4, 0.6, 0.0)];

fn main() -> ExitCode {
    // `cargo test` runs benchmarks with `--test`: once, briefly, to see that they work.
    let trial = std::env::args().any(|arg| arg == "--test");
    let (runs, seconds) = if trial { (1, 0.05) } else { (RUNS, SECONDS) };
    let interpreter = match Interpreter::builder().build() {
        Ok(interpreter) => interpreter,
        Err(error) => {
            eprintln!("convoy: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut met = true;
    println!("{}, {runs} runs of {seconds} s each", togil::LOCK_MODE);
    for (threads, trips_bar, cpu_bar) in CASES {
        let samples: Vec<_> =
            (0..runs).map(|_| interpreter.attach(|py| measure(py, threads, seconds))).collect();
        let trips = Spread::of(samples.iter().map(|sample| sample.0));
        let cpu = Spread::of(samples.iter().map(|sample| sample.1));
        println!("beside {threads} CPU-bound: round trips kept {trips}, CPU rate kept {cpu}");
        met &= trips.median >= trips_bar && cpu.median >= cpu_bar;
    }
    if togil::gil_enabled() && !trial {
        println!("bar: {}", if met { "met" } else { "NOT MET" });
        return if met { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    ExitCode::SUCCESS
}

/// The shares kept, of the round trips and of the CPU rate.
fn measure(py: Python<'_>, threads: i32, seconds: f64) -> (f64, f64) {
    let run = || -> PyResult<(f64, f64)> {
        let scope = py.new_scope_with_builtins();
        py.run_string(scope.clone(), SCRIPT, "convoy.py")?;
        let main = scope.globals.get_item("main", py.vm())?;
        let result = main.call((threads, seconds), py.vm())?;
        let share = |name: &str| result.get_item(name, py.vm())?.try_into_value::<f64>(py.vm());
        Ok((share("trips_kept")?, share("cpu_kept")?))
    };
    run().unwrap_or_else(|error| {
        py.print_exception(&error);
        std::process::exit(1)
    })
}

struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self { least: values[0], median: values[values.len() / 2], most: values[values.len() - 1] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} [{:.2} to {:.2}]", self.median, self.least, self.most)
    }
}
