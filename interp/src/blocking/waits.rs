//! Wrappers for waits on other threads: locks, queues, joins; and for `select`.
//!
//! The thread that runs signal handlers, and one whose job can be stopped, waits in slices,
//! because the VM's own waits do not end for a signal: CPython's do, and Ctrl-C must reach a main thread that sits in a join.

use std::time::{Duration, Instant};

use rustpython_vm::builtins::{PyFloat, PyInt, PyList, PyTuple};
use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::calls::{int, release, release_method};
use crate::patch::{self, Original};
use crate::{attach, signals, stop};

/// How long the signal thread waits before it looks for signals. Far below what a person
/// who pressed Ctrl-C notices, and rare enough to cost nothing.
const SLICE: Duration = Duration::from_millis(20);

/// `acquire(blocking=True, timeout=-1)` of a lock of `class`.
fn acquire(class: &'static str, vm: &VirtualMachine, args: FuncArgs, callee: Callee) -> PyResult {
    let Some(original) = patch::original(class, "acquire") else {
        return Err(vm.new_runtime_error("togil: the original acquire was not saved"));
    };
    let Some((zelf, timeout)) = waits_for(&args, vm) else {
        // It does not wait, or its arguments are unusual or wrong: the original says how.
        return release_method(original, vm, args, callee);
    };
    let deadline = timeout.and_then(|wait| Instant::now().checked_add(wait));
    let quick = vec![zelf.clone(), vm.ctx.new_bool(false).into()];
    let got = (original.func)(vm, FuncArgs::from(quick), callee)?;
    if got.is(&vm.ctx.true_value) {
        return Ok(got);
    }
    if !is_interruptible(vm) {
        return attach::without_gil(vm, || (original.func)(vm, args, callee));
    }
    sliced(vm, deadline, |slice| {
        let seconds = vm.ctx.new_float(slice.as_secs_f64()).into();
        let once = vec![zelf.clone(), vm.ctx.new_bool(true).into(), seconds];
        let got = (original.func)(vm, FuncArgs::from(once), callee)?;
        Ok(got.is(&vm.ctx.true_value).then_some(got))
    })
    .map(|got| got.unwrap_or_else(|| vm.ctx.new_bool(false).into()))
}

/// The lock and the time-out of a call of `acquire` that waits; `None` for one that does not,
/// or that is not plainly right.
fn waits_for(args: &FuncArgs, vm: &VirtualMachine) -> Option<(PyObjectRef, Option<Duration>)> {
    let named = |name: &str| args.kwargs.get(name);
    let known = usize::from(named("blocking").is_some()) + usize::from(named("timeout").is_some());
    let (zelf, rest) = args.args.split_first()?;
    if rest.len() + args.kwargs.len() > 2 || known != args.kwargs.len() {
        return None;
    }
    if let Some(blocking) = rest.first().or_else(|| named("blocking"))
        && int(blocking, vm).is_none_or(|blocking| blocking == 0)
    {
        return None;
    }
    match rest.get(1).or_else(|| named("timeout")).map(|timeout| seconds(timeout, vm)) {
        None | Some(Timeout::Never) => Some((zelf.clone(), None)),
        Some(Timeout::In(wait)) => Some((zelf.clone(), Some(wait))),
        Some(Timeout::Invalid) => None,
    }
}

/// Whether the calling thread may be told to do something else while it waits.
fn is_interruptible(vm: &VirtualMachine) -> bool {
    signals::is_signal_thread(vm) || stop::is_stoppable()
}

fn interrupted() -> bool {
    signals::pending() || stop::pending_here()
}

/// Runs `wait` again and again, without the GIL, until it yields something, a signal handler
/// raises, or the deadline passes (`None`).
fn sliced<T>(
    vm: &VirtualMachine,
    deadline: Option<Instant>,
    mut wait: impl FnMut(Duration) -> PyResult<Option<T>>,
) -> PyResult<Option<T>> {
    loop {
        // The GIL is taken back only for a signal: a wait of hours should disturb nobody.
        let done = attach::without_gil(vm, || {
            loop {
                let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
                let slice = left.map_or(SLICE, |left| left.min(SLICE));
                let done = wait(slice)?;
                let late = left.is_some_and(|left| left <= SLICE);
                if done.is_some() || late || interrupted() {
                    return Ok((done, late));
                }
            }
        })?;
        if let (Some(done), _) = done {
            return Ok(Some(done));
        }
        if signals::pending() {
            signals::deliver(vm)?;
        }
        if stop::pending_here() {
            stop::deliver(vm)?;
        }
        if done.1 {
            return Ok(None);
        }
    }
}

/// Waits for something that other threads do, from native code: without the GIL, detached, and so
/// that Ctrl-C ends the wait of the main thread.
///
/// Calls `wait` with a slice of time again and again until it yields something, or until
/// `deadline` has passed (`None`; `wait` was then called at least once). `wait` returns after its
/// slice at the latest, and must not use Python objects. It may not be called again, so what
/// happens between two calls must not be lost with it.
///
/// # Errors
/// What a signal handler raises, or what `wait` returns.
pub fn wait_interruptibly<T>(
    vm: &VirtualMachine,
    deadline: Option<Instant>,
    mut wait: impl FnMut(Duration) -> PyResult<Option<T>>,
) -> PyResult<Option<T>> {
    sliced(vm, deadline, |slice| vm.allow_threads(|| wait(slice)))
}

#[derive(Clone, Copy)]
enum Timeout {
    Never,
    In(Duration),
    /// Negative or not a number: an error that the original reports.
    Invalid,
}

fn seconds(object: &PyObjectRef, vm: &VirtualMachine) -> Timeout {
    let value = match object.downcast_ref::<PyFloat>() {
        Some(float) => float.to_f64(),
        None => match int(object, vm) {
            Some(int) => int as f64,
            None => return Timeout::Invalid,
        },
    };
    if value == -1.0 {
        return Timeout::Never;
    }
    Duration::try_from_secs_f64(value).map_or(Timeout::Invalid, Timeout::In)
}

/// `_thread.lock.acquire` and its aliases, `__enter__` among them.
pub(super) fn lock_acquire(
    _: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    acquire("lock", vm, args, callee)
}

/// `_thread.RLock.acquire` and its aliases.
pub(super) fn rlock_acquire(
    _: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    acquire("RLock", vm, args, callee)
}

/// `_multiprocessing.SemLock.acquire`: its `block` and `timeout=None` fit the same form.
pub(super) fn semlock_acquire(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    // The VM checks for signals itself in this one.
    release_method(original, vm, args, callee)
}

/// `SimpleQueue.get`.
pub(super) fn queue_get(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let (Some(zelf), Some(get_nowait), Some(empty)) = (
        args.args.first().cloned(),
        patch::original("SimpleQueue", "get_nowait"),
        patch::original("SimpleQueue", "empty"),
    ) else {
        return (original.func)(vm, args, callee);
    };
    let alone = || FuncArgs::from(vec![zelf.clone()]);
    let block = args.args.get(1).or_else(|| args.kwargs.get("block"));
    if args.args.len() == 2 && block.is_some_and(|block| int(block, vm) == Some(0)) {
        // In VM 0.6.0 `get(False)` takes an item without counting it, and a later `get()`
        // raises Empty.
        return (get_nowait.func)(vm, alone(), callee);
    }
    let plain = args.args.len() == 1 && args.kwargs.is_empty();
    if plain
        && !(empty.func)(vm, alone(), callee)?.is(&vm.ctx.true_value)
        && let Ok(item) = (get_nowait.func)(vm, alone(), callee)
    {
        return Ok(item);
    }
    release_method(original, vm, args, callee)
}

/// `time.sleep(seconds)`. In a job that can be stopped it is a wait of ours: the ring that goes
/// with the signal that interrupts the VM's is too often answered by a busy neighbour first.
pub(super) fn sleep(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let wait = match args.args.as_slice() {
        [wait] if stop::is_stoppable() && args.kwargs.is_empty() => seconds(wait, vm),
        _ => Timeout::Invalid,
    };
    let Timeout::In(wait) = wait else { return release(original, vm, args, callee) };
    let Some(deadline) = Instant::now().checked_add(wait) else {
        return release(original, vm, args, callee);
    };
    if wait.is_zero() {
        return release(original, vm, args, callee);
    }
    wait_interruptibly(vm, Some(deadline), |slice| {
        std::thread::sleep(slice);
        Ok(None::<()>)
    })?;
    Ok(vm.ctx.none())
}

/// `_ThreadHandle.join(timeout=None)`.
pub(super) fn thread_join(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let timeout = args.args.get(1).filter(|timeout| !vm.is_none(timeout));
    let timeout = timeout.map(|timeout| seconds(timeout, vm));
    let (Some(zelf), Some(is_done), true, true, None | Some(Timeout::Never | Timeout::In(_))) = (
        args.args.first().cloned(),
        patch::original("_ThreadHandle", "is_done"),
        is_interruptible(vm),
        args.kwargs.is_empty(),
        timeout,
    ) else {
        return release_method(original, vm, args, callee);
    };
    let deadline = match timeout {
        Some(Timeout::In(wait)) => Instant::now().checked_add(wait),
        _ => None,
    };
    sliced(vm, deadline, |slice| {
        let seconds = vm.ctx.new_float(slice.as_secs_f64()).into();
        (original.func)(vm, FuncArgs::from(vec![zelf.clone(), seconds]), callee)?;
        let done = (is_done.func)(vm, FuncArgs::from(vec![zelf.clone()]), Callee::named("is_done"));
        Ok(done?.is(&vm.ctx.true_value).then_some(()))
    })?;
    Ok(vm.ctx.none())
}

/// `_thread._shutdown`: waits for the threads that are not daemons.
pub(super) fn threads_shutdown(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    // The handles are locked where a joiner may be stopped, so they are looked at detached.
    let running = || {
        vm.allow_threads(|| {
            let handles: Vec<_> = vm.state.shutdown_handles.lock().clone();
            handles.iter().find_map(|(inner, done)| {
                let (inner, done) = (inner.upgrade()?, done.upgrade()?);
                let runs = !*done.0.lock() && inner.lock().ident != get_ident();
                runs.then_some(done)
            })
        })
    };
    while let Some(done) = running() {
        sliced(vm, Instant::now().checked_add(SLICE), |slice| {
            vm.allow_threads(|| {
                let mut flag = done.0.lock();
                if !*flag {
                    done.1.wait_for(&mut flag, slice);
                }
            });
            Ok(None::<()>)
        })?;
    }
    release_all(original, vm, args, callee)
}

fn release_all(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    attach::without_gil(vm, || (original.func)(vm, args, callee))
}

/// `select.select(rlist, wlist, xlist[, timeout])`: the lists may hold objects whose
/// `fileno` is Python code, so they are turned into numbers first.
pub(super) fn select(
    original: Original,
    vm: &VirtualMachine,
    mut args: FuncArgs,
    callee: Callee,
) -> PyResult {
    if !attach::gil_enabled() {
        return release_all(original, vm, args, callee);
    }
    if args.args.len() < 3 || is_zero(args.args.get(3), vm) {
        return (original.func)(vm, args, callee);
    }
    let mut objects: Vec<Vec<PyObjectRef>> = Vec::with_capacity(3);
    let mut numbers: Vec<Vec<PyObjectRef>> = Vec::with_capacity(3);
    for list in &args.args[..3] {
        let items: Vec<PyObjectRef> = list.try_to_value::<Vec<PyObjectRef>>(vm)?;
        let fds = items.iter().map(|item| fd_of(item, vm)).collect::<PyResult<Vec<_>>>()?;
        objects.push(items);
        numbers.push(fds);
    }
    for (slot, fds) in args.args.iter_mut().zip(&numbers) {
        *slot = vm.ctx.new_list(fds.clone()).into();
    }
    let ready = super::calls::release(original, vm, args, callee)?;
    let Some(ready) = ready.downcast_ref::<PyTuple>() else { return Ok(ready) };
    // The native call answers with the numbers; the caller wants its objects.
    let lists = ready.as_slice().iter().zip(objects.iter().zip(&numbers)).map(
        |(ready, (objects, numbers))| {
            let ready = ready.downcast_ref::<PyList>().map(|list| list.borrow_vec().to_vec());
            let ready = ready.unwrap_or_default();
            let chosen = objects
                .iter()
                .zip(numbers)
                .filter(|(_, number)| ready.iter().any(|fd| int(fd, vm) == int(number, vm)));
            vm.ctx.new_list(chosen.map(|(object, _)| object.clone()).collect()).into()
        },
    );
    Ok(vm.ctx.new_tuple(lists.collect()).into())
}

fn fd_of(object: &PyObjectRef, vm: &VirtualMachine) -> PyResult {
    if object.downcast_ref::<PyInt>().is_some() {
        return Ok(object.clone());
    }
    match vm.get_attribute_opt(object, "fileno")? {
        Some(fileno) => fileno.call((), vm),
        // The native call words the error.
        None => Ok(object.clone()),
    }
}

fn is_zero(timeout: Option<&PyObjectRef>, vm: &VirtualMachine) -> bool {
    timeout.is_some_and(|t| matches!(seconds(t, vm), Timeout::In(wait) if wait.is_zero()))
}

/// `poll.poll(timeout=None)` and `epoll.poll(timeout=None, maxevents=-1)`: first without
/// waiting.
pub(super) fn poll(
    original: Original,
    vm: &VirtualMachine,
    args: FuncArgs,
    callee: Callee,
) -> PyResult {
    let timeout = args.args.get(1).or_else(|| args.kwargs.get("timeout"));
    if !attach::gil_enabled() {
        return release_all(original, vm, args, callee);
    }
    if is_zero(timeout, vm) {
        return (original.func)(vm, args, callee);
    }
    let mut quick = args.clone();
    let zero = vm.ctx.new_int(0).into();
    if quick.args.len() > 1 {
        quick.args[1] = zero;
    } else if !quick.kwargs.contains_key("timeout") {
        quick.args.push(zero);
    }
    let ready = (original.func)(vm, quick, callee)?;
    if ready.downcast_ref::<PyList>().is_some_and(|list| !list.borrow_vec().is_empty()) {
        return Ok(ready);
    }
    release_method(original, vm, args, callee)
}
