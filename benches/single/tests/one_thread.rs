//! Runs Python with the binary and looks at what comes out.

use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_togil-single"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs `source` as a script; returns its status, and what it wrote to both streams.
fn run_source(name: &str, source: &str) -> (Option<i32>, String, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, source).unwrap();
    let output = run(&["run", path.to_str().unwrap()]);
    (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

#[test]
fn it_tells_its_mode() {
    let output = run(&["mode", "--json"]);
    let expected =
        format!("{{\"mode\":\"single\",\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn one_thread_does_what_it_can() {
    let output = run(&["run", "tests/one_thread.py", "a", "b c"]);
    let parts = "threads errors_in_threads locks queues thread_local pool fork threading atexit";
    let printed: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(printed.join(" "), parts, "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_wait_without_end_ends_the_program() {
    let waits = [
        ("lock", "l = threading.Lock(); l.acquire(); l.acquire()"),
        ("event", "threading.Event().wait()"),
        ("queue", "queue.Queue().get()"),
        ("simple_queue", "queue.SimpleQueue().get()"),
        ("barrier", "threading.Barrier(2).wait()"),
        ("join", "threading.main_thread()._os_thread_handle.join()"),
    ];
    for (name, wait) in waits {
        // The thread takes the error for its own, and its starter for a failure of the thread's.
        let source = format!(
            "import threading, queue\n\
             def wait():\n    try: {wait}\n    except BaseException: pass\n\
             def start():\n    threading.Thread(target=wait).start()\n    print('went on')\n\
             try: threading.Thread(target=start).start()\n\
             except Exception: pass\n\
             print('went on')\n"
        );
        let (status, stdout, stderr) = run_source(&format!("{name}.py"), &source);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{name}");
        assert_eq!(
            stderr.matches("_thread.OneThreadError: one thread only: ").count(),
            1,
            "{stderr}"
        );
        assert!(stderr.contains("in start\n") && stderr.contains("in wait\n"), "{stderr}");
    }
}

#[test]
fn a_daemon_is_refused() {
    let source = "import threading\nthreading.Thread(target=print, args=(1,), daemon=True).start()";
    let (status, stdout, stderr) = run_source("daemon.py", source);
    assert_eq!((status, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("OneThreadError: one thread only: a daemon"), "{stderr}");
}

#[test]
fn a_script_ends_as_with_cpython() {
    let (status, stdout, stderr) = run_source("raises.py", "print(1)\n1 / 0");
    assert_eq!((status, stdout.as_str()), (Some(1), "1\n"));
    assert!(stderr.starts_with("Traceback (most recent call last):\n"), "{stderr}");
    assert!(stderr.ends_with("ZeroDivisionError: division by zero\n"), "{stderr}");
    let (status, _, stderr) = run_source("exits.py", "import sys; sys.exit('bye')");
    assert_eq!((status, stderr.as_str()), (Some(1), "bye\n"));
    let output = run(&["run", "no such file.py"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("[Errno 2] No such file or directory"));
    assert_eq!(run(&["run"]).status.code(), Some(2));
}
