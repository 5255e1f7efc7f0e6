//! Starting an interpreter.

use std::time::{Duration, Instant};

use criterion::Criterion;
use togil::Interpreter;

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    let mut group = c.benchmark_group("start");
    group.sample_size(10);
    group.bench_function("another interpreter", |b| {
        b.iter_custom(|times| {
            timed(
                times,
                || togil_bench::interpreter().build().expect("an interpreter"),
                |it| {
                    it.finalize(None);
                },
            )
        });
    });
    group.bench_function("another interpreter, and its end", |b| {
        b.iter(|| togil_bench::interpreter().build().expect("an interpreter").finalize(None));
    });
    group.bench_function("a sub-interpreter", |b| {
        b.iter_custom(|times| {
            timed(times, || interpreter.create_subinterpreter(), |sub| sub.finalize())
        });
    });
    group.finish();
}

/// How long it takes to make them, one after the other, without their ends.
fn timed<T>(times: u64, make: impl Fn() -> T, end: impl Fn(T)) -> Duration {
    let one = |_| {
        let start = Instant::now();
        let made = make();
        let time = start.elapsed();
        end(made);
        time
    };
    (0..times).map(one).sum()
}
