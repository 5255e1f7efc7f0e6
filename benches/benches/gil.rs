//! What the lock protocol costs, without any Python: `cargo bench --bench gil`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use togil::lock::{Gil, MonotonicClock};

fn gil() -> Arc<Gil> {
    Arc::new(Gil::new(MonotonicClock::default(), Duration::from_millis(5), || {}))
}

/// What every blocking call pays when nobody else wants the GIL.
fn uncontended(c: &mut Criterion) {
    let gil = gil();
    let me = gil.join(1, Box::new(|| false));
    c.bench_function("release and acquire, nobody waiting", |b| {
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
    c.bench_function("look for a drop request", |b| b.iter(|| gil.drop_requested(&me)));
    gil.release(&me);
}

/// A forced handoff to a waiting thread and back.
fn handoff(c: &mut Criterion) {
    let gil = Arc::new(Gil::new(MonotonicClock::default(), Duration::ZERO, || {}));
    c.bench_function("forced handoff and back, two threads", |b| {
        b.iter_custom(|rounds| {
            let stop = Arc::new(AtomicBool::new(false));
            let other = {
                let (gil, stop) = (gil.clone(), stop.clone());
                std::thread::spawn(move || {
                    let me = gil.join(1, Box::new(|| false));
                    gil.acquire(&me).expect("open");
                    while !stop.load(Ordering::Relaxed) {
                        if gil.drop_requested(&me) {
                            gil.hand_over(&me).expect("open");
                        }
                    }
                    gil.release(&me);
                    gil.leave(&me);
                })
            };
            let me = gil.join(1, Box::new(|| false));
            gil.acquire(&me).expect("open");
            let start = Instant::now();
            let mut done = 0;
            while done < rounds {
                if gil.drop_requested(&me) && gil.hand_over(&me).expect("open") {
                    done += 1;
                }
            }
            let elapsed = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            gil.release(&me);
            gil.leave(&me);
            other.join().expect("the other thread ends");
            elapsed
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).sample_size(20);
    targets = uncontended, poll, handoff
}
criterion_main!(benches);
