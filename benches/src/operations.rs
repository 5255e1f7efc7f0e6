//! What Python does often: one statement each. `primitives` measures their time, `counts` has their
//! instructions counted.

use togil::{Function, Interpreter, InterpreterBuilder, Module, shared};

/// A statement of Python, and what it needs.
pub struct Operation {
    /// What kind it is; a group of criterion's.
    pub group: &'static str,
    /// Unique in the group.
    pub name: &'static str,
    /// Runs once.
    pub setup: &'static str,
    /// Runs in a loop over `n`.
    pub statement: &'static str,
}

const fn operation(
    group: &'static str,
    name: &'static str,
    setup: &'static str,
    statement: &'static str,
) -> Operation {
    Operation { group, name, setup, statement }
}

/// Operations on what threads share, calls that may block, and the loop itself.
pub const LOOPS: [Operation; 13] = [
    // The VM looks at its eval-breaker before each instruction, so this is what a safepoint
    // costs while nobody rings; and what is to be subtracted from all others.
    operation("poll", "empty Python loop", "", "pass"),
    operation("lock", "Lock", "import threading\nl = threading.Lock()", "with l: pass"),
    operation("lock", "RLock", "import threading\nl = threading.RLock()", "with l: pass"),
    operation(
        "lock",
        "Condition",
        "import threading\nc = threading.Condition()",
        "with c: c.notify()",
    ),
    operation("queue", "SimpleQueue", "import queue\nq = queue.SimpleQueue()", "q.put(n); q.get()"),
    operation("queue", "Queue", "import queue\nq = queue.Queue()", "q.put(n); q.get()"),
    operation(
        "queue",
        "togil.Channel",
        "import togil\nc = togil.Channel(1)",
        "c.send(n); c.recv()",
    ),
    // Waits for nothing and is not wrapped: what of the queues is not their waiting.
    operation(
        "queue",
        "deque",
        "import collections\nd = collections.deque()",
        "d.append(n); d.popleft()",
    ),
    operation("atomic", "togil.AtomicInt", "import togil\na = togil.AtomicInt()", "a.add(1)"),
    operation(
        "blocking call",
        "os.read",
        "import os\nf = os.open('/dev/zero', os.O_RDONLY)",
        "os.read(f, 1)",
    ),
    operation(
        "blocking call",
        "os.write",
        "import os\nf = os.open('/dev/null', os.O_WRONLY)",
        "os.write(f, b'x')",
    ),
    operation("blocking call", "time.sleep(0)", "import time", "time.sleep(0)"),
    // A system call that cannot block and is not wrapped, called in the same way.
    operation(
        "blocking call",
        "os.lseek, not wrapped",
        "import os\nf = os.open('/dev/null', os.O_WRONLY)",
        "os.lseek(f, 0, 0)",
    ),
];

/// Calls from Python.
pub const CALLS: [Operation; 3] = [
    operation("call", "Rust from Python, two ints", "from app import add", "add(n, 2)"),
    operation("call", "Python from Python, two ints", "def both(a, b): return a + b", "both(n, 2)"),
    // What the VM takes for the same as the first, without us.
    operation("call", "the VM's math.gcd, two ints", "from math import gcd", "gcd(n, 2)"),
];

/// The module that [`CALLS`] import: `add(a, b)` in Rust.
///
/// # Panics
/// Never: the module is as it should be.
pub fn app() -> Module {
    let add = Function::builder("add").arg("a").arg("b").build(|(a, b): (i64, i64)| a + b);
    Module::builder("app").function(add).build().expect("a module")
}

/// An interpreter with the modules that the operations import. The hash seed is fixed, so that
/// dictionaries are laid out alike in all runs.
pub fn interpreter() -> InterpreterBuilder {
    let seed = |settings: &mut togil::vm::Settings| settings.hash_seed = Some(0);
    shared::add_to(Interpreter::builder()).module(app()).settings(seed)
}
