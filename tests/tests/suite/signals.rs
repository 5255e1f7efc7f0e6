//! Signals: handled by the main thread, soon, whatever the other threads do.

use std::time::{Duration, Instant};

use crate::harness::{Running, prints, script};

/// Starts four busy threads; they end with the process.
const FOUR_BUSY: &str = "
import os, queue, signal, socket, subprocess, sys, threading, time
def busy():
    while True:
        pass
for _ in range(4):
    threading.Thread(target=busy, daemon=True).start()
";

/// How long Ctrl-C may take here. The bar is 100 ms, and the benchmark measures that: this
/// machine may have other things to do.
const SOON: Duration = Duration::from_secs(20);

/// Starts a program with four busy threads whose main thread is in `{wait}`.
fn main_thread_in(wait: &str) -> Running {
    let source = format!(
        "{FOUR_BUSY}
held = threading.Lock(); held.acquire()
held_again = threading.RLock()
taker = threading.Thread(target=held_again.acquire); taker.start(); taker.join()
left, right = socket.socketpair()
print('ready', flush=True)
{wait}
"
    );
    let running = script(&source).start();
    running.wait_for_line("ready");
    // Into the call that waits.
    std::thread::sleep(Duration::from_millis(100));
    running
}

#[track_caller]
fn ctrl_c_ends(wait: &str) {
    let running = main_thread_in(wait);
    let sent = Instant::now();
    running.signal(libc::SIGINT);
    let output = running.wait();
    let took = sent.elapsed();
    let output = output.interrupted().complains("KeyboardInterrupt");
    assert!(output.stderr.contains("Traceback (most recent call last)"), "{}", output.dump());
    assert!(took < SOON, "{wait}: {took:?}");
}

#[test]
fn ctrl_c_ends_a_busy_main_thread() {
    ctrl_c_ends("while True: pass");
}

#[test]
fn ctrl_c_ends_a_sleep() {
    ctrl_c_ends("time.sleep(50)");
}

#[test]
fn ctrl_c_ends_a_wait_for_a_lock() {
    ctrl_c_ends("held.acquire()");
    ctrl_c_ends("with held: pass");
    ctrl_c_ends("held.acquire(timeout=50)");
    ctrl_c_ends("held_again.acquire()");
}

#[test]
fn ctrl_c_ends_a_join() {
    ctrl_c_ends("t = threading.Thread(target=busy, daemon=True); t.start(); t.join()");
    ctrl_c_ends("t = threading.Thread(target=busy, daemon=True); t.start(); t.join(50)");
}

#[test]
fn ctrl_c_ends_a_wait_for_a_queue() {
    ctrl_c_ends("queue.Queue().get()");
    ctrl_c_ends("queue.Queue().get(timeout=50)");
    ctrl_c_ends("queue.SimpleQueue().get()");
    ctrl_c_ends("queue.SimpleQueue().get(timeout=50)");
}

#[test]
fn ctrl_c_ends_a_wait_for_an_event_or_a_condition() {
    ctrl_c_ends("threading.Event().wait()");
    ctrl_c_ends("threading.Event().wait(50)");
    ctrl_c_ends("c = threading.Condition(); c.acquire(); c.wait()");
    ctrl_c_ends("threading.Barrier(2).wait()");
}

#[test]
fn ctrl_c_ends_waits_in_the_system() {
    ctrl_c_ends("left.recv(1)");
    ctrl_c_ends("import select; select.select([left], [], [])");
    ctrl_c_ends("import select; p = select.poll(); p.register(left, 1); p.poll()");
    ctrl_c_ends("os.read(os.pipe()[0], 1)");
    ctrl_c_ends("signal.pause()");
    // The child must not keep our output open.
    ctrl_c_ends("subprocess.Popen(['sleep', '50'], stdout=-3, stderr=-3).wait()");
}

#[test]
fn ctrl_c_can_be_caught_and_the_program_goes_on() {
    let running = main_thread_in(
        "
for i in range(3):
    try:
        while True: time.sleep(0.01)
    except KeyboardInterrupt:
        print('caught', i, flush=True)
sys.exit(7)
",
    );
    for i in 0..3 {
        running.signal(libc::SIGINT);
        running.wait_for_line(&format!("caught {i}"));
        // Out of the `print` and into the next `try`.
        std::thread::sleep(Duration::from_millis(200));
    }
    running.wait().exits(7);
}

#[test]
fn ctrl_c_runs_finally_and_atexit() {
    let running = main_thread_in(
        "
import atexit
atexit.register(print, 'atexit')
try:
    while True: pass
finally:
    print('finally')
",
    );
    running.signal(libc::SIGINT);
    let output = running.wait().interrupted();
    assert_eq!(output.text(), "ready\nfinally\natexit");
}

#[test]
fn a_handler_runs_in_the_main_thread_whichever_thread_the_system_chooses() {
    let source = format!(
        "{FOUR_BUSY}
count = 0
def handler(number, frame):
    global count
    count += 1
    print(threading.current_thread().name, frame is not None, count, flush=True)
    if count == 2:
        sys.exit(5)
signal.signal(signal.SIGUSR1, handler)
def target():
    print(threading.get_native_id(), flush=True)
    busy()
threading.Thread(target=target, daemon=True).start()
busy()
"
    );
    let running = script(&source).start();
    let worker: i32 = running.wait_for(|line| line.parse().ok());
    for count in 1..=2 {
        // SAFETY: no memory is involved, and the thread lives until we let it go.
        unsafe { libc::syscall(libc::SYS_tgkill, running.pid(), worker, libc::SIGUSR1) };
        running.wait_for_line(&format!("MainThread True {count}"));
    }
    running.wait().exits(5);
}

#[test]
fn a_signal_to_itself_is_handled_before_the_next_statements() {
    prints(
        "
        import os, signal, time
        seen = []
        signal.signal(signal.SIGUSR1, lambda *args: seen.append(args[0]))
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGUSR1)
            for _ in range(100): pass
        signal.raise_signal(signal.SIGUSR1)
        for _ in range(100): pass
        print(seen == [signal.SIGUSR1] * 4 or seen)
        ",
        "True",
    );
}

#[test]
fn many_signals_are_handled_and_nothing_hangs() {
    // As many in a row may be merged into one.
    let running = main_thread_in(
        "
count = 0
def handler(*args):
    global count
    count += 1
signal.signal(signal.SIGUSR1, handler)
signal.signal(signal.SIGUSR2, lambda *args: sys.exit(0 if 1 <= count <= 50 else f'{count} handled'))
print('set', flush=True)
while True:
    time.sleep(0.003)
    for _ in range(1000): pass
",
    );
    running.wait_for_line("set");
    for _ in 0..50 {
        running.signal(libc::SIGUSR1);
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(libc::SIGUSR2);
    running.wait().success();
}

#[test]
fn a_handler_that_raises_ends_a_wait() {
    prints(
        &format!(
            "{FOUR_BUSY}
class Enough(Exception): pass
def handler(*args): raise Enough
signal.signal(signal.SIGUSR1, handler)
held = threading.Lock(); held.acquire()
for wait in (held.acquire, threading.Event().wait, queue.Queue().get, lambda: time.sleep(50)):
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    try:
        wait()
    except Enough:
        print('enough', end=' ')
print()
"
        ),
        "enough enough enough enough",
    );
}

#[test]
fn a_wait_goes_on_after_a_handler_that_returns() {
    prints(
        &format!(
            "{FOUR_BUSY}
seen = []
signal.signal(signal.SIGUSR1, lambda *args: seen.append(1))
held = threading.Lock(); held.acquire()
for wait in (lambda: time.sleep(0.3), lambda: held.acquire(timeout=0.3),
             lambda: threading.Event().wait(0.3)):
    start = time.monotonic()
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    wait()
    print(time.monotonic() - start >= 0.29, end=' ')
print(len(seen))
"
        ),
        "True True True 3",
    );
}
