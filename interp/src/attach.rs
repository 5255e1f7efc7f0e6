//! The process's GIL, and the calling thread's part in it.
//!
//! The VM has an attach and a detach of its own (for stop-the-world) but no hook in them.
//! So the GIL is taken and given up here, at the places that lead into Python and out of it:
//! the start of a thread, [`Interpreter::attach`](crate::Interpreter::attach), a safepoint,
//! and the blocking calls of [`blocking`](crate::blocking).
//!
//! Two rules keep this free of deadlocks. A thread waits for the GIL only while the VM
//! counts it as detached, so that a stop-the-world need not wait for it. And a thread that
//! holds the GIL never waits for anything; where the VM makes it wait all the same, for
//! a lock that nobody can wrap, it loses the GIL (`stall`).

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{current_vm_is_set, hang_current_thread, with_current_vm};

use crate::lock::{Closed, ForkGuard, Gil, GilStats, Member, MonotonicClock};
use crate::{safepoint, stall};

/// CPython's default, `_PyEval_DEFAULT_SWITCH_INTERVAL` in Python/ceval_gil.c.
const DEFAULT_INTERVAL: Duration = Duration::from_millis(5);

/// Null while the process is free-threaded. Never freed: threads read it without a lock.
static GIL: AtomicPtr<Gil> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    static ME: Me = const { Me { memberships: RefCell::new(Vec::new()), holding: Cell::new(None) } };
}

/// The group of threads that end together: those of one interpreter and its sub-interpreters.
type Group = u64;

/// This thread. Its drop, when the thread ends, gives the GIL up: what the VM tears down
/// after the thread's function (thread-local objects with a `__del__`) still runs under it.
struct Me {
    memberships: RefCell<Vec<(Group, Arc<Member>)>>,
    holding: Cell<Option<Group>>,
}

impl Me {
    fn member(&self, gil: &Gil, group: Group) -> Arc<Member> {
        let mut memberships = self.memberships.borrow_mut();
        if let Some((_, member)) = memberships.iter().find(|(other, _)| *other == group) {
            return member.clone();
        }
        let member = gil.join(group, stall::probe());
        memberships.push((group, member.clone()));
        member
    }
}

impl Drop for Me {
    fn drop(&mut self) {
        let Some(gil) = gil() else { return };
        for (group, member) in self.memberships.take() {
            if self.holding.get() == Some(group) {
                gil.release(&member);
            }
            gil.leave(&member);
        }
    }
}

fn gil() -> Option<&'static Gil> {
    let gil = GIL.load(Ordering::Acquire);
    // SAFETY: the pointer is null or comes from `Box::leak` in `publish`, and what it
    // pointed to is never freed or mutated except through `&Gil`.
    unsafe { gil.as_ref() }
}

fn publish(gil: Gil) {
    GIL.store(Box::leak(Box::new(gil)), Ordering::Release);
}

/// Decides for the process whether there is a GIL; only the first call counts. Returns
/// whether it is as asked.
pub(crate) fn decide(enabled: bool) -> bool {
    static DECIDED: OnceLock<bool> = OnceLock::new();
    let decided = *DECIDED.get_or_init(|| {
        if enabled {
            publish(Gil::new(MonotonicClock::default(), DEFAULT_INTERVAL, safepoint::ring));
        }
        enabled
    });
    decided == enabled
}

/// Whether a GIL is in force in this process: `sys._is_gil_enabled()`.
pub fn gil_enabled() -> bool {
    gil().is_some()
}

/// What all threads of the process did with the GIL, or `None` when there is none.
pub fn gil_stats() -> Option<GilStats> {
    gil().map(Gil::total_stats)
}

/// What the calling thread did with the GIL for the interpreter of `vm`.
pub(crate) fn thread_stats(vm: &VirtualMachine) -> Option<GilStats> {
    let gil = gil()?;
    ME.with(|me| Some(gil.stats(&me.member(gil, group_of(vm)))))
}

/// `sys.setswitchinterval`.
pub(crate) fn set_switch_interval(interval: Duration) {
    if let Some(gil) = gil() {
        gil.set_interval(interval);
    }
}

fn group_of(vm: &VirtualMachine) -> Group {
    vm.state.runtime_root_id as Group
}

/// Takes the GIL for this thread if it does not hold it. Returns whether it took it, in
/// which case the caller owes a [`leave`].
pub(crate) fn enter(vm: &VirtualMachine) -> bool {
    let Some(gil) = gil() else { return false };
    if ME.with(|me| me.holding.get().is_some()) {
        return false;
    }
    take(vm, gil, group_of(vm));
    true
}

/// Gives the GIL up if this thread holds it.
pub(crate) fn leave() {
    let Some(gil) = gil() else { return };
    ME.with(|me| {
        if let Some(group) = me.holding.take() {
            gil.release(&me.member(gil, group));
        }
    });
}

/// Runs `f`, which builds an interpreter, with the GIL: it runs Python before there is a
/// thread state to speak of.
pub(crate) fn while_building<R>(f: impl FnOnce() -> R) -> R {
    /// The group of no interpreter.
    const NOBODY: Group = Group::MAX;
    let holding = ME.with(|me| me.holding.get().is_some());
    let Some(gil) = gil().filter(|_| !holding) else { return f() };
    let member = ME.with(|me| me.member(gil, NOBODY));
    if gil.acquire(&member).is_ok() {
        ME.with(|me| me.holding.set(Some(NOBODY)));
    }
    let result = f();
    leave();
    result
}

fn take(vm: &VirtualMachine, gil: &Gil, group: Group) {
    let member = ME.with(|me| me.member(gil, group));
    match vm.allow_threads(|| gil.acquire(&member)) {
        Ok(()) => ME.with(|me| me.holding.set(Some(group))),
        Err(Closed) => hang_current_thread(&vm.state),
    }
    // A signal that came for this thread while it waited was seen by others.
    safepoint::remind(vm);
}

/// Runs `f` without the GIL, and takes it back afterwards. Just runs `f` where there is no
/// GIL or this thread does not hold it.
pub(crate) fn without_gil<R>(vm: &VirtualMachine, f: impl FnOnce() -> R) -> R {
    /// Takes the GIL back, after a panic too. Looks everything up anew: `f` may have forked.
    struct Back<'a>(&'a VirtualMachine, Group);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            if let Some(gil) = gil() {
                take(self.0, gil, self.1);
            }
        }
    }
    let Some(gil) = gil() else { return f() };
    let Some(group) = ME.with(|me| me.holding.take()) else { return f() };
    gil.release(&ME.with(|me| me.member(gil, group)));
    let _back = Back(vm, group);
    f()
}

/// Runs `f` detached if the calling thread is attached to an interpreter, and just runs it
/// otherwise: for waits in code that may be called from either.
pub fn detached<R>(f: impl FnOnce() -> R) -> R {
    if !current_vm_is_set() {
        return f();
    }
    let mut f = Some(f);
    let mut result = None;
    // The VM is borrowed only to detach; `f` may use another.
    with_current_vm(|vm| without_gil(vm, || vm.allow_threads(|| result = f.take().map(|f| f()))));
    result.expect("it ran")
}

/// Runs `f` with the GIL, from within a call that gave it up: a signal handler that
/// interrupts a blocking call.
pub(crate) fn with_gil<R>(vm: &VirtualMachine, f: impl FnOnce() -> R) -> R {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            if self.0 {
                leave();
            }
        }
    }
    let _leave = Leave(enter(vm));
    f()
}

/// What a thread finds when it looks whether it should give the GIL up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropRequest {
    /// Nobody asked.
    No,
    /// This thread was asked.
    Mine,
    /// This thread slept with the GIL and has lost it: it must not run on.
    Lost,
    /// Another thread was asked, or has lost the GIL and not noticed.
    Other,
}

/// Who, if anybody, was asked to give the GIL up.
pub(crate) fn drop_requested() -> DropRequest {
    let Some(gil) = gil() else { return DropRequest::No };
    ME.with(|me| {
        let Some(group) = me.holding.get() else {
            return if gil.drop_pending() { DropRequest::Other } else { DropRequest::No };
        };
        let member = me.member(gil, group);
        if gil.is_evicted(&member) {
            DropRequest::Lost
        } else if gil.drop_requested(&member) {
            DropRequest::Mine
        } else if gil.has_evicted() {
            DropRequest::Other
        } else {
            DropRequest::No
        }
    })
}

/// Gives the GIL to the waiter that asked for it, and waits to get it back.
pub(crate) fn switch(vm: &VirtualMachine) {
    let Some(gil) = gil() else { return };
    let Some(group) = ME.with(|me| me.holding.get()) else { return };
    let member = ME.with(|me| me.member(gil, group));
    match vm.allow_threads(|| gil.hand_over(&member)) {
        Ok(true) => safepoint::remind(vm),
        Ok(false) => {}
        Err(Closed) => {
            ME.with(|me| me.holding.set(None));
            hang_current_thread(&vm.state)
        }
    }
}

/// The interpreter of `vm` shuts down: from now on only this thread runs its Python. The
/// others never get the GIL again, so none can hang the finalizer.
pub(crate) fn close(vm: &VirtualMachine) {
    let Some(gil) = gil() else { return };
    // It may have been taken away while this thread waited with it.
    switch(vm);
    ME.with(|me| {
        if me.holding.get() == Some(group_of(vm)) {
            gil.close(&me.member(gil, group_of(vm)));
        }
    });
}

/// Holds the GIL's state still across a fork.
pub(crate) fn prepare_fork() -> Option<ForkGuard<'static, MonotonicClock>> {
    gil().map(Gil::prepare_fork)
}

/// In the child of a fork: a fresh GIL, of which this thread is the only member.
pub(crate) fn after_fork_in_child(guard: ForkGuard<'static, MonotonicClock>) {
    ME.with(|me| {
        let holding = me.holding.get();
        let mut memberships = me.memberships.borrow_mut();
        let held = memberships.iter_mut().find(|(group, _)| Some(*group) == holding);
        let (gil, member) =
            guard.copy_for_child(held.as_ref().map(|(_, member)| (&**member, stall::probe())));
        // Memberships of other interpreters are made anew when they are next needed.
        let survivor = held.map(|(group, _)| *group).zip(member);
        *memberships = survivor.into_iter().collect();
        publish(gil);
    });
    // The old lock stays locked for ever: threads that did not survive wait for it.
    std::mem::forget(guard);
}
