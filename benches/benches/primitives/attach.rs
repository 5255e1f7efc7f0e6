//! To attach and to detach: with a GIL, to take it and to give it up.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use togil::{Handle, Interpreter, Python};

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    let mut group = c.benchmark_group("attach");
    group.bench_function("attach and detach", |b| {
        b.iter(|| interpreter.attach(use_it));
    });
    let handle = interpreter.handle();
    group.bench_function("a thread that never was", |b| {
        b.iter_custom(|times| elsewhere(|| (0..times).for_each(|_| handle.attach(use_it))));
    });
    interpreter.attach(|py| {
        group.bench_function("inside an attach", |b| {
            b.iter(|| handle.attach(use_it));
        });
        group.bench_function("detach and attach", |b| {
            b.iter(|| py.detach(|| black_box(())));
        });
    });
    for threads in [2, 4, 8] {
        group.throughput(Throughput::Elements(threads));
        let id = BenchmarkId::new("detach and attach, threads at once", threads);
        group.bench_function(id, |b| b.iter_custom(|rounds| at_once(&handle, threads, rounds)));
    }
    group.finish();
}

fn use_it(py: Python<'_>) {
    black_box(py);
}

/// How long `f` takes on another thread. On the main one the libc reads `/proc/self/maps` whenever it
/// is asked for the bounds of the stack, and a VM asks when it is made.
fn elsewhere(f: impl FnOnce() + Send) -> Duration {
    let timed = || {
        let start = Instant::now();
        f();
        start.elapsed()
    };
    std::thread::scope(|scope| scope.spawn(timed).join().expect("it ends"))
}

/// How long it takes until all of the threads have detached and attached so many times.
fn at_once(handle: &Handle, threads: u64, rounds: u64) -> Duration {
    let ready = Barrier::new(threads as usize + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    handle.attach(|py| {
                        py.detach(|| ready.wait());
                        for _ in 0..rounds {
                            py.detach(|| black_box(()));
                        }
                    });
                })
            })
            .collect();
        // Before the wait: this thread may come back from it late.
        let start = Instant::now();
        ready.wait();
        for thread in threads {
            thread.join().expect("it ends");
        }
        start.elapsed()
    })
}
