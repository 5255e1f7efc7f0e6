//! Locks for native objects whose own lock is held while Python code runs.
//!
//! A `TextIOWrapper` holds its mutex while it calls an encoder written in Python; a
//! `BufferedWriter` while it calls `raw.write`. Under a GIL the holder of that mutex may be
//! waiting for the GIL while the holder of the GIL waits for the mutex. So a thread takes a
//! lock of ours first, which it waits for without the GIL; the native mutex behind it is
//! never contended. CPython does the same in `_enter_buffered_busy` (Modules/_io/bufferedio.c).
//!
//! Free-threaded it is not needed to make progress, but the VM lets go of its own lock in the
//! middle of a `readline` or a `write`; with this one a line is read, and a `write` made, whole.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rustpython_vm::builtins::{PyModule, PyType};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use crate::attach;
use crate::patch::Original;

/// The owners, by the object's address. An object in use cannot be freed, so an address
/// names one object for as long as it is in the map. The std lock, because it can be made
/// anew in the child of a fork.
static OWNERS: Mutex<Owners> = Mutex::new(None);
static FREED: Condvar = Condvar::new();

type Owners = Option<HashMap<usize, Owner>>;

/// The map, locked.
pub(crate) type Guard = MutexGuard<'static, Owners>;

/// Who uses an object.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    thread: ThreadId,
    /// The native code reports re-entry itself, so the same thread may come again.
    depth: usize,
}

/// Runs the original as the object's only user; other threads wait without the GIL.
pub(crate) fn call(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let Some(object) = args.args.first().cloned() else {
        return (original.func)(vm, args, callee);
    };
    own(vm, &object, || (original.func)(vm, args, callee))
}

fn own<R>(vm: &VirtualMachine, object: &PyObject, f: impl FnOnce() -> R) -> R {
    let _owned = take(vm, object.get_id(), None);
    f()
}

/// Ends an ownership, after a panic too.
pub(crate) struct Owned(usize);

impl Drop for Owned {
    fn drop(&mut self) {
        let mut owners = owners();
        let map = owners.get_or_insert_default();
        if let Some(owner) = map.get_mut(&self.0) {
            owner.depth -= 1;
            if owner.depth == 0 {
                map.remove(&self.0);
                FREED.notify_all();
            }
        }
    }
}

/// Waits, without the GIL, to be the object's only user; `None` if that takes too long.
fn take(vm: &VirtualMachine, key: usize, limit: Option<Duration>) -> Option<Owned> {
    if try_own(&mut owners(), key) {
        return Some(Owned(key));
    }
    attach::without_gil(vm, || {
        vm.allow_threads(|| {
            let deadline = limit.map(|limit| Instant::now() + limit);
            let mut owners = owners();
            while !try_own(&mut owners, key) {
                let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
                if left.is_some_and(|left| left.is_zero()) {
                    return None;
                }
                let wait = left.unwrap_or(Duration::MAX);
                owners = match FREED.wait_timeout(owners, wait) {
                    Ok((owners, _)) => owners,
                    Err(poisoned) => poisoned.into_inner().0,
                };
            }
            Some(Owned(key))
        })
    })
}

/// Takes the standard streams for the length of a fork, so that the child does not inherit
/// one in the middle of a `print`. Gives up on a stream that is in use for long.
pub(super) fn take_streams(vm: &VirtualMachine) -> Vec<Owned> {
    const LIMIT: Duration = Duration::from_millis(200);
    let streams = ["stdout", "stderr"].into_iter().filter_map(|name| {
        let text = vm.sys_module.get_attr(name, vm).ok()?;
        let buffer = text.get_attr("buffer", vm).ok();
        Some([Some(text), buffer])
    });
    let streams: Vec<_> = streams.flatten().flatten().collect();
    streams.iter().filter_map(|stream| take(vm, stream.get_id(), Some(LIMIT))).collect()
}

fn owners() -> Guard {
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_own(owners: &mut Owners, key: usize) -> bool {
    let me = thread::current().id();
    let owner = owners.get_or_insert_default().entry(key).or_insert(Owner { thread: me, depth: 0 });
    if owner.thread != me {
        return false;
    }
    owner.depth += 1;
    true
}

/// Stops the map from changing across a fork.
pub(crate) fn prepare_fork() -> Guard {
    owners()
}

/// In the child of a fork: what the threads that are gone owned is free.
pub(crate) fn after_fork_in_child(mut owners: Guard) {
    let me = thread::current().id();
    if let Some(map) = owners.as_mut() {
        map.retain(|_, owner| owner.thread == me);
    }
}

type IterNext = fn(&PyObject, &VirtualMachine) -> PyResult<PyIterReturn>;

static TEXT_NEXT: OnceLock<IterNext> = OnceLock::new();

/// `for line in file` calls the type's slot, not its `__next__`.
pub(super) fn patch_slots(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    let text = module.get_attr("TextIOWrapper", vm)?;
    let Some(class) = text.downcast_ref::<PyType>() else { return Ok(()) };
    if let Some(next) = class.slots.iternext.load()
        && TEXT_NEXT.set(next).is_ok()
    {
        class.slots.iternext.store(Some(text_next));
    }
    Ok(())
}

fn text_next(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    match TEXT_NEXT.get() {
        Some(next) => own(vm, object, || next(object, vm)),
        None => Err(vm.new_runtime_error("togil: TextIOWrapper.__next__ was not saved")),
    }
}
