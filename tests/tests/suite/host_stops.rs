//! Stopping jobs: every kind of script, and never another job.

use std::time::{Duration, Instant};

use togil::{
    Error, Host, Job, JobHandle, Limits, Output, Script, Session, StopReason, StopReport, StopStep,
};

use crate::harness::passes_in_a_process_of_its_own;

/// Far more than any stop takes, far less than the patience of whoever waits.
const LONG: Duration = Duration::from_secs(30);

/// With all the time in the world to clean up: what is slow is not what fights back.
fn host(workers: usize) -> Host {
    let limits = Limits::new().grace(LONG);
    Host::builder().workers(workers).limits(limits).build().expect("the host starts")
}

fn report<T: std::fmt::Debug>(job: JobHandle<T>) -> StopReport {
    match job.join_timeout(LONG) {
        Ok(Err(Error::Stopped(report))) => report,
        Ok(other) => panic!("not stopped: {other:?}"),
        Err(job) => panic!("{job:?} runs on"),
    }
}

fn wait_until_running<T>(host: &Host, job: &JobHandle<T>) {
    let start = Instant::now();
    while host.stats().running == 0 {
        assert!(!job.is_finished() && start.elapsed() < LONG, "it does not start");
        std::thread::yield_now();
    }
}

/// Runs a script, cancels it once it says that it is there, and says how it was stopped.
fn cancelled(host: &Host, source: &str) -> StopReport {
    let job = host.spawn(Job::exec(source).output(Output::Capture));
    let start = Instant::now();
    while !job.output().expect("captured").stdout.contains("here") {
        assert!(start.elapsed() < LONG, "it does not start: {:?}", job.output());
        assert!(!job.is_finished(), "{:?}", job.join());
        std::thread::yield_now();
    }
    // Time to get from the print into the call behind it.
    std::thread::sleep(Duration::from_millis(20));
    assert!(job.cancel());
    let report = report(job);
    assert_eq!(report.reason, StopReason::Cancelled);
    no_module_is_half_imported(host);
    report
}

/// A module whose import has begun and never ends can be used by nobody. Threads that were stopped
/// may still be at it, to print their traceback.
fn no_module_is_half_imported(host: &Host) {
    let modules = "\
[name for name, module in list(__import__('sys').modules.items())
 if getattr(getattr(module, '__spec__', None), '_initializing', False)]";
    let start = Instant::now();
    loop {
        let left: Vec<String> = host.eval(modules).expect("the worker lives");
        if left.is_empty() {
            return;
        }
        assert!(start.elapsed() < LONG, "{left:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn loops_end_by_one_exception() {
    let host = host(1);
    for source in [
        "print('here')\nwhile True: pass",
        "print('here')\nwhile True:\n  try: pass\n  except Exception: pass",
        "def f(n):\n  while n: n += 1\nprint('here')\nf(1)",
        "print('here')\nfor i in iter(int, 1): pass",
        "print('here')\nwhile True: sorted(range(1000), key=lambda n: -n)",
        "import re\nprint('here')\nwhile True: re.sub('a', lambda m: 'b', 'aaaa')",
    ] {
        assert_eq!(cancelled(&host, source).step, StopStep::Exception, "{source}");
    }
}

#[test]
fn scripts_that_fight_back_are_stopped() {
    let limits = Limits::new().grace(Duration::from_millis(30));
    let host = Host::builder().workers(1).limits(limits).build().expect("a host");
    for source in [
        "print('here')\nwhile True:\n  try:\n    while True: pass\n  except BaseException: pass",
        "print('here')\nwhile True:\n  try:\n    while True: pass\n  finally: continue",
        "print('here')\ndef f():\n  try:\n    while True: pass\n  except BaseException: f()\nf()",
        "class C:\n  def __del__(self):\n    while True: pass\nprint('here')\nwhile True: C()",
        "print('here')\ntry:\n  while True: pass\nfinally:\n  while True: pass",
        "import contextlib\nprint('here')\nwhile True:\n  with contextlib.suppress(BaseException):\n    while True: pass",
        "import time\nprint('here')\nwhile True:\n  try: time.sleep(100)\n  except BaseException: pass",
    ] {
        assert_eq!(cancelled(&host, source).step, StopStep::EveryInstruction, "{source}");
    }
}

#[test]
fn blocking_calls_are_interrupted() {
    let host = host(1);
    for source in [
        "import time\nprint('here')\ntime.sleep(1000)",
        "import socket\ns = socket.create_server(('127.0.0.1', 0))\nprint('here')\ns.accept()",
        "import socket\na, b = socket.socketpair()\nprint('here')\na.recv(1)",
        "import os\nr, w = os.pipe()\nprint('here')\nos.read(r, 1)",
        "import subprocess as s\np = s.Popen(['sleep', '9'], stdout=s.DEVNULL, stderr=s.DEVNULL)\n\
         print('here')\ntry: p.wait()\nfinally: p.kill()",
        "import select, os\nr, w = os.pipe()\nprint('here')\nselect.select([r], [], [])",
        "import threading\nl = threading.Lock()\nl.acquire()\nprint('here')\nl.acquire()",
        "import threading\nl = threading.Lock()\nl.acquire()\nprint('here')\nl.acquire(timeout=1000)",
        "import threading\nc = threading.Condition()\nprint('here')\nwith c: c.wait()",
        "import threading\ne = threading.Event()\nprint('here')\ne.wait()",
        "import threading, time\nt = threading.Thread(target=time.sleep, args=(3,), daemon=True)\n\
         t.start()\nprint('here')\nt.join()",
        "import queue\nq = queue.Queue()\nprint('here')\nq.get()",
        "import queue\nq = queue.SimpleQueue()\nprint('here')\nq.get()",
        "import asyncio\nprint('here')\nasyncio.run(asyncio.sleep(1000))",
        "import concurrent.futures as f\nprint('here')\nf.Future().result()",
    ] {
        // On a busy machine it may be asked before it is in the call.
        let in_call = (0..10).any(|_| {
            let report = cancelled(&host, source);
            assert_eq!(report.step, StopStep::Exception, "{source}");
            report.in_call
        });
        assert!(in_call, "{source}");
    }
}

#[test]
fn a_busy_neighbour_does_not_keep_a_sleeper_from_its_stop() {
    let host = host(2);
    let busy = host.spawn(Job::exec("while True: pass"));
    wait_until_running(&host, &busy);
    for source in [
        "import time\nprint('here')\ntime.sleep(1000)",
        "import os\nr, w = os.pipe()\nprint('here')\nos.read(r, 1)",
        "import threading\ne = threading.Event()\nprint('here')\ne.wait()",
        "print('here')\nwhile True: pass",
    ] {
        assert_eq!(cancelled(&host, source).step, StopStep::Exception, "{source}");
    }
    assert!(!busy.is_finished(), "the neighbour was hit");
    busy.cancel();
    report(busy);
}

#[test]
fn clean_up_runs_and_a_value_in_time_counts() {
    let host = host(1);
    let session = Session::new();
    let source = "\
import togil_stop_log as log
try:
    with log.manager():
        while True: pass
finally:
    log.seen.append('finally')
";
    let prelude = "\
import contextlib
seen = []
@contextlib.contextmanager
def manager():
    try:
        yield
    except BaseException as error:
        seen.append(type(error).__name__)
        raise
";
    let host_with_log =
        Host::builder().workers(1).prelude("togil_stop_log", prelude).build().expect("a host");
    let job = host_with_log.spawn(Job::exec(source).timeout(Duration::from_millis(30)));
    assert_eq!(report(job).reason, StopReason::TimedOut(Duration::from_millis(30)));
    let seen: Vec<String> =
        host_with_log.eval("__import__('togil_stop_log').seen").expect("a list");
    assert_eq!(seen, ["TimedOut", "finally"]);
    // One that catches the exception and is quick about it has not failed.
    let job = Job::exec("try:\n  while True: pass\nexcept BaseException as e: kept = repr(e)")
        .limits(Limits::new().timeout(Duration::from_millis(30)).grace(LONG))
        .session(&session);
    host.run(job).expect("it ended by itself");
    let kept: String = host.run(Job::eval("kept").session(&session)).expect("a text");
    assert_eq!(kept, "TimedOut('time-out of 30ms')");
    assert!(host.eval::<bool>("not issubclass(type(0), Exception)").expect("still alive"));
}

#[test]
fn each_limit_is_its_own_reason() {
    let host = host(1);
    let cpu = Duration::from_millis(30);
    let job = Job::exec("while True: pass").limits(Limits::new().cpu_time(cpu));
    assert_eq!(report(host.spawn(job)).reason, StopReason::CpuTime(cpu));
    let job = Job::exec("import time\nfor _ in range(20): time.sleep(0.005)");
    host.run(job.limits(Limits::new().cpu_time(Duration::from_millis(90))))
        .expect("sleeping is not computing");
    let job = Job::exec("kept = []\nwhile True: kept.append('x' * 1000 + str(len(kept)))");
    let bytes = 20 << 20;
    let stopped = report(host.spawn(job.limits(Limits::new().memory(bytes))));
    assert_eq!(stopped.reason, StopReason::Memory(bytes));
    let depth = "def f(n):\n  return n and 1 + f(n - 1)\nf(300)";
    host.exec(depth).expect("deep enough by default");
    let error = host
        .run(Job::exec(depth).limits(Limits::new().recursion_depth(100)))
        .expect_err("too deep");
    assert_eq!(error.as_python().expect("an exception").type_name(), "RecursionError");
    host.exec(depth).expect("the limit was that job's");
}

#[test]
fn a_job_in_the_queue_never_runs() {
    let host = host(1);
    let busy = host.spawn(Job::exec("while True: pass"));
    wait_until_running(&host, &busy);
    let waiting = host.spawn(Job::<i64>::eval("1"));
    assert!(waiting.cancel() && !waiting.cancel());
    assert_eq!(report(waiting).step, StopStep::Unqueued);
    busy.cancel();
    report(busy);
    assert_eq!(host.eval::<i64>("2").expect("a value"), 2);
}

/// What a host does for a job before and after its own code must not swallow the exception.
#[test]
fn a_stop_is_not_lost_wherever_it_comes() {
    let host = host(1);
    for n in 0..200 {
        let job = host.spawn(Job::exec(format!("# {n}\nwhile True: pass")));
        wait_until_running(&host, &job);
        let patience = Duration::from_micros(n * 3);
        let start = Instant::now();
        while start.elapsed() < patience {}
        assert!(job.cancel());
        // The worker may have been about to begin.
        let step = report(job).step;
        assert!(matches!(step, StopStep::Exception | StopStep::Unqueued), "{step:?}, {patience:?}");
    }
}

/// Nor may it leave a lock taken that others need.
#[test]
fn a_stop_during_an_import_leaves_the_import_lock_free() {
    let limits = Limits::new().grace(Duration::ZERO);
    let host = Host::builder().workers(2).limits(limits).build().expect("a host");
    let imports = |module| {
        Job::exec(format!(
            "import sys\nwhile True:\n  sys.modules.pop('{module}', None)\n  import {module}"
        ))
    };
    for n in 0..100 {
        let jobs = ["colorsys", "stringprep"].map(|module| host.spawn(imports(module)));
        while host.stats().running < 2 {
            assert!(jobs.iter().all(|job| !job.is_finished()), "{jobs:?}");
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(n * 37 % 3000));
        jobs.iter().for_each(|job| assert!(job.cancel()));
        for job in jobs {
            assert_eq!(report(job).reason, StopReason::Cancelled);
        }
        let import = Job::exec("import sys\nsys.modules.pop('sched', None)\nimport sched");
        let import = host.spawn(import.limits(Limits::new().timeout(LONG)));
        import.join().expect("imports work still");
        no_module_is_half_imported(&host);
    }
}

/// The property that everything rests on: hundreds of jobs run and are stopped at random, and
/// never is one hit that nobody meant.
#[test]
fn only_the_target_is_hit() {
    for isolated in [false, true] {
        let host = Host::builder()
            .workers(4)
            .queue_capacity(1000)
            .isolated(isolated)
            .build()
            .expect("a host");
        let short = Script::compile("short", "n = 0\nfor i in range(300): n += i\nn").expect("ok");
        let endless = Script::compile("endless", "while True: pass").expect("ok");
        let mut jobs = Vec::new();
        for n in 0..400_u32 {
            if n % 4 == 0 {
                let patience = Duration::from_micros(u64::from(n) * 7 % 2000);
                let job = Job::<()>::run(&endless).timeout(patience);
                jobs.push((None, Some(host.spawn(job))));
            } else {
                jobs.push((Some(host.spawn(Job::<i64>::run(&short))), None));
            }
        }
        for (good, bad) in jobs {
            if let Some(good) = good {
                assert_eq!(good.join().expect("nobody stopped it"), 44_850);
            }
            if let Some(bad) = bad {
                assert!(matches!(report(bad).reason, StopReason::TimedOut(_)));
            }
        }
        let stats = host.stats();
        assert_eq!((stats.finished, stats.failed, stats.stopped), (300, 0, 100), "{stats:?}");
    }
}

/// In a process of its own: a native loop that does not return holds up the garbage collection of
/// every interpreter of its process.
#[test]
fn a_native_loop_is_given_up_and_its_worker_replaced() {
    passes_in_a_process_of_its_own("host_stops::stuck_child");
}

#[test]
#[ignore = "run by a_native_loop_is_given_up_and_its_worker_replaced"]
fn stuck_child() {
    let limits = Limits::new()
        .timeout(Duration::from_millis(50))
        .grace(Duration::from_millis(20))
        .stuck_after(Duration::from_millis(100));
    let host = Host::builder().workers(1).limits(limits).build().expect("a host");
    let stuck = report(host.spawn(Job::<i64>::eval("sum(range(10**12))")));
    assert_eq!(stuck.step, StopStep::GivenUp);
    assert!(stuck.to_string().contains("native code that does not return"), "{stuck}");
    // The new worker works, and allocates far more than a collection's threshold.
    let lists = Job::<i64>::eval("len([[i] for i in range(20_000)])");
    let lists = lists.limits(Limits::new().timeout(LONG));
    assert_eq!(host.run(lists).expect("a value"), 20_000);
    let stats = host.stats();
    assert_eq!((stats.workers, stats.restarts, stats.stuck), (1, 1, 1), "{stats:?}");
    assert_eq!((stats.stopped, stats.finished), (1, 1), "{stats:?}");
    drop(host);
}
