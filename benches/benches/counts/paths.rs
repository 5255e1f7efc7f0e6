//! The hot paths, under the ids that criterion has for them where it measures them, too.
//!
//! Each is run by one thread while the others sleep: instructions of a thread that spins would make
//! the count a matter of luck.

use std::hint::black_box;
use std::time::Duration;

use togil::lock::{Gil, Handoff, MonotonicClock};
use togil::{Interpreter, Python, from_python};
use togil_bench::{CALLS, LOOPS, Operation, PythonLoop, function, ring};

use crate::jobs;

/// A hot path.
pub(crate) struct Path {
    /// As in `counts PATH TIMES`.
    pub(crate) name: String,
    /// So many that the operations take some 20 million instructions: the start of the process takes
    /// 75 million, and differs from run to run by some ten thousand.
    pub(crate) times: u64,
    /// Sets up, and runs it so many times.
    pub(crate) run: Box<dyn Fn(u64)>,
}

/// All of them.
pub(crate) fn paths() -> Vec<Path> {
    let mut paths = vec![
        path("GIL protocol/release and acquire, nobody waiting", 40_000, lock),
        path("attach/attach and detach", 20_000, attach),
        path("attach/a thread that never was", 1_000, attach_anew),
        path("attach/detach and attach", 50_000, |times| {
            attached(|py| (0..times).for_each(|_| py.detach(|| black_box(()))));
        }),
        path("poll/native code is rung for, for nothing", 20_000, |times| {
            attached(|py| (0..times).for_each(|_| ring(py)));
        }),
        path("call/Python from Rust, two ints", 10_000, call),
        path("job/empty", 5_000, jobs::run),
        path("start/another interpreter, and its end", 1, |times| {
            (0..times).for_each(|_| {
                interpreter().finalize(None);
            });
        }),
    ];
    paths.extend(LOOPS.iter().chain(&CALLS).map(operation));
    paths
}

fn path(name: &str, times: u64, run: impl Fn(u64) + 'static) -> Path {
    Path { name: name.to_owned(), times, run: Box::new(run) }
}

fn operation(operation: &'static Operation) -> Path {
    let name = format!("{}/{}", operation.group, operation.name);
    let times = match operation.name {
        "empty Python loop" => 40_000,
        "Condition" => 2_000,
        "Queue" => 500,
        _ => 5_000,
    };
    path(&name, times, |times| {
        attached(|py| {
            PythonLoop::new(py, operation).run(py, times);
        })
    })
}

fn interpreter() -> Interpreter {
    togil_bench::interpreter().build().expect("an interpreter")
}

fn attached(f: impl FnOnce(Python<'_>)) {
    interpreter().attach(f);
}

fn lock(times: u64) {
    let interval = Duration::from_millis(5);
    let gil = Gil::new(MonotonicClock::default(), Handoff::default(), interval, || {});
    let me = gil.join(1, Box::new(|| false));
    gil.acquire(&me).expect("open");
    for _ in 0..times {
        gil.release(&me);
        gil.acquire(&me).expect("open");
    }
    gil.release(&me);
}

fn attach(times: u64) {
    let interpreter = interpreter();
    (0..times).for_each(|_| interpreter.attach(use_it));
}

fn use_it(py: Python<'_>) {
    black_box(py);
}

fn attach_anew(times: u64) {
    let interpreter = interpreter();
    let handle = interpreter.handle();
    // On the main thread the libc reads `/proc/self/maps` each time.
    let other = std::thread::spawn(move || {
        (0..times).for_each(|_| handle.attach(use_it));
    });
    other.join().expect("it ends");
}

fn call(times: u64) {
    attached(|py| {
        let add = function(py, "def add(a, b): return a + b", "add");
        for n in 0..times {
            let sum = add.call((black_box(n), 2_i64), py.vm()).expect("a sum");
            black_box(from_python::<i64>(py, &sum).expect("an int"));
        }
    });
}
