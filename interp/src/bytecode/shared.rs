//! Sources that are compiled once for all interpreters of the process.
//!
//! What the interpreters share is the code as `marshal` writes it, not the code object. An object would
//! carry from one interpreter to the other what belongs to one: the instructions that a tracer or the
//! VM's specialization has put into it, the inline caches with pointers to objects, and the
//! constants, which the collector of the interpreter that made them looks after. To make the objects
//! anew takes a tenth of the time of the compiler.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};
use rustpython_vm::builtins::{PyBytes, PyCode, PyStr};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{AsObject, PyResult, VirtualMachine};

use super::{importlib, reader};
use crate::{ast, blocking};

/// How much code is kept, in bytes. The standard library would come to 30 MB.
const LIMIT: usize = 64 << 20;

static ON: AtomicBool = AtomicBool::new(false);
static COMPILED: AtomicU64 = AtomicU64::new(0);
static REUSED: AtomicU64 = AtomicU64::new(0);
static CODES: LazyLock<Mutex<Codes>> = LazyLock::new(Mutex::default);
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// Whether this thread compiles for the others. A warning about the source may then run Python
    /// code that imports; if that waited for somebody else who does the same, both would for ever.
    static COMPILES: Cell<bool> = const { Cell::new(false) };
}

/// What a process has saved by [`share`]: sources of modules that were found in no `.pyc`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sharing {
    /// How many were compiled.
    pub compiled: u64,
    /// How many were not, because another interpreter had compiled them.
    pub reused: u64,
}

/// From now on the interpreters of this process share what they compile when they import. For
/// processes with several interpreters; with one it would be memory for nothing.
pub fn share() {
    ON.store(true, Ordering::Relaxed);
}

/// What was saved so far.
pub fn sharing() -> Sharing {
    Sharing { compiled: COMPILED.load(Ordering::Relaxed), reused: REUSED.load(Ordering::Relaxed) }
}

/// All on which the code depends.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    path: String,
    /// Of the source, with two secret keys: nobody can make another source that has the same.
    hash: [u64; 2],
    length: usize,
    optimize: u8,
    debug_ranges: bool,
}

impl Key {
    /// Of a call as `SourceLoader.source_to_code` makes it; others are not shared.
    fn of(vm: &VirtualMachine, args: &FuncArgs) -> Option<Self> {
        static SECRETS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);
        let [source, path, mode] = args.args.as_slice() else { return None };
        let (source, path) = (source.downcast_ref::<PyBytes>()?, path.downcast_ref::<PyStr>()?);
        let mut optimize = vm.state.config.settings.optimize;
        let mut inherits = true;
        for (name, value) in &args.kwargs {
            match name.as_str() {
                Ok("dont_inherit") => inherits = !value.is(&vm.ctx.true_value),
                Ok("optimize") => {
                    let level: i64 = value.clone().try_into_value(vm).ok()?;
                    if level >= 0 {
                        optimize = u8::try_from(level).ok()?;
                    }
                }
                _ => return None,
            }
        }
        if inherits || mode.downcast_ref::<PyStr>()?.as_wtf8().as_str() != Ok("exec") {
            return None;
        }
        Some(Self {
            path: path.as_wtf8().as_str().ok()?.to_owned(),
            hash: SECRETS.each_ref().map(|secret| secret.hash_one(source.as_bytes())),
            length: source.as_bytes().len(),
            optimize,
            debug_ranges: vm.state.config.settings.code_debug_ranges,
        })
    }
}

enum Code {
    /// A thread compiles it.
    Due,
    Ready(Arc<[u8]>),
}

#[derive(Default)]
pub(crate) struct Codes {
    all: HashMap<Key, Code>,
    /// The ones that are ready, the oldest first.
    order: VecDeque<Key>,
    size: usize,
}

impl Codes {
    fn insert(&mut self, key: Key, code: Arc<[u8]>) {
        self.size += code.len();
        self.order.push_back(key.clone());
        self.all.insert(key, Code::Ready(code));
        while self.size > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(Code::Ready(code)) = self.all.remove(&oldest) {
                self.size -= code.len();
            }
        }
    }
}

/// Whose turn it is to compile.
enum Turn {
    Ours(Ticket),
    Done(Arc<[u8]>),
    /// Somebody else's, and this thread may not wait.
    Apart,
}

/// The duty to compile. Whoever waits goes on when it is dropped.
struct Ticket {
    key: Key,
    code: Option<Arc<[u8]>>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        COMPILES.set(false);
        let mut codes = CODES.lock();
        match self.code.take() {
            Some(code) => codes.insert(self.key.clone(), code),
            None => drop(codes.all.remove(&self.key)),
        }
        CHANGED.notify_all();
    }
}

/// `compile`, as the import system calls it.
pub(super) fn compile(vm: &VirtualMachine, args: FuncArgs, callee: Callee) -> PyResult {
    let function = vm.builtins.get_attr("compile", vm)?;
    // What a script has put in its place is for this script alone.
    let replaced = !function.class().is(vm.ctx.types.builtin_function_or_method_type);
    if replaced || !ON.load(Ordering::Relaxed) {
        return function.call(args, vm);
    }
    let own = ast::compile(vm).zip(Key::of(vm, &args));
    let Some((own, key)) = own else { return function.call(args, vm) };
    match turn(vm, &key)? {
        Turn::Done(code) => {
            if let Some(code) = reader::read(vm, &code) {
                REUSED.fetch_add(1, Ordering::Relaxed);
                return Ok(code.into());
            }
            function.call(args, vm)
        }
        Turn::Apart => function.call(args, vm),
        Turn::Ours(mut ticket) => {
            COMPILED.fetch_add(1, Ordering::Relaxed);
            let code = (own.func)(vm, args, callee)?;
            if code.downcast_ref::<PyCode>().is_some()
                && let Ok(bytes) = importlib::marshal(vm, "dumps", code.clone())
                && let Some(bytes) = bytes.downcast_ref::<PyBytes>()
            {
                ticket.code = Some(bytes.as_bytes().into());
            }
            Ok(code)
        }
    }
}

/// Waits while another thread compiles it.
fn turn(vm: &VirtualMachine, key: &Key) -> PyResult<Turn> {
    let look = |codes: &mut MutexGuard<'_, Codes>| match codes.all.get(key) {
        Some(Code::Ready(code)) => Some(Turn::Done(code.clone())),
        Some(Code::Due) => COMPILES.get().then_some(Turn::Apart),
        None if COMPILES.get() => Some(Turn::Apart),
        None => {
            codes.all.insert(key.clone(), Code::Due);
            COMPILES.set(true);
            Some(Turn::Ours(Ticket { key: key.clone(), code: None }))
        }
    };
    if let Some(turn) = look(&mut CODES.lock()) {
        return Ok(turn);
    }
    let wait = |slice: Duration| {
        let mut codes = CODES.lock();
        if let Some(turn) = look(&mut codes) {
            return Ok(Some(turn));
        }
        CHANGED.wait_for(&mut codes, slice);
        Ok(look(&mut codes))
    };
    // Without a deadline it comes back with a turn or an error.
    Ok(blocking::wait_interruptibly(vm, None, wait)?.unwrap_or(Turn::Apart))
}

/// The lock, across a fork.
pub(crate) type Guard = MutexGuard<'static, Codes>;

/// Before a fork: the child must not find the lock taken by a thread that it does not have.
pub(crate) fn prepare_fork() -> Guard {
    CODES.lock()
}

/// In the child: nobody compiles there any more.
pub(crate) fn after_fork_in_child(mut codes: Guard) {
    codes.all.retain(|_, code| matches!(code, Code::Ready(_)));
    COMPILES.set(false);
}
