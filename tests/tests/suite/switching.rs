//! When the GIL changes hands: after the switch interval, and around calls that block.

use std::time::Duration;

use crate::GIL;
use crate::harness::{Output, script};

#[track_caller]
fn forced_switches(output: &Output) -> u64 {
    output.stats()["gil"]["forced_switches"].as_u64().expect("a number")
}

/// Two threads that compute for as long as `argv[2]` says, with the interval `argv[1]`.
const TWO_BUSY: &str = "
import sys, threading, time
sys.setswitchinterval(float(sys.argv[1]))
end = time.perf_counter() + float(sys.argv[2])
def busy():
    n = 0
    while time.perf_counter() < end:
        n += 1
threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads: thread.start()
# Not in `join`, from which the main thread comes back now and then to look for signals.
time.sleep(float(sys.argv[2]) + 0.1)
for thread in threads: thread.join()
print('done')
";

#[test]
fn forced_switches_are_counted() {
    let output = script(TWO_BUSY).args(["0.005", "0.5"]).output().prints("done");
    if GIL {
        // A hundred slices of 5 ms, and a machine that may be slow.
        assert!(forced_switches(&output) >= 10, "{}", output.stats());
        let gil = &output.stats()["gil"];
        assert!(gil["waits"].as_u64() >= Some(10), "{gil}");
        assert!(gil["wait_ns"].as_u64() >= gil["max_wait_ns"].as_u64(), "{gil}");
        assert!(gil["hold_ns"].as_u64() > Some(100_000_000), "{gil}");
    } else {
        assert!(output.stats()["gil"].is_null(), "{}", output.stats());
    }
}

#[test]
fn one_thread_is_never_asked_to_switch() {
    let source = "
        n = 0
        for _ in range(500_000):
            n += 1
        print(n)
        ";
    let output = script(source).options(["-X", "gil=1"]).output().prints("500000");
    assert_eq!(forced_switches(&output), 0);
}

#[test]
fn a_shorter_interval_switches_more_often() {
    let switches = |interval| {
        let run = script(TWO_BUSY).options(["-X", "gil=1"]).args([interval, "0.5"]);
        forced_switches(&run.output().prints("done"))
    };
    let (short, long) = (switches("0.0005"), switches("0.1"));
    assert!(short > 5 * long.max(1), "{short} against {long}");
}

#[test]
fn a_new_interval_counts_for_threads_that_wait_already() {
    // The thread that comes second would wait a minute.
    let output = script(
        "
        import sys, threading, time
        sys.setswitchinterval(60)
        done = [False, False]
        def work(me):
            end = time.perf_counter() + 0.2
            while time.perf_counter() < end:
                pass
            sys.setswitchinterval(0.001)
            done[me] = True
            while not all(done):
                pass
        threads = [threading.Thread(target=work, args=(me,)) for me in (0, 1)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(done)
        ",
    );
    let output = output.output().prints("[True, True]");
    assert!(output.elapsed < Duration::from_secs(20), "{:?}", output.elapsed);
}

#[test]
fn busy_threads_share_the_time() {
    let output = script(
        "
        import threading, time
        counts = [0] * 4
        end = time.perf_counter() + 1
        def work(me):
            while time.perf_counter() < end:
                counts[me] += 1
        threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(min(counts) * 10 > max(counts) or counts)
        ",
    );
    output.output().prints("True");
}

#[test]
fn a_busy_thread_does_not_starve_one_that_sleeps() {
    // 1 ms asleep 200 times: 40 s if each return waited for 40 slices.
    let output = script(
        "
        import threading, time
        stop = False
        def busy():
            while not stop:
                pass
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads: thread.start()
        start = time.perf_counter()
        for _ in range(200):
            time.sleep(0.001)
        took = time.perf_counter() - start
        stop = True
        for thread in threads: thread.join()
        print(took < 5 or took)
        ",
    );
    output.output().prints("True");
}

#[test]
fn a_thread_that_sleeps_often_does_not_starve_a_busy_one() {
    let output = script(
        "
        import threading, time
        stop = False
        def brief():
            while not stop:
                time.sleep(0)
        threads = [threading.Thread(target=brief) for _ in range(4)]
        for thread in threads: thread.start()
        start = time.perf_counter()
        n = 0
        while n < 200_000:
            n += 1
        took = time.perf_counter() - start
        stop = True
        for thread in threads: thread.join()
        print(took < 10 or took)
        ",
    );
    output.output().prints("True");
}

/// Eight threads that each wait 0.2 s in `{wait}`. Prints whether the waits overlapped.
const EIGHT_WAITS: &str = "
import os, queue, select, selectors, socket, subprocess, threading, time

held = threading.Lock()
held.acquire()
held_again = threading.RLock()
never = threading.Event()
holds = threading.Event()
def hold():  # does not end: another thread could get its identity, and with that the lock
    held_again.acquire()
    holds.set()
    never.wait()
threading.Thread(target=hold).start()
holds.wait()
rows = [socket.socketpair() for _ in range(8)]
for left, _ in rows:
    left.settimeout(0.2)
nothing = queue.SimpleQueue()
also_nothing = queue.Queue()
forever = threading.Thread(target=never.wait)
forever.start()

def poll(descriptor):
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poller.poll(200)

def epoll(descriptor):
    with select.epoll() as poller:
        poller.register(descriptor, select.EPOLLIN)
        poller.poll(0.2)

def expect(error, call, *args, **named):
    try:
        call(*args, **named)
    except error:
        return
    raise AssertionError('it did not wait')

def wait(me):
    sock = rows[me][0]
    {wait}

def timed(number):
    start = time.perf_counter()
    threads = [threading.Thread(target=wait, args=(me,)) for me in range(number)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return time.perf_counter() - start

took = timed(8)
never.set()
print(0.19 < took < 1.3 or took)
";

#[test]
fn waits_overlap() {
    for wait in [
        "time.sleep(0.2)",
        "assert not held.acquire(timeout=0.2)",
        "assert not held_again.acquire(timeout=0.2)",
        "assert not never.wait(0.2)",
        "forever.join(0.2)",
        "expect(queue.Empty, nothing.get, timeout=0.2)",
        "expect(queue.Empty, also_nothing.get, timeout=0.2)",
        "expect(TimeoutError, sock.recv, 1)",
        "expect(TimeoutError, sock.recv_into, bytearray(1))",
        "assert not select.select([sock], [], [], 0.2)[0]",
        "poll(sock.fileno())",
        "epoll(sock.fileno())",
        "subprocess.run(['sleep', '0.2'], check=True)",
        "os.system('sleep 0.2')",
        "os.waitpid(os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '0.2'), 0)",
    ] {
        let output = script(&EIGHT_WAITS.replace("{wait}", wait)).output();
        assert_eq!(output.text(), "True", "{wait}\n{}", output.dump());
        let output = output.success();
        // The call gave the GIL up; it was not taken away from a thread that slept with it.
        let evictions = output.stats()["gil"]["evictions"].as_u64();
        assert_eq!(evictions.unwrap_or(0), 0, "{wait}");
    }
}

#[test]
fn voluntary_releases_are_counted() {
    let source = "
        import time
        for _ in range(50):
            time.sleep(0.0001)
        print('done')
        ";
    let output = script(source).options(["-X", "gil=1"]).output().prints("done");
    assert!(output.stats()["gil"]["voluntary_releases"].as_u64() >= Some(50), "{}", output.stats());
}
