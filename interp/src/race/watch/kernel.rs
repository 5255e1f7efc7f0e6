//! The functions that the shim's primitives are made of.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use rustpython_vm::builtins::{PyCode, PyType};
use rustpython_vm::object::{MaybeTraverse, TraverseFn};
use rustpython_vm::{Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, VirtualMachine};

use super::clock::VectorClock;
use super::detector::detector;
use super::findings::Waits;
use super::me;
use super::thread::{Ended, Thread};
use crate::race::{places, sites};

macro_rules! payload {
    ($type:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($type))
            }
        }

        impl MaybeTraverse for $type {
            fn try_traverse(&self, _: &mut TraverseFn<'_>) {}
        }

        impl PyPayload for $type {
            fn class(ctx: &Context) -> &'static Py<PyType> {
                ctx.types.object_type
            }
        }

        impl $type {
            fn into_object(self, vm: &VirtualMachine) -> PyObjectRef {
                PyRef::new_ref(self, vm.ctx.types.object_type.to_owned(), None).into()
            }
        }
    };
}

/// What a primitive was told; a lock's also says who has it.
struct Sync {
    number: u64,
    /// The stack at which it was made.
    made: u32,
    clock: Mutex<VectorClock>,
    /// The number of the thread that has the lock, and one more; 0 for nobody.
    holder: AtomicU32,
}

/// A thread, from its start to its joins.
struct Child {
    thread: Mutex<Option<Thread>>,
    number: u32,
    ended: Mutex<Option<Ended>>,
}

payload!(Sync);
payload!(Child);

impl Sync {
    fn new(clock: VectorClock) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            made: me::with(|me| me.stack()).unwrap_or_default(),
            clock: Mutex::new(clock),
            holder: AtomicU32::new(0),
        }
    }
}

fn sync(object: &PyObject) -> Option<&Py<Sync>> {
    object.downcast_ref::<Sync>()
}

fn new_sync(vm: &VirtualMachine) -> PyObjectRef {
    Sync::new(VectorClock::default()).into_object(vm)
}

/// One that was told already what the caller knows.
fn told(vm: &VirtualMachine) -> PyObjectRef {
    let mut clock = VectorClock::default();
    me::with(|me| me.release(&mut clock));
    Sync::new(clock).into_object(vm)
}

fn give(object: PyObjectRef) {
    if let Some(sync) = sync(&object) {
        me::with(|me| me.release(&mut sync.clock.lock()));
    }
}

fn take(object: PyObjectRef) {
    if let Some(sync) = sync(&object) {
        me::with(|me| me.thread.acquire(&sync.clock.lock()));
    }
}

/// The caller is going to wait for a lock.
fn about(object: PyObjectRef) {
    if let Some(sync) = sync(&object) {
        me::with(|me| me.is_about_to_take(sync.number, sync.made));
    }
}

/// The caller has a lock; `waits`: and would have waited for it.
fn locked(object: PyObjectRef, waits: bool) {
    let Some(sync) = sync(&object) else { return };
    me::with(|me| {
        if waits {
            me.is_about_to_take(sync.number, sync.made);
        }
        me.has_taken(sync.number, sync.made);
        me.thread.acquire(&sync.clock.lock());
        sync.holder.store(me.thread.number + 1, Ordering::Relaxed);
    });
}

/// The caller gives a lock back, its own or another thread's.
fn unlocking(object: PyObjectRef) {
    let Some(sync) = sync(&object) else { return };
    me::with(|me| {
        let holder = sync.holder.swap(0, Ordering::Relaxed);
        if !me.gives_back(sync.number) && holder != 0 {
            detector().give_back(sync.number);
        }
        me.release(&mut sync.clock.lock());
    });
}

fn fork(name: String, daemon: bool, vm: &VirtualMachine) -> PyObjectRef {
    let forked = me::with(|me| {
        let thread = detector().slots.lock().fork(&mut me.thread);
        me.turn();
        me.forked();
        thread
    });
    let number = forked.as_ref().map_or(0, |thread| thread.number);
    if forked.is_some() {
        detector().set_name(number, name);
        detector().waiting.lock().begin(number, daemon);
    }
    let thread = Mutex::new(forked);
    Child { thread, number, ended: Mutex::new(None) }.into_object(vm)
}

fn begin(object: PyObjectRef) {
    if let Some(child) = object.downcast_ref::<Child>()
        && let Some(thread) = child.thread.lock().take()
    {
        me::enter(thread);
    }
}

fn end(object: PyObjectRef) {
    let Some(child) = object.downcast_ref::<Child>() else { return };
    let detector = detector();
    let ended = me::leave().map(|me| me.end(detector));
    *child.ended.lock() = ended;
    detector.waiting.lock().end(child.number);
}

/// It could not be started.
fn failed(object: PyObjectRef) {
    if let Some(child) = object.downcast_ref::<Child>() {
        detector().waiting.lock().end(child.number);
    }
}

fn joined(object: PyObjectRef) {
    if let Some(child) = object.downcast_ref::<Child>()
        && let Some(ended) = &*child.ended.lock()
    {
        me::with(|me| {
            me.thread.join(ended);
            me.forked();
        });
    }
}

fn enter_task(object: PyObjectRef) {
    if let Some(sync) = sync(&object) {
        me::with(|me| me.enter_task(&sync.clock.lock()));
    }
}

fn leave_task() {
    me::with(|me| me.leave_task());
}

fn waits(what: String, object: PyObjectRef) {
    let detector = detector();
    let holder = sync(&object).map(|sync| sync.holder.load(Ordering::Relaxed));
    let holder = holder.filter(|holder| *holder != 0).map(|holder| detector.name(holder - 1));
    let me = me::with(|me| (me.root, me.stack()));
    if let Some((thread, stack)) = me {
        let stack = detector.interned.places(stack);
        let waits = Waits { thread: detector.name(thread), waits_for: what, holder, stack };
        detector.waiting.lock().wait(thread, waits);
    }
}

fn woken() {
    if let Some(thread) = me::with(|me| me.root) {
        detector().waiting.lock().wake(thread);
    }
}

fn is_hung() -> bool {
    let thread = me::with(|me| me.root);
    thread.is_some_and(|thread| detector().waiting.lock().is_hung(thread))
}

/// The main thread has nothing more to do than to wait for others.
fn main_ends() {
    if let Some(thread) = me::with(|me| me.root) {
        detector().waiting.lock().end(thread);
    }
}

/// By name.
pub(super) fn functions(vm: &VirtualMachine) -> Vec<(&'static str, PyObjectRef)> {
    let hook: PyObjectRef = super::hook::HOOK.build_function(&vm.ctx).into();
    let instrument = move |code: PyRef<PyCode>, vm: &VirtualMachine| {
        places::add(code.source_path().as_str());
        let what = sites::What { accesses_only: true, ..sites::What::default() };
        let code = sites::instrument(&code, &hook, &what, vm);
        super::sites::count_round();
        code
    };
    vec![
        ("_instrument", vm.new_function("_instrument", instrument).into()),
        ("_sync", vm.new_function("_sync", new_sync).into()),
        ("_told", vm.new_function("_told", told).into()),
        ("_give", vm.new_function("_give", give).into()),
        ("_take", vm.new_function("_take", take).into()),
        ("_about", vm.new_function("_about", about).into()),
        ("_locked", vm.new_function("_locked", locked).into()),
        ("_unlocking", vm.new_function("_unlocking", unlocking).into()),
        ("_fork", vm.new_function("_fork", fork).into()),
        ("_begin", vm.new_function("_begin", begin).into()),
        ("_end", vm.new_function("_end", end).into()),
        ("_failed", vm.new_function("_failed", failed).into()),
        ("_joined", vm.new_function("_joined", joined).into()),
        ("_enter_task", vm.new_function("_enter_task", enter_task).into()),
        ("_leave_task", vm.new_function("_leave_task", leave_task).into()),
        ("_waits", vm.new_function("_waits", waits).into()),
        ("_woken", vm.new_function("_woken", woken).into()),
        ("_is_hung", vm.new_function("_is_hung", is_hung).into()),
        ("_main_ends", vm.new_function("_main_ends", main_ends).into()),
    ]
}
