//! What several threads may do to one variable without a lock. Under the GIL: all that CPython
//! 3.10 and later lets them, because it switches at calls and back-edges only.

use crate::GIL;
use crate::harness::{Togil, prints, script};

/// Four threads that each run `{statement}` `times` times, in rounds. Prints how many rounds lost
/// an update, after at most `rounds`, or as soon as one did if `stop` is set.
const COUNTERS: &str = "
import sys, threading
interval, times, rounds, stop = float(sys.argv[1]), *map(int, sys.argv[2:5])
sys.setswitchinterval(interval)

class Box:
    n = 0

def one():
    return 1

lock = threading.Lock()
some = [None]
box = Box()
cell = [0]
table = {'n': 0}
n = 0

def work(times):
    global n
    for _ in range(times):
        {statement}

def value():
    return n + box.n + cell[0] + table['n']

work(100)  # the bytecode of hot code: len(x) is an instruction of its own then
assert value() == 100, value()
lost = 0
for _ in range(rounds):
    n = box.n = cell[0] = table['n'] = 0
    threads = [threading.Thread(target=work, args=(times,)) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if value() != 4 * times:
        lost += 1
        if stop:
            break
print(lost)
";

/// The default switch interval, and one that switches at nearly every switch point.
const DEFAULT: &str = "0.005";
const SHORT: &str = "1e-6";

fn counters(statement: &str, interval: &str, times: u32, rounds: u32, stop: bool) -> Togil {
    let source = COUNTERS.replace("{statement}", statement);
    let stop = u32::from(stop);
    script(&source).args([
        interval.to_owned(),
        times.to_string(),
        rounds.to_string(),
        stop.to_string(),
    ])
}

#[track_caller]
fn never_loses(statement: &str, options: &[&str], interval: &str) {
    counters(statement, interval, 100_000, 3, false).options(options).output().prints("0");
}

#[track_caller]
fn loses(statement: &str, options: &[&str], interval: &str) {
    counters(statement, interval, 100_000, 10, true).options(options).output().prints("1");
}

#[test]
fn unlocked_increment_loses_only_without_the_gil() {
    if GIL {
        never_loses("n += 1", &[], DEFAULT);
        never_loses("n += 1", &[], SHORT);
    } else {
        loses("n += 1", &[], DEFAULT);
    }
}

#[test]
fn unlocked_increments_of_other_places_lose_nothing_under_the_gil() {
    for statement in ["box.n += 1", "cell[0] += 1", "table['n'] += 1"] {
        if GIL {
            never_loses(statement, &[], SHORT);
        } else {
            loses(statement, &[], DEFAULT);
        }
    }
}

#[test]
fn a_python_call_between_load_and_store_loses_in_both_modes() {
    loses("n = n + one()", &[], SHORT);
    loses("box.n += one()", &[], SHORT);
}

#[test]
fn a_native_call_that_cpython_does_not_check_loses_nothing_under_the_gil() {
    if GIL {
        never_loses("n = n + len(some)", &[], SHORT);
    } else {
        loses("n = n + len(some)", &[], DEFAULT);
    }
}

#[test]
fn a_native_call_that_cpython_checks_loses_in_both_modes() {
    // CALL_BUILTIN_FAST is checked, unlike the CALL_LEN that `len` becomes.
    loses("n = n + round(1.0)", &[], SHORT);
}

#[test]
fn a_locked_increment_never_loses() {
    for interval in [DEFAULT, SHORT] {
        let statement = "lock.acquire(); n = n + one(); lock.release()";
        counters(statement, interval, 5_000, 2, false).output().prints("0");
        let statement = "\n        with lock: n = n + one()";
        counters(statement, interval, 5_000, 2, false).output().prints("0");
    }
}

#[test]
fn switching_anywhere_makes_a_plain_increment_lose_under_the_gil() {
    loses("n += 1", &["-X", "gil=1", "-X", "gil_switch=any"], SHORT);
}

#[test]
fn switching_where_cpython_does_is_the_default_and_can_be_asked_for() {
    never_loses("n += 1", &["-X", "gil=1", "-X", "gil_switch=cpython"], SHORT);
}

#[test]
fn appending_to_a_list_loses_nothing() {
    prints(
        "
        import sys, threading
        sys.setswitchinterval(1e-6)
        xs = []
        def work(me):
            for i in range(20_000):
                xs.append((me, i))
        threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(xs), len(set(xs)))
        # Each thread's own items are in order.
        print(all([i for m, i in xs if m == me] == list(range(20_000)) for me in range(4)))
        ",
        "80000 80000\nTrue",
    );
}

#[test]
fn filling_a_dict_a_set_and_a_deque_loses_nothing() {
    // Free-threaded, VM 0.6.0 can lose a new key that two threads grow a dict or a set by: between
    // its look-up and its write the table was made anew, and a slot with the number that it found is free
    // there, too (`insert_known_hash_indexed` in dict_inner.rs). So there it has to have all keys before.
    prints(
        &format!(
            "
        import collections, sys, threading
        sys.setswitchinterval(1e-6)
        keys = [(me, i) for me in range(4) for i in range(5_000)]
        grows = {}
        table = {{}} if grows else dict.fromkeys([*keys, 'shared'])
        names, line = set() if grows else set(keys), collections.deque()
        def work(me):
            for i in range(5_000):
                table[me, i] = i
                table['shared'] = me
                names.add((me, i))
                line.append((me, i))
        threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(table), len(names), len(line), len(set(line)))
        print(sum(table[me, i] for me in range(4) for i in range(5_000)) == 4 * sum(range(5_000)))
        ",
            if GIL { "True" } else { "False" }
        ),
        "20001 20000 20000 20000\nTrue",
    );
}
