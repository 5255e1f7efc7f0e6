//! Empty jobs of a host.

use std::sync::mpsc;

use togil::{Host, Job};

/// Queues so many jobs while the worker is held up, then lets it run them: neither the worker nor
/// the caller looks for the other in between.
pub(crate) fn run(times: u64) {
    let jobs = usize::try_from(times).expect("as many as fit into memory");
    let host = Host::builder()
        .workers(1)
        .queue_capacity(jobs + 1)
        .interpreter(|_| togil_bench::interpreter())
        .build()
        .expect("a host");
    let (open, gate) = mpsc::channel::<()>();
    let held = host.spawn(Job::new(move |py| {
        py.detach(move || gate.recv().ok());
        Ok(())
    }));
    let jobs: Vec<_> = (0..times).map(|_| host.spawn(Job::new(|_| Ok(())))).collect();
    open.send(()).expect("the worker waits");
    held.join().expect("it runs");
    // The last first: the others are done then.
    for job in jobs.into_iter().rev() {
        job.join().expect("it runs");
    }
}
