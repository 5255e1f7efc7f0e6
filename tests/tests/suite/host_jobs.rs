//! Hosts and jobs: values come back, errors too, and nobody waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use togil::{
    Error, Host, HostError, ImportPolicy, Job, Limits, Output, Script, Session, Shutdown,
    StopReason, StopStep, Stream,
};

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Host>();
    is_send_and_sync::<Script>();
    is_send_and_sync::<Session>();
    is_send_and_sync::<togil::JobHandle<i64>>();
    is_send_and_sync::<togil::PyHandle>();
    is_send_and_sync::<Error>();
};

const LONG: Duration = Duration::from_secs(60);

fn host(workers: usize) -> Host {
    Host::builder().workers(workers).build().expect("the host starts")
}

#[test]
fn expressions_scripts_and_calls_give_values() {
    let host = host(2);
    assert_eq!(host.eval::<i64>("6 * 7").expect("a value"), 42);
    assert_eq!(host.eval::<String>(" 'a' + 'b'").expect("a value"), "ab");
    host.exec("x = 1").expect("statements run");
    let text: String = host.call("json:dumps", (vec![1, 2],)).expect("a value");
    assert_eq!(text, "[1, 2]");
    let biggest: i64 = host.call("max", (3, 9, 4)).expect("a built-in");
    assert_eq!(biggest, 9);
    #[derive(Serialize)]
    struct Options {
        sort_keys: bool,
    }
    let job = Job::call_with(
        "json:dumps",
        (std::collections::HashMap::from([("b", 1), ("a", 2)]),),
        Options { sort_keys: true },
    );
    assert_eq!(host.run::<String>(job).expect("a value"), r#"{"a": 2, "b": 1}"#);
    let script = Script::compile("area.py", "w = 3\nh = 4\nw * h").expect("it compiles");
    for _ in 0..3 {
        assert_eq!(host.run::<i64>(Job::run(&script)).expect("a value"), 12);
    }
    let n: i64 = host.run(Job::eval("a + len(b)").var("a", 40).var("b", "xy")).expect("a value");
    assert_eq!(n, 42);
    #[derive(Deserialize, Debug, PartialEq)]
    struct Point {
        x: f64,
        name: Option<String>,
    }
    let point: Point = host.eval("{'x': 1.5, 'name': None}").expect("a struct");
    assert_eq!(point, Point { x: 1.5, name: None });
    let upper: String = host.call("builtins:str.upper", ("abc",)).expect("a method");
    assert_eq!(upper, "ABC");
}

#[test]
fn errors_say_what_went_wrong() {
    let host = host(1);
    let error = host.exec("def f():\n    return 1 / 0\nf()").expect_err("it raises");
    let python = error.as_python().expect("an exception");
    assert_eq!(python.type_name(), "ZeroDivisionError");
    assert!(python.traceback().contains("in f"), "{}", python.traceback());
    let error = host.eval::<Vec<i64>>("[1, 'two']").expect_err("not a number");
    assert_eq!(
        error.to_string(),
        "cannot convert the result: at [1]: expected i64, found str 'two'"
    );
    let Err(Error::Syntax(error)) = Script::compile("bad.py", "x = 1\ny = (") else {
        panic!("it does not compile")
    };
    assert_eq!((error.file.as_str(), error.line), ("bad.py", 2));
    let error = host.call::<i64>("nowhere", ()).expect_err("no such function");
    assert!(error.to_string().contains("'nowhere' is not defined"), "{error}");
    let error = host.call::<i64>("no_module:f", ()).expect_err("no such module");
    assert!(error.to_string().contains("No module named 'no_module'"), "{error}");
    let error = host.run(Job::<()>::new(|_| panic!("oops {}", 1))).expect_err("it panics");
    assert_eq!(error.to_string(), "the job panicked: oops 1");
    assert_eq!(host.eval::<i64>("1").expect("the worker lives"), 1);
    let error = host.run(Job::<String>::eval("'x' * 1000").limits(Limits::new().result_size(100)));
    assert!(matches!(error, Err(Error::ResultTooLarge { limit: 100 })), "{error:?}");
    let stats = host.stats();
    assert_eq!((stats.finished, stats.failed, stats.stopped), (1, 6, 0), "{stats:?}");
}

#[test]
fn constants_of_every_kind_are_compiled() {
    let host = Host::builder().workers(1).build().expect("the host starts");
    for source in [
        "2 in {1, 2} and 'b' not in {'a', None, (1, 2)}",
        "(1, ('a', b'b', ...), 1j, 0.5, 1 << 80, True, None)[4] == 2 ** 80",
        "[1, 2, 3] == [*(1, 2, 3)] and {1: (2, (3,))}[1] == (2, (3,))",
    ] {
        let script = Script::compile("constants.py", source).expect("it compiles");
        let held: bool = host.spawn(Job::run(&script)).join().expect(source);
        assert!(held, "{source}");
    }
}

#[test]
fn hosts_that_make_no_sense_are_refused() {
    assert!(matches!(Host::builder().workers(0).build(), Err(HostError::NoWorkers)));
    assert!(matches!(Host::builder().queue_capacity(0).build(), Err(HostError::NoQueue)));
    let error = Host::builder().prelude("tools", "1 / 0").build().expect_err("it raises");
    assert_eq!(
        error.to_string(),
        "the prelude module 'tools' failed: ZeroDivisionError: division by zero"
    );
}

#[test]
fn sessions_keep_their_globals_and_jobs_do_not() {
    for isolated in [false, true] {
        let host = Host::builder().workers(2).isolated(isolated).build().expect("a host");
        let session = Session::new();
        host.run(Job::exec("def twice(n): return 2 * n\ncount = 0").session(&session))
            .expect("it runs");
        for expected in 1..=10 {
            let job = Job::exec("count += 1").session(&session);
            host.run(job).expect("the globals are still there");
            let count: i64 = host.run(Job::eval("count").session(&session)).expect("a value");
            assert_eq!(count, expected);
        }
        let job = Job::call("twice", (21,)).session(&session);
        assert_eq!(host.run::<i64>(job).expect("a global function"), 42);
        assert!(host.eval::<i64>("count").is_err(), "another job must not see the session");
    }
}

#[test]
fn a_prelude_is_loaded_once() {
    let source = "import threading\nloads = 1\nlock = threading.Lock()\n\
                  def area(w, h):\n    return w * h\n";
    let host = Host::builder().workers(2).prelude("tools", source).build().expect("a host");
    assert_eq!(host.call::<i64>("tools:area", (6, 7)).expect("a value"), 42);
    host.exec("import tools\nwith tools.lock: tools.loads += 1").expect("it runs");
    assert_eq!(host.eval::<i64>("__import__('tools').loads").expect("a value"), 2);
}

#[test]
fn isolated_workers_share_no_modules() {
    let host = Host::builder().workers(2).isolated(true).build().expect("a host");
    let sessions = [Session::new(), Session::new()];
    for (n, session) in sessions.iter().enumerate() {
        let job = Job::exec("import json\njson.mark = n").var("n", n).session(session);
        host.run(job).expect("it runs");
    }
    for (n, session) in sessions.iter().enumerate() {
        let job = Job::eval("__import__('json').mark").session(session);
        assert_eq!(host.run::<usize>(job).expect("a value"), n);
    }
    let script = Script::compile("s.py", "sum(range(10))").expect("it compiles");
    let jobs: Vec<_> = (0..20).map(|_| host.spawn(Job::<i64>::run(&script))).collect();
    for job in jobs {
        assert_eq!(job.join().expect("a value"), 45);
    }
}

#[test]
fn output_goes_where_the_job_says() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    let host = Host::builder()
        .workers(2)
        .output(Output::lines(move |stream, line| seen.lock().push((stream, line.to_owned()))))
        .build()
        .expect("a host");
    host.exec("import sys\nprint('a', 1)\nprint('b', end='')\nprint('e', file=sys.stderr)")
        .expect("it prints");
    let expected = [(Stream::Stdout, "a 1"), (Stream::Stderr, "e"), (Stream::Stdout, "b")];
    assert_eq!(*lines.lock(), expected.map(|(stream, line)| (stream, line.to_owned())));
    let jobs: Vec<_> = (0..20)
        .map(|n| {
            let job = Job::exec("for i in range(50): print(n, i)").var("n", n);
            (n, host.spawn(job.output(Output::Capture)))
        })
        .collect();
    for (n, job) in jobs {
        let expected: String = (0..50).map(|i| format!("{n} {i}\n")).collect();
        let (result, output) = job.join_with_output();
        assert_eq!((result.ok(), output.stdout), (Some(()), expected));
    }
    assert_eq!(lines.lock().len(), 3, "captured output must not reach the host's callback");
    let job = Job::exec("while True: print('x' * 10)")
        .limits(Limits::new().output_size(95))
        .output(Output::Capture);
    let (result, output) = host.spawn(job).join_with_output();
    assert_eq!(output.stdout.len(), 95);
    let Err(Error::Stopped(report)) = result else { panic!("it prints too much") };
    assert_eq!(report.reason, StopReason::Output(95));
}

#[test]
fn a_full_queue_gives_the_job_back() {
    let host = Host::builder().workers(1).queue_capacity(1).build().expect("a host");
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let busy = host.spawn(Job::new(move |py| {
        py.detach(move || wait.recv()).expect("told to go on");
        Ok(())
    }));
    while host.stats().running == 0 {
        std::thread::yield_now();
    }
    let waiting = host.try_spawn(Job::<i64>::eval("1")).expect("there is room for one");
    let full = host.try_spawn(Job::<i64>::eval("2").name("second")).expect_err("it is full");
    assert_eq!(
        full.to_string(),
        "the queue of the host is full (1 jobs); wait with `spawn`, or try again"
    );
    assert_eq!(host.stats().queued, 1);
    go.send(()).expect("the job waits");
    busy.join().expect("it ends");
    assert_eq!(waiting.join().expect("a value"), 1);
    assert_eq!(host.run(*full.job).expect("the job is whole"), 2);
}

#[test]
fn handles_are_polled_timed_and_dropped() {
    let host = host(2);
    let slow = host.spawn(Job::<i64>::eval("__import__('time').sleep(0.3) or 7"));
    let mut slow = match slow.join_timeout(Duration::from_millis(1)) {
        Ok(result) => panic!("done at once: {result:?}"),
        Err(handle) => handle,
    };
    assert!(slow.try_join().is_none());
    while !slow.is_finished() {
        std::thread::yield_now();
    }
    assert_eq!(slow.try_join().expect("done").expect("a value"), 7);
    assert!(slow.try_join().is_none(), "a result is given once");
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        let count = count.clone();
        drop(host.spawn(Job::new(move |_| Ok(count.fetch_add(1, Ordering::Relaxed)))));
    }
    host.shutdown(Shutdown::Drain(LONG));
    assert_eq!(count.load(Ordering::Relaxed), 50, "a dropped handle lets its job run");
}

#[test]
fn handles_are_futures() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let host = host(2);
    runtime.block_on(async {
        let jobs: Vec<_> =
            (0..40_i64).map(|n| host.spawn(Job::<i64>::eval("n * n").var("n", n))).collect();
        let mut total = 0;
        for job in jobs {
            total += job.await.expect("a value");
        }
        assert_eq!(total, (0..40).map(|n| n * n).sum::<i64>());
        let endless = host.spawn(Job::exec("while True: pass"));
        // One that has not begun would not be stopped, but taken out of the queue.
        while host.stats().running == 0 {
            tokio::task::yield_now().await;
        }
        let result =
            tokio::time::timeout(Duration::from_millis(50), endless.cancel_on_drop()).await;
        assert!(result.is_err(), "it never ends by itself");
        let after = tokio::time::timeout(LONG, host.spawn(Job::<i64>::eval("1"))).await;
        assert_eq!(after.expect("in time").expect("a value"), 1);
    });
    while host.stats().running > 0 {
        std::thread::yield_now();
    }
    assert_eq!(host.stats().stopped, 1);
}

/// The executor of smol, which knows nothing of tokio.
#[test]
fn handles_are_futures_under_smol() {
    let host = host(2);
    let executor = async_executor::Executor::new();
    let tasks: Vec<_> = (0..20_i64)
        .map(|n| executor.spawn(host.spawn(Job::<i64>::eval("n + 1").var("n", n))))
        .collect();
    let total = futures_lite::future::block_on(executor.run(async {
        let mut total = 0;
        for task in tasks {
            total += task.await.expect("a value");
        }
        total
    }));
    assert_eq!(total, (1..=20).sum::<i64>());
}

#[test]
fn dropping_a_host_always_returns() {
    for isolated in [false, true] {
        let host = Host::builder().workers(2).isolated(isolated).build().expect("a host");
        let endless: Vec<_> = (0..6)
            .map(|_| {
                host.spawn(Job::exec(
                    "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
                ))
            })
            .collect();
        while host.stats().running < 2 {
            std::thread::yield_now();
        }
        drop(host);
        let mut unqueued = 0;
        for job in endless {
            match job.join() {
                Err(Error::Stopped(report)) => {
                    assert_eq!(report.reason, StopReason::Shutdown);
                    unqueued += usize::from(report.step == StopStep::Unqueued);
                }
                other => panic!("not stopped: {other:?}"),
            }
        }
        // A worker that has taken a job may not have begun with it.
        assert!((4..=6).contains(&unqueued), "{unqueued} never ran");
    }
}

#[test]
fn an_import_policy_asks_before_it_imports() {
    let policy = ImportPolicy::allow(["json", "os"]).except(["os.path"]);
    assert!(policy.allows("os") && !policy.allows("os.path") && !policy.allows("jsonx"));
    let host = Host::builder().workers(1).import_policy(policy).build().expect("a host");
    host.exec("import json, os; json.dumps([os.getpid()])").expect("allowed");
    for denied in ["import re", "from os import path", "import os.path", "import xml.dom"] {
        let error = host.exec(denied).expect_err("denied");
        assert!(error.to_string().contains("the host does not allow"), "{denied}: {error}");
    }
}

#[test]
fn a_job_may_drop_its_own_host() {
    let host = Arc::new(host(1));
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let last = host.clone();
    let job = host.spawn(Job::new(move |py| {
        py.detach(move || wait.recv()).expect("told to go on");
        drop(last);
        Ok(7)
    }));
    drop(host);
    go.send(()).expect("the job waits");
    // It is asked to stop at the same time; either way somebody answers.
    match job.join() {
        Ok(7) | Err(Error::Stopped(_)) => {}
        other => panic!("neither done nor stopped: {other:?}"),
    }
}

#[test]
fn statistics_tell_what_each_worker_did() {
    let host = host(2);
    let spin = "import time\nend = time.monotonic() + 0.05\nwhile time.monotonic() < end: pass";
    let jobs: Vec<_> = (0..4).map(|_| host.spawn(Job::exec(spin).name("spin"))).collect();
    let named = loop {
        let named: Vec<_> = host.stats().per_worker.into_iter().filter_map(|w| w.running).collect();
        if named.len() == 2 {
            break named;
        }
        assert!(jobs.iter().any(|job| !job.is_finished()), "never were both at work");
        std::thread::yield_now();
    };
    assert_eq!(named, ["spin", "spin"]);
    jobs.into_iter().for_each(|job| job.join().expect("it runs"));
    let stats = host.stats();
    assert_eq!(stats.per_worker.iter().map(|worker| worker.jobs).sum::<u64>(), 4);
    assert!(stats.queue_wait > Duration::from_millis(20), "{stats:?}");
    for worker in stats.per_worker.iter().filter(|worker| worker.jobs > 0) {
        assert_eq!(worker.gil.is_some(), crate::GIL, "{worker:?}");
        assert!(worker.gil.is_none_or(|gil| gil.held > Duration::from_millis(5)), "{worker:?}");
    }
}

#[test]
fn a_job_may_wait_for_another_job() {
    let host = Arc::new(host(2));
    let inner = host.clone();
    let job = Job::new(move |_| inner.eval::<i64>("20 + 1"));
    assert_eq!(host.run(job).expect("a value"), 21);
}
