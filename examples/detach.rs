//! Long work in Rust, called from Python: without `detach` it keeps everybody else waiting in a gil
//! build; with it, it does not. Free-threaded the two take the same time.

use std::time::{Duration, Instant};

use togil::{Function, Host, Job, Module, Python};

/// Work that never looks at Python.
fn crunch(rounds: u64) -> u64 {
    (0..rounds).fold(1, |hash, n| (hash ^ n).wrapping_mul(0x0100_0000_01b3))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let attached = Function::builder("crunch_attached").build(|(n,): (u64,)| crunch(n));
    let detached = Function::builder("crunch_detached")
        .build_with_py(|py: Python<'_>, (n,): (u64,)| py.detach(|| crunch(n)));
    let module = Module::builder("work").function(attached).function(detached).build()?;
    let host = Host::builder().workers(2).module(module).build()?;

    let time = |function: &str| -> Result<Duration, togil::Error> {
        let start = Instant::now();
        let jobs = [0, 1].map(|_| {
            let job = Job::<u64>::call(format!("work:{function}"), (150_000_000_u64,));
            host.spawn(job)
        });
        let [a, b] = jobs.map(togil::JobHandle::join);
        assert_eq!(a?, b?);
        Ok(start.elapsed())
    };
    let attached = time("crunch_attached")?;
    let detached = time("crunch_detached")?;
    println!("two calls at once, {} build", togil::LOCK_MODE);
    eprintln!("attached {attached:.0?}, detached {detached:.0?}");
    eprintln!("gain of detaching: {:.2}x", attached.as_secs_f64() / detached.as_secs_f64());
    Ok(())
}
