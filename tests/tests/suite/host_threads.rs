//! The threads that a job's scripts start: they belong to the job.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use togil::{Captured, Error, Host, Job, JobHandle, Limits, Output, StopReason, StopStep};

/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(30);

fn host(workers: usize) -> Host {
    Host::builder().workers(workers).build().expect("the host starts")
}

/// How many threads scripts have started that still run.
fn threads(host: &Host) -> usize {
    host.eval("__import__('_thread')._count()").expect("a number")
}

fn wait_for_threads(host: &Host, count: usize) {
    let start = Instant::now();
    while threads(host) != count {
        assert!(start.elapsed() < LONG, "{} threads, not {count}", threads(host));
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn wait_for_output(job: &JobHandle<()>, text: &str) {
    let start = Instant::now();
    while !job.output().expect("captured").stdout.contains(text) {
        assert!(start.elapsed() < LONG && !job.is_finished(), "{:?}", job.output());
        std::thread::yield_now();
    }
}

fn reason(job: JobHandle<()>) -> StopReason {
    match job.join_timeout(LONG) {
        Ok(Err(Error::Stopped(report))) => {
            assert_ne!(report.step, StopStep::GivenUp, "{report}");
            report.reason
        }
        Ok(other) => panic!("not stopped: {other:?}"),
        Err(job) => panic!("{job:?} runs on"),
    }
}

/// Runs a job, cancels it once it says `here`, and waits until only `others` threads are left, which
/// are not its own.
fn cancelled(host: &Host, job: Job<()>, others: usize) -> StopReason {
    let job = host.spawn(job.output(Output::Capture));
    wait_for_output(&job, "here");
    assert!(job.cancel());
    let reason = reason(job);
    wait_for_threads(host, others);
    reason
}

/// A script that starts threads which run `body`, says `here`, and waits for them.
fn crew(count: usize, body: &str) -> String {
    format!(
        "import threading, time\ndef body():\n  {}\n\
         threads = [threading.Thread(target=body) for _ in range({count})]\n\
         for t in threads: t.start()\nprint('here')\nfor t in threads: t.join()",
        body.replace('\n', "\n  ")
    )
}

#[test]
fn are_stopped_with_it() {
    let host = host(2);
    // A neighbour with a thread of its own, which nobody means.
    let neighbour =
        host.spawn(Job::exec(crew(1, "while True: time.sleep(0.001)")).output(Output::Capture));
    wait_for_output(&neighbour, "here");
    for body in [
        "while True: pass",
        "time.sleep(1000)",
        "threading.Event().wait()",
        "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
        "threading.Thread(target=time.sleep, args=(1000,)).start()\nwhile True: pass",
    ] {
        let limits = Limits::new().grace(Duration::from_millis(50)).stuck_after(LONG);
        let job = Job::exec(crew(3, body)).limits(limits);
        assert_eq!(cancelled(&host, job, 1), StopReason::Cancelled, "{body}");
    }
    assert!(!neighbour.is_finished(), "the neighbour was hit");
    neighbour.cancel();
    reason(neighbour);
    wait_for_threads(&host, 0);
}

#[test]
fn are_stopped_after_it_was() {
    // The job ends at once; what it leaves fights back, and is reached all the same.
    let host = host(1);
    let body = "while True:\n  try:\n    while True: pass\n  except BaseException: pass";
    let source = crew(2, body).replace("t.join()", "pass") + "\nwhile True: pass";
    assert_eq!(cancelled(&host, Job::exec(source), 0), StopReason::Cancelled);
}

#[test]
fn of_executors_end_too() {
    let host = host(1);
    let source = "\
import concurrent.futures, time
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    for _ in range(9): pool.submit(time.sleep, 1000)
    print('here')
";
    assert_eq!(cancelled(&host, Job::exec(source), 0), StopReason::Cancelled);
}

#[test]
fn print_where_it_prints() {
    let host = host(1);
    let source = crew(4, "for n in range(50): print('line', n)");
    let (result, Captured { stdout, stderr, .. }) =
        host.spawn(Job::exec(source).output(Output::Capture)).join_with_output();
    result.expect("it runs");
    assert_eq!((stdout.matches("line").count(), stderr.as_str()), (200, ""), "{stdout}");
    // What goes wrong in them is told there, too.
    let (result, captured) =
        host.spawn(Job::exec(crew(1, "1 / 0")).output(Output::Capture)).join_with_output();
    result.expect("an exception in a thread is that thread's");
    assert!(captured.stderr.contains("ZeroDivisionError"), "{captured:?}");
    // And the limit is for all of it.
    let limits = Limits::new().output_size(1000);
    let job = Job::exec(crew(2, "while True: print('too much')")).limits(limits);
    assert_eq!(reason(host.spawn(job.output(Output::Capture))), StopReason::Output(1000));
    wait_for_threads(&host, 0);
}

#[test]
fn count_towards_its_limits() {
    let host = host(1);
    let cpu = Duration::from_millis(50);
    let job = Job::exec(crew(2, "while True: pass")).limits(Limits::new().cpu_time(cpu));
    assert_eq!(reason(host.spawn(job)), StopReason::CpuTime(cpu));
    // Also those that have ended.
    let short = crew(1, "for _ in range(30_000): pass");
    let job = Job::exec(format!("while True:\n  {}", short.replace('\n', "\n  ")));
    assert_eq!(
        reason(host.spawn(job.limits(Limits::new().cpu_time(cpu)))),
        StopReason::CpuTime(cpu)
    );
    let bytes = 20 << 20;
    let body = "kept = []\nwhile True: kept.append('x' * 1000 + str(len(kept)))";
    let job = Job::exec(crew(1, body)).limits(Limits::new().memory(bytes));
    assert_eq!(reason(host.spawn(job)), StopReason::Memory(bytes));
    let body =
        "try:\n  f = lambda n: n and f(n - 1)\n  f(300)\nexcept RecursionError: print('deep')";
    let job = Job::exec(crew(1, body)).limits(Limits::new().recursion_depth(100));
    let (result, captured) = host.spawn(job.output(Output::Capture)).join_with_output();
    result.expect("it runs");
    assert!(captured.stdout.contains("deep"), "{captured:?}");
}

#[test]
fn run_on_after_it_until_the_host_shuts_down() {
    for isolated in [false, true] {
        let host = Host::builder()
            .workers(1)
            .isolated(isolated)
            .prelude("kept", "n = 0")
            .build()
            .expect("ok");
        let source = "\
import threading, time, kept
def count():
    while True:
        kept.n += 1
        time.sleep(0.001)
threading.Thread(target=count).start()
";
        host.exec(source).expect("it starts a thread");
        let seen: i64 = host.eval("__import__('kept').n").expect("a number");
        let start = Instant::now();
        while host.eval::<i64>("__import__('kept').n").expect("a number") < seen + 3 {
            assert!(start.elapsed() < LONG, "it does not run on");
        }
        // Not a daemon: without a stop this would wait for it for ever, or give up.
        let (sender, dropped) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            drop(host);
            sender.send(()).expect("we wait");
        });
        dropped.recv_timeout(LONG).expect("the host is gone");
    }
}

/// Drops hosts whose scripts' threads run `body` all the time: one of them is likely to have a lock
/// of the process then. After each, another host must be able to start, and to import.
fn another_host_starts_after_threads_that(prepare: &str, body: &str) {
    let source = format!(
        "import threading\n{prepare}\ndef body():\n  while True:\n    {body}\n\
         for _ in range(3): threading.Thread(target=body, daemon=True).start()"
    );
    let (sender, done) = std::sync::mpsc::channel();
    let all = std::thread::spawn(move || {
        for _ in 0..12 {
            let host = host(1);
            host.exec(&source).expect("it starts threads");
            drop(host);
            let next = Host::builder().build().expect("another host starts");
            next.exec("import this_is_missing").expect_err("it is missing");
            sender.send(()).expect("we wait");
        }
    });
    // Hung, it would hang the whole suite.
    loop {
        match done.recv_timeout(LONG) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("no other host starts"),
        }
    }
    all.join().expect("all rounds");
}

#[test]
fn that_import_when_the_host_ends_keep_no_lock() {
    another_host_starts_after_threads_that(
        "import importlib, keyword",
        "importlib.reload(keyword); import token",
    );
}

#[test]
fn that_collect_garbage_when_the_host_ends_keep_no_lock() {
    another_host_starts_after_threads_that("import gc", "gc.collect()");
}
