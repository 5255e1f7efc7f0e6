//! How soon a job ends that is cancelled, with all workers busy; and how soon Ctrl-C is felt.
//!
//! The bars: 50 ms at the 99th percentile for a cancel, 100 ms for Ctrl-C. Exits with 1 if one is
//! missed. `cargo bench --ignore-rust-version -p togil-bench [--features gil] --bench stops`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use togil::{Error, Host, Interpreter, Job, JobHandle, Script, StopStep};

const CANCELS: usize = 400;
const INTERRUPTS: usize = 100;

fn main() -> ExitCode {
    // `cargo bench` passes options for the usual harness.
    let quick = std::env::args().any(|arg| arg == "--test");
    let (cancels, interrupts) = if quick { (20, 5) } else { (CANCELS, INTERRUPTS) };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    println!("{} build, {workers} workers, all busy", togil::LOCK_MODE);
    let mut met = true;
    for (what, source) in [
        ("computing", "while True: pass"),
        ("sleeping", "import time\nwhile True: time.sleep(1)"),
        ("waiting for a lock", "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()"),
    ] {
        let times = cancel_latencies(workers, cancels, source);
        met &= report(&format!("cancel of a job that is {what}"), times, Duration::from_millis(50));
    }
    let times = interrupt_latencies(interrupts);
    met &= report("Ctrl-C beside two busy threads", times, Duration::from_millis(100));
    // A trial shows that it works; a timing is no test.
    if met || quick { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a distribution. Whether its 99th percentile is within the bar.
fn report(what: &str, mut times: Vec<Duration>, bar: Duration) -> bool {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let met = at(99) <= bar;
    println!(
        "{what}: median {:.2?}, 99 % {:.2?}, most {:.2?} of {} ({}, the bar is {bar:?})",
        at(50),
        at(99),
        at(100),
        times.len(),
        if met { "met" } else { "MISSED" },
    );
    met
}

fn cancel_latencies(workers: usize, times: usize, source: &str) -> Vec<Duration> {
    let host = Host::builder().workers(workers).build().expect("a host");
    let busy = Script::compile("busy", "while True: pass").expect("it compiles");
    let target = Script::compile("target", source).expect("it compiles");
    let neighbours: Vec<_> = (1..workers).map(|_| host.spawn(Job::<()>::run(&busy))).collect();
    let mut insisted = 0;
    let latencies = (0..times)
        .map(|_| {
            let job = host.spawn(Job::<()>::run(&target));
            while host.stats().running < workers {
                std::thread::sleep(Duration::from_micros(100));
            }
            // Into the call that it waits in.
            std::thread::sleep(Duration::from_millis(2));
            let start = Instant::now();
            job.cancel();
            let result = job.join();
            let time = start.elapsed();
            match result {
                Err(Error::Stopped(report)) => {
                    insisted += usize::from(report.step != StopStep::Exception);
                }
                other => panic!("not stopped: {other:?}"),
            }
            time
        })
        .collect();
    if insisted > 0 {
        println!("{insisted} of {times} took more than one exception");
    }
    assert!(neighbours.iter().all(|job| !job.is_finished()), "a neighbour was hit");
    neighbours.iter().map(JobHandle::cancel).for_each(drop);
    latencies
}

const INTERRUPTED: &str = "
import threading, time

def busy():
    while True: pass

for _ in range(2):
    threading.Thread(target=busy, daemon=True).start()
seen = []
while len(seen) < wanted:
    try:
        while True: pass
    except KeyboardInterrupt:
        seen.append(time.monotonic())
";

fn monotonic() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live local.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn interrupt_latencies(times: usize) -> Vec<Duration> {
    let interpreter = Interpreter::builder().signal_handlers(true).build().expect("it starts");
    let sender = std::thread::spawn(move || {
        // Until the loop runs: a signal before that would end the script.
        std::thread::sleep(Duration::from_millis(500));
        (0..times)
            .map(|_| {
                std::thread::sleep(Duration::from_millis(50));
                let sent = monotonic();
                // SAFETY: a signal to this thread; the process handles it.
                unsafe { libc::raise(libc::SIGINT) };
                sent
            })
            .collect::<Vec<f64>>()
    });
    let seen: Vec<f64> = interpreter.attach(|py| {
        let scope = py.new_scope_with_builtins();
        let wanted = py.ctx.new_int(times).into();
        scope.globals.set_item("wanted", wanted, py.vm()).expect("a dict takes it");
        py.run_string(scope.clone(), INTERRUPTED, "<bench>").expect("the script ends");
        let seen = scope.globals.get_item("seen", py.vm()).expect("defined");
        togil::from_python(py, &seen).expect("times")
    });
    let sent = sender.join().expect("it sends");
    assert_eq!(sent.len(), seen.len());
    interpreter.finalize(None);
    sent.iter()
        .zip(&seen)
        .map(|(sent, seen)| Duration::from_secs_f64((seen - sent).max(0.0)))
        .collect()
}
