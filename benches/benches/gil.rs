//! What the lock protocol costs, without any Python: `cargo bench-gil --bench gil`.
//!
//! It is the same code in both builds; only one uses it. So where their figures differ here, that is
//! what the machine makes of the same work.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use togil::lock::{Gil, Handoff, MonotonicClock};

const GROUP: &str = "GIL protocol";

fn gil() -> Gil {
    Gil::new(MonotonicClock::default(), Handoff::Togil, Duration::from_millis(5), || {})
}

/// What every blocking call pays when nobody else wants the GIL.
fn uncontended(c: &mut Criterion) {
    let gil = gil();
    let me = gil.join(1, Box::new(|| false));
    c.benchmark_group(GROUP).bench_function("release and acquire, nobody waiting", |b| {
        gil.acquire(&me).expect("open");
        b.iter(|| {
            gil.release(&me);
            gil.acquire(&me).expect("open");
        });
        gil.release(&me);
    });
}

/// What a running thread pays to learn that nobody wants the GIL.
fn poll(c: &mut Criterion) {
    let gil = gil();
    let me = gil.join(1, Box::new(|| false));
    gil.acquire(&me).expect("open");
    c.benchmark_group(GROUP)
        .bench_function("look for a drop request", |b| b.iter(|| gil.drop_requested(&me)));
    gil.release(&me);
}

/// A forced hand-over to the next of some threads that all want the GIL all the time. The switch
/// interval is zero, so the next one never sleeps: on a machine that is busy, or has fewer
/// processors than threads, this is also how long the system lets a thread wait.
fn hand_over(c: &mut Criterion) {
    let mut group = c.benchmark_group(GROUP);
    group.throughput(Throughput::Elements(1));
    for threads in [2, 4, 8] {
        let id = BenchmarkId::new("forced hand-over, threads", threads);
        group.bench_function(id, |b| b.iter_custom(|rounds| hand_round(threads, rounds)));
    }
    group.finish();
}

/// How long so many hand-overs take.
fn hand_round(threads: usize, rounds: u64) -> Duration {
    let gil = Gil::new(MonotonicClock::default(), Handoff::Togil, Duration::ZERO, || {});
    let (ready, done) = (Barrier::new(threads + 1), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let me = gil.join(1, Box::new(|| false));
                ready.wait();
                gil.acquire(&me).expect("open");
                while done.load(Ordering::Relaxed) < rounds {
                    if gil.drop_requested(&me) && gil.hand_over(&me).expect("open") {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
                gil.release(&me);
                gil.leave(&me);
            });
        }
        // Before the wait: this thread may come back from it late.
        let start = Instant::now();
        ready.wait();
        start
    })
    .elapsed()
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .output_directory(&togil_bench::results_directory());
    targets = uncontended, poll, hand_over
}
criterion_main!(benches);
