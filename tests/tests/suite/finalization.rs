//! The end of a program: threads that still run, what is due at exit, the status.

use crate::harness::{prints, script};

/// Ends many times while daemon threads are in `{body}`: none may hang or crash the end.
#[track_caller]
fn daemons_may(body: &str) {
    let source = format!(
        "
import os, queue, socket, sys, threading, time
held = threading.Lock(); held.acquire()
left, right = socket.socketpair()
started = threading.Barrier(5)
def daemon():
    started.wait()
{body}
for _ in range(4):
    threading.Thread(target=daemon, daemon=True).start()
started.wait()
print('end', flush=True)
sys.exit(3)
"
    );
    for _ in 0..10 {
        let output = script(&source).output().exits(3);
        assert!(output.stdout.contains("end"), "{}", output.dump());
        assert!(!output.stderr.contains("Traceback"), "{}", output.dump());
        assert!(!output.stderr.contains("panicked"), "{}", output.dump());
    }
}

#[test]
fn daemon_threads_may_spin() {
    daemons_may("    while True: pass");
}

#[test]
fn daemon_threads_may_call_and_allocate() {
    daemons_may("    while True: [dict(a=object()) for _ in range(10)]");
}

#[test]
fn daemon_threads_may_sleep() {
    daemons_may("    while True: time.sleep(0.0001)");
    daemons_may("    time.sleep(1000)");
}

#[test]
fn daemon_threads_may_wait_for_a_lock() {
    daemons_may("    held.acquire()");
    daemons_may("    threading.Event().wait()");
}

#[test]
fn daemon_threads_may_pass_a_lock_around() {
    daemons_may("    lock = threading.Lock()\n    while True:\n        with lock: pass");
}

#[test]
fn daemon_threads_may_wait_for_queues_and_sockets() {
    daemons_may("    queue.SimpleQueue().get()");
    daemons_may("    queue.Queue().get()");
    daemons_may("    left.recv(1)");
}

#[test]
fn daemon_threads_may_print() {
    daemons_may("    while True: print('x')");
}

#[test]
fn daemon_threads_may_write_to_stderr() {
    daemons_may("    while True: sys.stderr.write('x\\n')");
}

#[test]
fn daemon_threads_may_import_and_start_threads() {
    daemons_may("    while True: threading.Thread(target=int, daemon=True).start()");
}

#[test]
fn threads_that_are_no_daemons_are_waited_for() {
    prints(
        "
        import threading, time
        def work(me):
            time.sleep(0.1 * me)
            print('thread', me)
            if me == 3:
                threading.Thread(target=work, args=(4,)).start()
        for me in (1, 2, 3):
            threading.Thread(target=work, args=(me,)).start()
        print('main')
        ",
        "main\nthread 1\nthread 2\nthread 3\nthread 4",
    );
}

#[test]
fn raw_threads_are_not_waited_for() {
    let output = script(
        "
        import _thread, time
        _thread.start_new_thread(time.sleep, (1000,))
        time.sleep(0.05)
        print('end')
        ",
    );
    output.output().prints("end");
}

#[test]
fn exit_functions_run_last_in_first_out_after_the_threads() {
    prints(
        "
        import atexit, threading, time
        for i in range(3):
            atexit.register(print, 'exit', i)
        def late():
            time.sleep(0.1)
            print('thread')
        threading.Thread(target=late).start()
        print('main')
        ",
        "main\nthread\nexit 2\nexit 1\nexit 0",
    );
}

#[test]
fn an_exit_function_may_use_daemon_threads() {
    prints(
        "
        import atexit, queue, threading
        tasks = queue.Queue()
        def work():
            while True:
                tasks.get()()
                tasks.task_done()
        threading.Thread(target=work, daemon=True).start()
        @atexit.register
        def last():
            tasks.put(lambda: print('from the daemon'))
            tasks.join()
            print('last')
        ",
        "from the daemon\nlast",
    );
}

#[test]
fn an_exit_function_that_fails_does_not_stop_the_others() {
    let output = script(
        "
        import atexit
        atexit.register(print, 'first')
        @atexit.register
        def fail(): raise KeyError('at exit')
        atexit.register(print, 'last')
        ",
    )
    .output()
    .exits(0)
    .complains("KeyError: 'at exit'");
    assert_eq!(output.text(), "last\nfirst");
}

#[test]
fn the_status_is_that_of_the_main_thread() {
    let source = "
        import sys, threading, time
        def work():
            time.sleep(0.1)
            sys.exit(9)
        threading.Thread(target=work).start()
        threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
        sys.exit(4)
        ";
    let output = script(source).output().exits(4);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

#[test]
fn an_exception_in_a_thread_at_shutdown_is_reported_and_the_status_stays() {
    let output = script(
        "
        import threading, time
        def fail():
            time.sleep(0.1)
            raise ValueError('late')
        threading.Thread(target=fail, name='late one').start()
        ",
    );
    let output = output.output().exits(0);
    output.complains("Exception in thread late one:").complains("ValueError: late");
}

#[test]
fn buffered_output_is_flushed_at_the_end() {
    let output = script(
        "
        import threading
        def work():
            print('from a thread', end='')
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
        file = open('kept', 'w')
        file.write('not closed')
        ",
    );
    let output = output.output().prints("from a thread");
    assert_eq!(output.read("kept"), "not closed");
}

#[test]
fn os_exit_ends_at_once_from_any_thread() {
    let output = script(
        "
        import atexit, os, threading
        atexit.register(print, 'never')
        thread = threading.Thread(target=os._exit, args=(6,))
        thread.start()
        while True:
            pass
        ",
    );
    assert_eq!(output.output().exits(6).stdout, "");
}

#[test]
fn destructors_run_at_the_end() {
    let output = script(
        "
        import threading
        class Loud:
            def __del__(self): print('gone')
        kept = Loud()
        def work(): local.value = Loud()
        local = threading.local()
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
        print('end')
        ",
    );
    let output = output.output().success();
    assert_eq!(output.stdout.matches("gone").count(), 2, "{}", output.dump());
}
