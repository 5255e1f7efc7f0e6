//! What threads, locks and calls cost in this build, through one interpreter:
//! `cargo bench-free --bench primitives`, `cargo bench-gil --bench primitives`.
//!
//! The ids are the same in both builds. Where one has no GIL, the same call is measured without
//! it: to attach then is what the VM needs for its stop-the-world.

mod attach;
mod hand_over;
mod operations;
mod ring;
mod start;
mod threads;

use std::time::Duration;

use criterion::Criterion;

fn main() {
    let interpreter = togil_bench::interpreter().build().expect("an interpreter");
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_secs(1))
        .sample_size(20)
        .output_directory(&togil_bench::results_directory())
        .configure_from_args();
    attach::measure(&mut criterion, &interpreter);
    hand_over::measure(&mut criterion, &interpreter);
    ring::measure(&mut criterion, &interpreter);
    operations::measure(&mut criterion, &interpreter);
    threads::measure(&mut criterion, &interpreter);
    start::measure(&mut criterion, &interpreter);
    criterion.final_summary();
    interpreter.finalize(None);
}
