//! Under the GIL no two threads run bytecode at once; without it they do. Each test looks for the
//! overlap from inside: in straight-line code, which has no switch point, a thread sees what
//! another one does at the same time. Every test must find it where there is no GIL, and where the
//! GIL may be switched anywhere: a check that cannot see an overlap would prove nothing.

use crate::GIL;
use crate::harness::script;

/// Runs `{check}` on two threads, in rounds until one saw an overlap, ten at most. `{check}` has
/// `me` (0 or 1) and `you`, and adds what it sees to `seen`.
const ROUNDS: &str = "
import sys, threading
sys.setswitchinterval(1e-6)
slot, inside, value = [None], [0, 0], [0]

def rounds(check):
    for _ in range(10):
        both = threading.Barrier(2)
        found = [0, 0]
        def work(me):
            both.wait()
            found[me] = check(me, 1 - me)
        threads = [threading.Thread(target=work, args=(me,)) for me in (0, 1)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        if sum(found):
            return True
    return False
";

/// A thread's own mark is overwritten between a store and the load right behind it.
const OWN_MARK: &str = "
def check(me, you):
    seen = 0
    for _ in range(50_000):
        slot[0] = me
        if slot[0] != me:
            seen += 1
    return seen
print(rounds(check))
";

/// Both are between their two stores at once: Dekker's mutual exclusion test without the waiting.
const BOTH_INSIDE: &str = "
def check(me, you):
    seen = 0
    for _ in range(50_000):
        inside[me] = 1
        if inside[you]:
            seen += 1
        inside[me] = 0
    return seen
print(rounds(check))
";

/// A value changes between the many loads of one expression.
const CHANGING_VALUE: &str = "
loads = ', '.join(['value[0]'] * 200)
source = f'''
def check(me, you):
    seen = 0
    for i in range(2_000):
        value[0] = (i, me)
        first, *rest = {loads}
        if rest != [first] * 199:
            seen += 1
    return seen
'''
exec(source)
print(rounds(check))
";

/// Two attributes that belong together are seen apart.
const TORN_PAIR: &str = "
class Pair: left = right = 0
pair = Pair()
def check(me, you):
    seen = 0
    for i in range(50_000):
        if me:
            pair.left = i
            pair.right = i
        else:
            left, right = pair.left, pair.right
            if left != right:
                seen += 1
    return seen
print(rounds(check))
";

const CHECKS: [(&str, &str); 4] = [
    ("own mark", OWN_MARK),
    ("both inside", BOTH_INSIDE),
    ("changing value", CHANGING_VALUE),
    ("torn pair", TORN_PAIR),
];

#[track_caller]
fn overlap(options: &[&str], expected: bool) {
    for (name, check) in CHECKS {
        let output = script(&format!("{ROUNDS}{check}")).options(options).output().success();
        let expected = if expected { "True" } else { "False" };
        assert_eq!(output.text(), expected, "{name} with {options:?}");
    }
}

#[test]
fn threads_overlap_if_and_only_if_there_is_no_gil() {
    overlap(&[], !GIL);
}

#[test]
fn threads_do_not_overlap_with_the_gil_turned_on() {
    overlap(&["-X", "gil=1"], false);
}

#[test]
fn the_checks_see_a_switch_at_any_instruction() {
    overlap(&["-X", "gil=1", "-X", "gil_switch=any"], true);
}

#[test]
fn a_straight_line_is_undivided_beside_many_waiters() {
    let source = format!(
        "{ROUNDS}
stop = False
def noise():
    while not stop:
        slot[0] = None
noisy = [threading.Thread(target=noise) for _ in range(6)]
for thread in noisy: thread.start()
{BOTH_INSIDE}
stop = True
for thread in noisy: thread.join()
"
    );
    script(&source).output().prints(if GIL { "False" } else { "True" });
}
