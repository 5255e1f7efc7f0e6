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

use parking_lot::{Mutex, MutexGuard};
use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{
    current_vm_is_set, hang_current_thread, try_with_current_vm, with_current_vm,
};

use crate::activity::{self, Activity};
use crate::late;
use crate::lock::{Closed, ForkGuard, Gil, GilStats, Handoff, Member, MonotonicClock, RollGuard};
use crate::mode::GilRequest;
use crate::{safepoint, stall};

/// CPython's default, `_PyEval_DEFAULT_SWITCH_INTERVAL` in Python/ceval_gil.c.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_millis(5);

/// Null while the process is free-threaded. Never freed: threads read it without a lock.
static GIL: AtomicPtr<Gil> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    static ME: Me = const {
        Me {
            memberships: RefCell::new(Vec::new()),
            holding: Cell::new(None),
            inside: Cell::new(false),
            unlocked: late::Unlocked::new(),
        }
    };
}

/// The group of threads that end together: those of one interpreter and its sub-interpreters.
type Group = u64;

/// This thread. Its drop, when the thread ends, gives the GIL up: what the VM tears down
/// after the thread's function (thread-local objects with a `__del__`) still runs under it.
struct Me {
    memberships: RefCell<Vec<(Group, Arc<Member>)>>,
    holding: Cell<Option<Group>>,
    /// Whether an [`enter`] is owed its [`leave`].
    inside: Cell<bool>,
    /// Its part in a process that has no GIL so far.
    unlocked: late::Unlocked,
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
        self.unlocked.strike_off();
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

fn new_gil(interval: Duration) -> Gil {
    let handoff = HANDOFF.get().copied().unwrap_or_default();
    Gil::new(MonotonicClock::default(), handoff, interval, safepoint::ring)
}

/// The rule of the process's GIL, of one that comes late, too.
static HANDOFF: OnceLock<Handoff> = OnceLock::new();

/// Chooses the rule of who gets the GIL next; only the first call counts. Returns whether it is as
/// asked.
pub(crate) fn decide_handoff(handoff: Handoff) -> bool {
    *HANDOFF.get_or_init(|| handoff) == handoff
}

/// Whether the first interpreter asked for a GIL, and how.
static DECIDED: OnceLock<(bool, GilRequest)> = OnceLock::new();

/// Decides for the process whether there is a GIL at its start; only the first call counts.
/// Returns whether it is as asked.
pub(crate) fn decide(enabled: bool, request: GilRequest) -> bool {
    let (decided, _) = *DECIDED.get_or_init(|| {
        if enabled {
            publish(new_gil(DEFAULT_INTERVAL));
        }
        (enabled, request)
    });
    match request {
        // What a module turned on is on.
        GilRequest::Enable => decided || gil_enabled(),
        GilRequest::Disable => !decided && !gil_enabled(),
        GilRequest::Default => decided == enabled,
    }
}

/// Whether the process was told to do without a GIL whatever modules want (`-X gil=0`).
pub(crate) fn is_forbidden() -> bool {
    DECIDED.get().is_some_and(|(_, request)| *request == GilRequest::Disable)
}

/// Makes a GIL where there is none. The calling thread does not hold it. Returns whether there
/// was none.
pub(crate) fn make_gil(interval: Duration) -> bool {
    let gil = Box::into_raw(Box::new(new_gil(interval)));
    let null = std::ptr::null_mut();
    let made = GIL.compare_exchange(null, gil, Ordering::AcqRel, Ordering::Acquire).is_ok();
    if !made {
        // SAFETY: it comes from `Box::into_raw`, and nobody else has seen it.
        drop(unsafe { Box::from_raw(gil) });
    }
    made
}

/// Whether a GIL is in force in this process: `sys._is_gil_enabled()`.
pub fn gil_enabled() -> bool {
    gil().is_some()
}

/// The rule by which the GIL changes hands, or `None` when there is none.
pub fn gil_handoff() -> Option<Handoff> {
    gil().map(Gil::handoff)
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

/// Takes the GIL for this thread if there is one and it does not hold it. Returns whether the
/// caller owes a [`leave`].
pub(crate) fn enter(vm: &VirtualMachine) -> bool {
    let (outermost, was_unlocked) = ME.with(|me| {
        if gil().is_none() {
            me.unlocked.put_on_roll();
        }
        (!me.inside.replace(true), me.unlocked.is_on_roll())
    });
    if was_unlocked {
        activity::to(Activity::Running);
        // It may come on at any moment, now or inside; the outermost gives it up.
        check_in(vm);
        return outermost;
    }
    match gil() {
        Some(gil) if ME.with(|me| me.holding.get().is_none()) => {
            take(vm, gil, group_of(vm));
            true
        }
        _ => outermost,
    }
}

/// Whether [`check_in`] would take the GIL.
pub(crate) fn check_in_is_due() -> bool {
    ME.with(|me| me.unlocked.is_due())
}

/// Takes the GIL if this thread has run without one, and there is one now. To be called where
/// the thread is about to run Python after it did something else.
pub(crate) fn check_in(vm: &VirtualMachine) {
    if !check_in_is_due() {
        return;
    }
    if let Some(gil) = gil() {
        if ME.with(|me| me.holding.get().is_none()) {
            take(vm, gil, group_of(vm));
        }
        ME.with(|me| me.unlocked.strike_off());
    }
}

/// The VM of a new interpreter runs on this thread, which is in a process without a GIL so far.
pub(crate) fn note_vm() {
    ME.with(|me| {
        if me.unlocked.is_on_roll() {
            me.unlocked.put_on_roll();
        }
    });
}

/// Ends what [`enter`] began: gives the GIL up if this thread holds it.
pub(crate) fn leave() {
    ME.with(|me| me.inside.set(false));
    activity::to(Activity::Away);
    give_up();
}

fn give_up() {
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
    if ME.with(|me| me.holding.get().is_some()) {
        return f();
    }
    // On the roll before it is asked whether there is a GIL.
    let building = late::Building::new();
    let Some(gil) = gil() else {
        let _alone = one_at_a_time();
        let outermost = ME.with(|me| !me.inside.replace(true));
        let result = f();
        drop(building);
        if outermost {
            leave();
        }
        return result;
    };
    drop(building);
    let member = ME.with(|me| me.member(gil, NOBODY));
    if gil.acquire(&member).is_ok() {
        ME.with(|me| me.holding.set(Some(NOBODY)));
    }
    let result = f();
    give_up();
    result
}

/// Waits until no other thread builds an interpreter. Two that are built at once have been seen to
/// find a class of the VM's half made ("'sys.flags' object has no attribute 'verbose'").
///
/// Not for ever: in the child of a fork the other thread may be gone.
fn one_at_a_time() -> Option<MutexGuard<'static, ()>> {
    static BUILDING: Mutex<()> = Mutex::new(());
    const PATIENCE: Duration = Duration::from_secs(5);
    detached(|| BUILDING.try_lock_for(PATIENCE))
}

/// Puts a wait for the GIL into a `tracing` span. The thread is detached, so a subscriber that
/// blocks holds nobody up but who waits for the GIL.
fn spanned<R>(wait: impl FnOnce() -> R) -> R {
    tracing::trace_span!(target: "togil::gil", "wait for the GIL").in_scope(wait)
}

fn take(vm: &VirtualMachine, gil: &Gil, group: Group) {
    let member = ME.with(|me| me.member(gil, group));
    activity::to(Activity::Waiting);
    match vm.allow_threads(|| spanned(|| gil.acquire(&member))) {
        Ok(()) => ME.with(|me| me.holding.set(Some(group))),
        Err(Closed) => hang_current_thread(&vm.state),
    }
    activity::to(Activity::Running);
    // A signal that came for this thread while it waited was seen by others.
    safepoint::remind(vm);
}

/// Runs `f` without the GIL, and takes it back afterwards, or takes one that was turned on
/// meanwhile. Just runs `f` where there is no GIL or this thread does not hold it.
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
    struct CheckIn<'a>(&'a VirtualMachine, Activity);
    impl Drop for CheckIn<'_> {
        fn drop(&mut self) {
            check_in(self.0);
            activity::to(self.1);
        }
    }
    // Before others can run: what the threads did must not overlap.
    let before = activity::to(Activity::Blocked);
    let held = gil().and_then(|gil| Some((gil, ME.with(|me| me.holding.take())?)));
    let Some((gil, group)) = held else {
        let _check_in = CheckIn(vm, before);
        return f();
    };
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
                give_up();
            }
        }
    }
    check_in(vm);
    let released = gil().is_some() && ME.with(|me| me.holding.get().is_none());
    let _leave = Leave(released && enter(vm));
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
    activity::to(Activity::Waiting);
    let switched = vm.allow_threads(|| spanned(|| gil.hand_over(&member)));
    activity::to(Activity::Running);
    match switched {
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
    check_in(vm);
    let Some(gil) = gil() else { return };
    // It may have been taken away while this thread waited with it.
    switch(vm);
    ME.with(|me| {
        if me.holding.get() == Some(group_of(vm)) {
            gil.close(&me.member(gil, group_of(vm)));
        }
    });
}

/// What is held still across a fork.
pub(crate) struct Fork {
    roll: RollGuard<'static>,
    gil: Option<ForkGuard<'static, MonotonicClock>>,
}

/// Holds the GIL's state still across a fork.
pub(crate) fn prepare_fork() -> Fork {
    let roll = late::prepare_fork();
    Fork { roll, gil: gil().map(Gil::prepare_fork) }
}

/// In the child of a fork: a fresh GIL, of which this thread is the only member.
pub(crate) fn after_fork_in_child(mut fork: Fork) {
    ME.with(|me| me.unlocked.keep_only_me(&mut fork.roll));
    drop(fork.roll);
    let Some(guard) = fork.gil else {
        // None before the fork, and made by another thread just then.
        if gil().is_some() {
            publish(new_gil(DEFAULT_INTERVAL));
            ME.with(|me| me.memberships.take());
            try_with_current_vm(check_in);
        }
        return;
    };
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
