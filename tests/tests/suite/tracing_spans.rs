//! What a `tracing` subscriber sees of jobs and of the GIL.

use std::sync::atomic::{AtomicU64, Ordering};

use togil::{Host, Job};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::GIL;
use crate::harness::passes_in_a_process_of_its_own;

static JOBS: AtomicU64 = AtomicU64::new(0);
static WAITS: AtomicU64 = AtomicU64::new(0);

/// Counts the spans by name.
struct Counter;

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("togil")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let count = match span.metadata().name() {
            "job" => &JOBS,
            "wait for the GIL" => &WAITS,
            other => panic!("an unknown span: {other}"),
        };
        Id::from_u64(count.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// In a process of its own, because a subscriber is for the whole process.
#[test]
fn jobs_and_waits_for_the_gil_are_spans() {
    passes_in_a_process_of_its_own("tracing_spans::subscriber_child");
}

#[test]
#[ignore = "run by jobs_and_waits_for_the_gil_are_spans"]
fn subscriber_child() {
    tracing::subscriber::set_global_default(Counter).expect("the first of this process");
    let host = Host::builder().workers(2).build().expect("a host");
    let jobs: Vec<_> =
        (0..4).map(|_| host.spawn(Job::exec("for i in range(300_000): pass"))).collect();
    jobs.into_iter().for_each(|job| job.join().expect("it runs"));
    assert_eq!(JOBS.load(Ordering::Relaxed), 4);
    assert_eq!(WAITS.load(Ordering::Relaxed) > 0, GIL);
}
