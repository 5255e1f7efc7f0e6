//! A module of the host's that needs the GIL turns it on for the process.

use crate::GIL;
use crate::harness::{Togil, togil};

fn lent(source: &str) -> Togil {
    togil(["lent"]).file("script.py", source).args(["script.py"])
}

fn lent_with(gil: &str, source: &str) -> Togil {
    togil(["lent", "-X", gil]).file("script.py", source).args(["script.py"])
}

const WARNING: &str = "RuntimeWarning: The global interpreter lock (GIL) has been enabled to load \
                       module 'needs_gil', which has not declared that it can run safely without \
                       the GIL. To override this behavior and keep the GIL disabled (at your own \
                       risk), run with PYTHON_GIL=0 or -Xgil=0.";

const IMPORT: &str = "
import sys, safe
print(sys._is_gil_enabled(), safe.enabled_by())
import needs_gil
print(sys._is_gil_enabled(), safe.enabled_by(), needs_gil.answer())
import needs_it_too, needs_gil
print(sys._is_gil_enabled(), safe.enabled_by())
";

#[test]
fn the_import_turns_the_gil_on_and_says_so() {
    let output = lent(IMPORT).output();
    let output = if GIL { output.success() } else { output.exits(0) };
    if GIL {
        assert_eq!(output.text(), "True []\nTrue [] 42\nTrue []");
    } else {
        let names = ["needs_gil", "needs_it_too"];
        let expected =
            format!("False []\nTrue ['{0}'] 42\nTrue ['{0}', '{1}']", names[0], names[1]);
        assert_eq!(output.text(), expected);
        assert_eq!(output.stderr.matches("RuntimeWarning").count(), 1, "{}", output.stderr);
        assert!(output.stderr.contains(WARNING), "{}", output.stderr);
    }
}

#[test]
fn not_where_the_user_forbids_it() {
    if GIL {
        return assert_eq!(lent_with("gil=0", IMPORT).output().status.code(), Some(100));
    }
    let output = lent_with("gil=0", IMPORT).output().success();
    assert_eq!(output.text(), "False []\nFalse [] 42\nFalse []");
}

#[test]
fn nor_where_it_is_on_anyway() {
    let output = lent_with("gil=1", IMPORT).output().success();
    assert_eq!(output.text(), "True []\nTrue [] 42\nTrue []");
}

#[test]
fn a_warning_that_is_an_error_ends_the_import() {
    let output = lent(
        "
import sys, warnings
warnings.simplefilter('error')
try:
    import needs_gil
    print('imported', 'needs_gil' in sys.modules)
except RuntimeWarning:
    print('refused', 'needs_gil' in sys.modules)
",
    );
    let output = output.output().success();
    assert_eq!(output.text(), if GIL { "imported True" } else { "refused False" });
}

/// Threads that look all the time whether another is between two stores, as in `exclusion.rs`.
const BUSY: &str = "
import sys, threading, time, warnings
warnings.simplefilter('ignore')
N = 3
inside, seen, rounds = [0] * N, [0] * N, [0] * N
stop = False
def step(me):
    inside[me] = 1
    if inside[0] + inside[1] + inside[2] > 1:
        seen[me] += 1
    inside[me] = 0
    rounds[me] += 1
def busy(me):
    while not stop:
        step(me)
def wait_for(what):
    end = time.monotonic() + 20
    while not what():
        if time.monotonic() > end: raise SystemExit('it takes too long')
        time.sleep(0.001)
def everybody_moves():
    before = list(rounds)
    wait_for(lambda: all(now > old + 2 for now, old in zip(rounds, before)))
def overlaps(seconds):
    everybody_moves()
    before = sum(seen)
    time.sleep(seconds)
    everybody_moves()
    return sum(seen) - before
threads = [threading.Thread(target=busy, args=(me,)) for me in range(N)]
for thread in threads: thread.start()
everybody_moves()
def finish():
    global stop
    stop = True
    for thread in threads: thread.join()
";

#[test]
fn busy_threads_run_one_at_a_time_from_then_on() {
    let source = format!(
        "{BUSY}
if not sys._is_gil_enabled():
    wait_for(lambda: sum(seen) > 0)
import needs_gil
print(sys._is_gil_enabled(), overlaps(0.5))
finish()
"
    );
    for _ in 0..5 {
        assert_eq!(lent(&source).output().success().text(), "True 0");
    }
}

#[test]
fn the_check_sees_an_overlap_where_there_is_one() {
    let source = format!("{BUSY}\nimport needs_gil\nprint(overlaps(0.5) > 0)\nfinish()\n");
    if !GIL {
        assert_eq!(lent_with("gil=0", &source).output().success().text(), "True");
    }
}

/// The threads are in a wait, or not there yet, when the GIL comes on.
#[test]
fn threads_that_wait_or_start_later_take_it_too() {
    for wait in [
        "time.sleep(0.2)",
        "event.wait()",
        "queue.get()",
        "lock.acquire(); lock.release()",
        "select.select([pipe[0]], [], [])",
        "os.read(pipe[0], 1)",
        "thread_of_mine.join()",
        "condition()",
    ] {
        let source = format!(
            "
import os, queue, select, threading, time, warnings
event, lock, queue, pipe, cv = threading.Event(), threading.Lock(), queue.Queue(), os.pipe(), threading.Condition()
lock.acquire()
thread_of_mine = threading.Thread(target=event.wait)
thread_of_mine.start()
def condition():
    with cv: cv.wait()
waits = 0
def wait():
    {wait}
{BUSY}
def late(me):
    wait()
    busy(me)
waiting = [threading.Thread(target=late, args=(me,)) for me in range(2)]
stop = True
for thread in threads: thread.join()
stop = False
rounds = [0] * N
threads = waiting + [threading.Thread(target=busy, args=(2,))]
for thread in threads: thread.start()
time.sleep(0.1)
import needs_gil
time.sleep(0.15)
event.set(); lock.release(); queue.put(1); queue.put(1); os.write(pipe[1], b'xx')
with cv: cv.notify_all()
print(sys._is_gil_enabled(), overlaps(0.2))
extra = threading.Thread(target=busy, args=(0,))
extra.start()
finish()
extra.join()
"
        );
        assert_eq!(lent(&source).output().success().text(), "True 0", "{wait}");
    }
}

#[test]
fn sub_interpreters_are_under_it() {
    let output = lent(
        "
import sys, threading, warnings
warnings.simplefilter('ignore')
from concurrent import interpreters
sub = interpreters.create()
sub.exec('import sys, warnings; warnings.simplefilter(\"ignore\")')
sub.exec('import needs_gil')
sub.exec('assert sys._is_gil_enabled()')
print(sys._is_gil_enabled())
other = interpreters.create()
other.exec('import sys; assert sys._is_gil_enabled()')
thread = threading.Thread(target=lambda: sub.exec('x = sum(range(1000))'))
thread.start(); thread.join()
sub.close(); other.close()
",
    );
    assert_eq!(output.output().success().text(), "True");
}

#[test]
fn two_threads_may_import_such_modules_at_once() {
    let output = lent(
        "
import sys, threading, warnings
warnings.simplefilter('ignore')
both = threading.Barrier(2)
def load(name):
    both.wait()
    __import__(name)
threads = [threading.Thread(target=load, args=(name,)) for name in ('needs_gil', 'needs_it_too')]
for thread in threads: thread.start()
for thread in threads: thread.join()
import safe
print(sys._is_gil_enabled(), sorted(safe.enabled_by()))
",
    );
    let expected = if GIL { "True []" } else { "True ['needs_gil', 'needs_it_too']" };
    for _ in 0..3 {
        assert_eq!(lent_again(&output).output().success().text(), expected);
    }
}

/// The same script in a fresh directory.
fn lent_again(of: &Togil) -> Togil {
    let source = std::fs::read_to_string(of.path().join("script.py")).expect("the script");
    lent(&source)
}

#[test]
fn a_child_of_a_fork_has_the_gil_that_was_turned_on() {
    let output = lent(
        "
import os, sys, threading, time, warnings
warnings.simplefilter('ignore')
stop = False
def busy():
    while not stop: pass
thread = threading.Thread(target=busy)
thread.start()
import needs_gil
child = os.fork()
if child == 0:
    n = [0]
    def work():
        for _ in range(20000): n[0] += 1
    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    os._exit(0 if sys._is_gil_enabled() and n[0] == 40000 else 1)
print(os.waitpid(child, 0)[1])
stop = True
thread.join()
",
    );
    assert_eq!(output.output().success().text(), "0");
}
