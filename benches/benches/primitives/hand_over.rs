//! How Python passes from thread to thread.
//!
//! Without a GIL nothing is handed over, and the same two cases show what the threads cost without
//! it: the wake-up of a thread, and the processors that there are too few of.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use togil::vm::PyObjectRef;
use togil::{Interpreter, Python, from_python};
use togil_bench::function;

/// All threads of a case, the one that is measured included.
const THREADS: [usize; 3] = [2, 4, 8];

/// A blocking call: long enough for a neighbour to run Python meanwhile.
const AWAY: Duration = Duration::from_micros(200);

/// Neighbours that compute until they are told to stop.
const BUSY: &str = "
import threading

def start(number):
    stop = []
    def compute():
        while not stop:
            for _ in range(100): pass
    threads = [threading.Thread(target=compute) for _ in range(number)]
    for thread in threads: thread.start()
    def end():
        stop.append(True)
        for thread in threads: thread.join()
    return end
";

/// Threads that wake each other in turn; each time one thread begins to wait, and the next runs.
const RING: &str = "
import threading, time

def run(number, rounds):
    locks = [threading.Lock() for _ in range(number)]
    for lock in locks: lock.acquire()
    def pass_on(mine, next, times):
        acquire, release = locks[mine].acquire, locks[next].release
        for _ in range(times):
            acquire()
            release()
    threads = [
        threading.Thread(
            target=pass_on,
            args=(i, (i + 1) % number, rounds // number + (i < rounds % number)))
        for i in range(number)
    ]
    for thread in threads: thread.start()
    start = time.perf_counter()
    locks[0].release()
    for thread in threads: thread.join()
    return time.perf_counter() - start
";

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    let mut group = c.benchmark_group("hand-over");
    interpreter.attach(|py| {
        let start = function(py, BUSY, "start");
        for threads in THREADS {
            let id = BenchmarkId::new("latency, of so many busy threads", threads);
            group.bench_function(id, |b| {
                let end = start.call((threads - 1,), py.vm()).expect("threads");
                b.iter_custom(|rounds| (0..rounds).map(|_| way_back(py)).sum());
                end.call((), py.vm()).expect("they end");
            });
        }
        let run = function(py, RING, "run");
        group.throughput(Throughput::Elements(1));
        for threads in THREADS {
            let id = BenchmarkId::new("throughput, a token among threads", threads);
            group.bench_function(id, |b| b.iter_custom(|rounds| ring(py, &run, threads, rounds)));
        }
    });
    group.finish();
}

/// How long a thread that was detached takes to run Python again.
fn way_back(py: Python<'_>) -> Duration {
    let back = py.detach(|| {
        std::thread::sleep(AWAY);
        Instant::now()
    });
    back.elapsed()
}

fn ring(py: Python<'_>, run: &PyObjectRef, threads: usize, rounds: u64) -> Duration {
    let time = run.call((threads, rounds), py.vm()).expect("a time");
    Duration::from_secs_f64(from_python(py, &time).expect("a float"))
}
