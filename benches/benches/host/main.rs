//! What a host costs: the way of a job to a worker and back, calls across the border, conversions,
//! starts, and the throughput of tiny jobs.

mod peer;
mod records;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use togil::vm::PyObjectRef;
use togil::{Error, Function, Host, Job, Module, Python, Script, from_python, to_python};

use records::{Record, records};

fn host(workers: usize) -> Host {
    Host::builder().workers(workers).build().expect("a host")
}

/// Runs `f` on a worker for as many iterations as criterion asks for.
fn on_worker<F>(host: &Host, iterations: u64, f: F) -> Duration
where
    F: Fn(Python<'_>, u64) -> Duration + Send + 'static,
{
    host.run(Job::new(move |py| Ok(f(py, iterations)))).expect("it runs")
}

fn jobs(c: &mut Criterion) {
    let mut group = c.benchmark_group("job");
    let host = host(1);
    group.bench_function("empty round trip", |b| {
        b.iter(|| host.run(Job::new(|_| Ok(()))).expect("it runs"));
    });
    let script = Script::compile("one", "1").expect("it compiles");
    group.bench_function("script round trip", |b| {
        b.iter(|| host.run(Job::<i64>::run(&script)).expect("a value"));
    });
    for workers in [1, 2, 4] {
        let host = self::host(workers);
        const JOBS: u64 = 1000;
        group.throughput(Throughput::Elements(JOBS));
        group.bench_function(BenchmarkId::new("1000 tiny jobs", workers), |b| {
            b.iter(|| {
                let jobs: Vec<_> =
                    (0..JOBS).map(|_| host.spawn(Job::<i64>::run(&script))).collect();
                jobs.into_iter().map(|job| job.join().expect("a value")).sum::<i64>()
            });
        });
    }
    group.finish();
}

fn function(py: Python<'_>, source: &str, name: &str) -> PyObjectRef {
    let scope = py.new_scope_with_builtins();
    py.run_string(scope.clone(), source, "<bench>").expect("valid Python");
    scope.globals.get_item(name, py.vm()).expect("defined")
}

fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("call");
    let add = Function::builder("add").arg("a").arg("b").build(|(a, b): (i64, i64)| a + b);
    let module = Module::builder("app").function(add).build().expect("a module");
    let host = Host::builder().workers(1).module(module).build().expect("a host");
    group.bench_function("Python from Rust, two ints", |b| {
        b.iter_custom(|iterations| {
            on_worker(&host, iterations, |py, iterations| {
                let add = function(py, "def add(a, b): return a + b", "add");
                let start = Instant::now();
                for n in 0..iterations {
                    let sum = add.call((black_box(n as i64), 2_i64), py.vm()).expect("a sum");
                    black_box(from_python::<i64>(py, &sum).expect("an int"));
                }
                start.elapsed()
            })
        });
    });
    for (what, call) in [
        ("Rust from Python, two ints", "add(n, 2)"),
        // What the VM takes for the same, without us.
        ("the VM's math.gcd, two ints", "gcd(n, 2)"),
        ("Python from Python, two ints", "both(n, 2)"),
        ("empty Python loop", "pass"),
    ] {
        let source = format!(
            "import time\nfrom math import gcd\nfrom app import add\ndef both(a, b): return a + b\n\
             def run(times):\n  start = time.perf_counter()\n  \
             for n in range(times): {call}\n  return time.perf_counter() - start"
        );
        group.bench_function(what, |b| {
            b.iter_custom(|iterations| {
                let source = source.clone();
                on_worker(&host, iterations, move |py, iterations| {
                    let run = function(py, &source, "run");
                    let time = run.call((iterations,), py.vm()).expect("a time");
                    Duration::from_secs_f64(from_python(py, &time).expect("a float"))
                })
            });
        });
    }
    group.finish();
}

fn values(c: &mut Criterion) {
    let mut group = c.benchmark_group("serde round trip");
    let host = host(1);
    for (name, bytes) in [("1 kB", 1_000), ("1 MB", 1_000_000)] {
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |b| {
            b.iter_custom(|iterations| {
                on_worker(&host, iterations, move |py, iterations| {
                    let records = records(bytes);
                    let start = Instant::now();
                    for _ in 0..iterations {
                        let object = to_python(py, &records).expect("an object");
                        let back: Vec<Record> = from_python(py, &object).expect("records");
                        assert_eq!(back.len(), records.len());
                    }
                    start.elapsed()
                })
            });
        });
    }
    group.finish();
}

fn starts(c: &mut Criterion) {
    let mut group = c.benchmark_group("start");
    group.sample_size(10);
    // The first of the process pays for more; it is kept, so that the others are not the first.
    let start = Instant::now();
    let _first = host(1);
    eprintln!("the first host of the process: {:?}", start.elapsed());
    let timed = |iterations: u64, make: &dyn Fn() -> Host| {
        (0..iterations)
            .map(|_| {
                let start = Instant::now();
                let host = make();
                let time = start.elapsed();
                drop(host);
                time
            })
            .sum()
    };
    group.bench_function("another host, 1 worker", |b| {
        b.iter_custom(|iterations| timed(iterations, &|| host(1)));
    });
    group.bench_function("another host, 9 workers", |b| {
        b.iter_custom(|iterations| timed(iterations, &|| host(9)));
    });
    group.finish();
}

/// The error type is part of the API that is measured: it should stay small.
const _: () = assert!(size_of::<Error>() <= 128);

criterion_group! {
    name = benches;
    config = Criterion::default().output_directory(&togil_bench::results_directory());
    targets = jobs, calls, values, starts
}

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    peer::compare();
}
