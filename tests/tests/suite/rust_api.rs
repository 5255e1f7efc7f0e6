//! The Rust API, in this process: one test, because much of it counts for the whole process.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use togil::{BuildError, GilRequest, Handle, Interpreter, InterpreterBuilder, Python};

use crate::GIL;

/// Far more than anything here takes, far less than the patience of whoever waits.
const LONG: Duration = Duration::from_secs(30);

#[test]
fn embedding() {
    values_come_back();
    the_builder_sets_what_scripts_see();
    the_signal_handlers_of_the_process_are_left_alone();
    rust_threads_attach();
    rust_threads_share_the_gil_like_python_threads();
    detach_lets_another_thread_run();
    a_thread_that_sleeps_attached_loses_the_gil();
    statistics_grow();
    finalize_waits_and_returns_the_status();
    interpreters_live_side_by_side();
    the_first_interpreter_decides_about_the_gil();
}

fn build(builder: InterpreterBuilder) -> Interpreter {
    builder.build().expect("the interpreter starts")
}

/// Runs statements and returns the value of `result`.
fn eval(py: Python<'_>, source: &str) -> String {
    let scope = py.new_scope_with_builtins();
    if let Err(error) = py.run_string(scope.clone(), source, "<test>") {
        py.print_exception(&error);
        panic!("{source} raised");
    }
    let result = scope.globals.get_item("result", py.vm()).expect("a result");
    let text = result.str(py.vm()).expect("a printable result");
    text.as_wtf8().to_string()
}

fn values_come_back() {
    let interpreter = build(Interpreter::builder());
    assert_eq!(interpreter.attach(|py| eval(py, "result = 6 * 7")), "42");
    // Attaching twice is attaching once.
    let nested = interpreter.attach(|_| interpreter.attach(|py| eval(py, "result = 'in'")));
    assert_eq!(nested, "in");
    assert_eq!(
        interpreter.attach(|py| eval(py, "import sys; result = sys._is_gil_enabled()")),
        if GIL { "True" } else { "False" }
    );
    assert_eq!(togil::gil_enabled(), GIL);
    assert_eq!(interpreter.finalize(None), 0);
}

fn the_builder_sets_what_scripts_see() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("beside.py"), "value = 'found'").expect("a file");
    let builder = Interpreter::builder()
        .argv(["name", "one"])
        .path(directory.path().display().to_string())
        .env([("ONLY", "this")])
        .settings(|settings| settings.optimize = 1);
    let interpreter = build(builder);
    interpreter.attach(|py| {
        assert_eq!(eval(py, "import sys; result = sys.argv"), "['name', 'one']");
        assert_eq!(eval(py, "import beside; result = beside.value"), "found");
        assert_eq!(eval(py, "import os; result = dict(os.environ)"), "{'ONLY': 'this'}");
        assert_eq!(eval(py, "result = __debug__"), "False");
    });
    assert_eq!(interpreter.finalize(None), 0);
    // Isolated unless told otherwise, and with the environment of the process.
    let interpreter = build(Interpreter::builder());
    interpreter.attach(|py| {
        assert_eq!(eval(py, "import sys; result = sys.flags.isolated"), "1");
        assert_eq!(eval(py, "import os; result = 'PATH' in os.environ"), "True");
    });
    assert_eq!(interpreter.finalize(None), 0);
}

fn the_signal_handlers_of_the_process_are_left_alone() {
    let interpreter = build(Interpreter::builder());
    for signal in [libc::SIGINT, libc::SIGUSR1] {
        // SAFETY: all-zero is a valid sigaction, and only its contents are replaced.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: a query, which writes to a live local.
        unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
        // Ignored where whoever started the tests had it so.
        let found = action.sa_sigaction;
        assert!(found == libc::SIG_DFL || found == libc::SIG_IGN, "signal {signal}: {found:#x}");
    }
    assert_eq!(interpreter.finalize(None), 0);
}

fn rust_threads_attach() {
    let interpreter = build(Interpreter::builder());
    let handle = interpreter.handle();
    let threads: Vec<_> = (0..8)
        .map(|i| {
            let body = move |py: Python<'_>| eval(py, &format!("result = {i} * 2"));
            handle.spawn(format!("worker {i}"), body).expect("a thread")
        })
        .collect();
    // A thread of the program's own, with a name that the API did not choose.
    let own = {
        let handle = handle.clone();
        std::thread::spawn(move || {
            let once = handle.attach(|py| eval(py, "result = 1"));
            let again = handle.attach(|_| handle.attach(|py| eval(py, "result = 2")));
            (once, again)
        })
    };
    for (i, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.thread().name(), Some(format!("worker {i}").as_str()));
        assert_eq!(thread.join().expect("no panic"), (i * 2).to_string());
    }
    assert_eq!(own.join().expect("no panic"), ("1".to_owned(), "2".to_owned()));
    assert_eq!(interpreter.finalize(None), 0);
}

/// Counts on four Rust threads at once, without a lock; returns how many counts were lost.
fn lost_counts(interpreter: &Interpreter) -> i64 {
    const TIMES: i64 = 100_000;
    interpreter.attach(|py| {
        eval(py, "import sys; sys.modules['counter'] = result = type(sys)('counter')\nresult.n = 0")
    });
    let count = format!(
        "import counter\ndef work():\n  for _ in range({TIMES}): counter.n += 1\nwork()\nresult = 1"
    );
    let handle = interpreter.handle();
    let start = |i: usize| {
        let count = count.clone();
        handle.spawn(format!("counter {i}"), move |py| eval(py, &count)).expect("a thread")
    };
    let threads: Vec<_> = (0..4).map(start).collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let counted = interpreter.attach(|py| eval(py, "import counter; result = counter.n"));
    4 * TIMES - counted.parse::<i64>().expect("a number")
}

fn rust_threads_share_the_gil_like_python_threads() {
    let interpreter = build(Interpreter::builder());
    let lost: Vec<i64> = (0..5).map(|_| lost_counts(&interpreter)).collect();
    assert_eq!(lost.iter().all(|&lost| lost == 0), GIL, "{lost:?}");
    assert_eq!(interpreter.finalize(None), 0);
}

/// Starts a thread that attaches and says so.
fn attach_elsewhere(handle: &Handle) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let body = move |py: Python<'_>| sender.send(eval(py, "result = sum(range(1000))"));
    handle.spawn("elsewhere", body).expect("a thread");
    receiver
}

fn detach_lets_another_thread_run() {
    let interpreter = build(Interpreter::builder());
    let handle = interpreter.handle();
    interpreter.attach(|py| {
        // Attached and at work, this thread does not let the GIL go by itself.
        let others = attach_elsewhere(&handle);
        let end = Instant::now() + Duration::from_millis(500);
        let mut answer = None;
        while answer.is_none() && Instant::now() < end {
            answer = others.try_recv().ok();
        }
        assert_eq!(answer.is_none(), GIL, "{answer:?}");
        let answer = answer.or_else(|| py.detach(move || others.recv_timeout(LONG).ok()));
        assert_eq!(answer.as_deref(), Some("499500"));
        // And it is attached again.
        assert_eq!(eval(py, "result = 'back'"), "back");
    });
    assert_eq!(interpreter.finalize(None), 0);
}

/// What `detach` is for, forgotten: this must not freeze the others for good.
fn a_thread_that_sleeps_attached_loses_the_gil() {
    let interpreter = build(Interpreter::builder());
    let handle = interpreter.handle();
    interpreter.attach(|py| {
        let answer = attach_elsewhere(&handle).recv_timeout(LONG);
        assert_eq!(answer.as_deref(), Ok("499500"));
        assert_eq!(eval(py, "result = 'back'"), "back");
    });
    assert_eq!(interpreter.finalize(None), 0);
}

fn statistics_grow() {
    let interpreter = build(Interpreter::builder());
    let before = togil::gil_stats();
    let mine = interpreter.attach(|py| {
        for _ in 0..10 {
            py.detach(|| ());
        }
        py.thread_stats()
    });
    let after = togil::gil_stats();
    assert_eq!((before.is_some(), after.is_some(), mine.is_some()), (GIL, GIL, GIL));
    if let (Some(before), Some(after), Some(mine)) = (before, after, mine) {
        assert!(after.acquisitions >= before.acquisitions + 11, "{before:?} {after:?}");
        assert!(after.voluntary_releases >= before.voluntary_releases + 11, "{before:?} {after:?}");
        assert!(mine.voluntary_releases >= 10 && mine.acquisitions > 10, "{mine:?}");
        assert!(after.hold_ns >= before.hold_ns && mine.hold_ns > 0, "{mine:?}");
    }
    assert_eq!(interpreter.finalize(None), 0);
}

fn finalize_waits_and_returns_the_status() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("log");
    let interpreter = build(Interpreter::builder().argv([path.display().to_string()]));
    interpreter.attach(|py| {
        let source = "
import atexit, sys, threading, time
def log(text):
    with open(sys.argv[0], 'a') as file:
        file.write(text + ' ')
def late():
    time.sleep(0.1)
    log('thread')
atexit.register(log, 'atexit')
threading.Thread(target=late).start()
threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()
result = 1";
        eval(py, source)
    });
    let exit = interpreter.attach(|py| {
        let scope = py.new_scope_with_builtins();
        py.run_string(scope, "raise SystemExit(3)", "<test>").expect_err("an exit")
    });
    assert_eq!(interpreter.finalize(Some(exit)), 3);
    assert_eq!(std::fs::read_to_string(path).expect("the log"), "thread atexit ");
}

fn interpreters_live_side_by_side() {
    let work = |number: i64| {
        move || {
            let interpreter = build(Interpreter::builder());
            let source = format!("result = sum(range({number}))");
            let result = interpreter.attach(|py| eval(py, &source));
            (result, interpreter.finalize(None))
        }
    };
    let threads: Vec<_> = (1..5).map(|i| std::thread::spawn(work(i * 10))).collect();
    for (i, thread) in (1..5).zip(threads) {
        let expected = (i * 10 * (i * 10 - 1) / 2).to_string();
        assert_eq!(thread.join().expect("no panic"), (expected, 0));
    }
}

fn the_first_interpreter_decides_about_the_gil() {
    let attempt = |request| match Interpreter::builder().gil(request).build() {
        Ok(interpreter) => Ok(interpreter.finalize(None)),
        Err(error) => Err(error),
    };
    let (on, off) = (attempt(GilRequest::Enable), attempt(GilRequest::Disable));
    if GIL {
        assert!(matches!(on, Ok(0)), "{on:?}");
        assert!(matches!(off, Err(BuildError::GilRequired(_))), "{off:?}");
    } else {
        // Turned on in a process of its own: identity.rs.
        assert!(matches!(on, Err(BuildError::GilDecided)), "{on:?}");
        assert!(matches!(off, Ok(0)), "{off:?}");
    }
    assert_eq!(togil::gil_enabled(), GIL);
}
