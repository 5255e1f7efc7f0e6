//! A GIL that is turned on at run time, because a module that needs it was imported.
//!
//! `lock::Roll` is the protocol; here are the threads of the VM. What counts as being at work is the
//! VM's own notion of an attached thread.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{ThreadSlot, ThreadState, current_thread_slot};

use crate::lock::{Roll, RollGuard, Ticket};
use crate::{attach, safepoint};

static ROLL: LazyLock<Roll> = LazyLock::new(Roll::default);
/// The modules that need the GIL and were imported into a process that had been without; the first
/// has turned it on.
static MODULES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How often a thread that waits for the others rings. A ring is answered by one thread, and
/// there is nothing else to do meanwhile.
const TICK: Duration = Duration::from_micros(50);

/// A thread's state in each of the interpreters that it has been in.
type Slots = Arc<Mutex<Vec<Weak<ThreadSlot>>>>;

/// This thread's part in a process without a GIL.
pub(crate) struct Unlocked {
    ticket: Cell<Option<Ticket>>,
    slots: RefCell<Option<Slots>>,
}

impl Unlocked {
    pub(crate) const fn new() -> Self {
        Self { ticket: Cell::new(None), slots: RefCell::new(None) }
    }

    pub(crate) fn is_on_roll(&self) -> bool {
        self.ticket.get().is_some()
    }

    /// Puts the thread on the roll, in the interpreter that it is in now.
    pub(crate) fn put_on_roll(&self) {
        let Some(slot) = current_thread_slot() else { return };
        let mut mine = self.slots.borrow_mut();
        let slots = mine.get_or_insert_with(Slots::default);
        {
            let mut slots = slots.lock();
            let known = slots.iter().any(|known| std::ptr::eq(known.as_ptr(), &raw const *slot));
            if !known {
                slots.retain(|slot| slot.strong_count() > 0);
                slots.push(Arc::downgrade(&slot));
            }
        }
        if self.ticket.get().is_none() {
            let slots = slots.clone();
            let ticket = ROLL.join(Box::new(move || slots.lock().iter().any(is_at_work)));
            self.ticket.set(Some(ticket));
        }
    }

    /// Whether there is a GIL by now, for a thread that has run without.
    pub(crate) fn is_due(&self) -> bool {
        self.is_on_roll() && ROLL.is_on()
    }

    pub(crate) fn strike_off(&self) {
        if let Some(ticket) = self.ticket.take() {
            ROLL.leave(ticket);
        }
    }

    /// In the child of a fork.
    pub(crate) fn keep_only_me(&self, roll: &mut RollGuard<'_>) {
        roll.keep_only(self.ticket.get());
    }
}

/// A thread that is suspended for a collection goes on by itself.
fn is_at_work(slot: &Weak<ThreadSlot>) -> bool {
    slot.upgrade().is_some_and(|slot| {
        let state = slot.state.load(std::sync::atomic::Ordering::SeqCst);
        state == ThreadState::Attached as i32 || state == ThreadState::Suspended as i32
    })
}

/// On the roll while a thread builds an interpreter, which runs Python before the thread can be asked
/// for anything.
pub(crate) struct Building(Ticket);

impl Building {
    pub(crate) fn new() -> Self {
        Self(ROLL.join(Box::new(|| true)))
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        ROLL.leave(self.0);
    }
}

pub(crate) fn prepare_fork() -> RollGuard<'static> {
    ROLL.prepare_fork()
}

/// What became of a module's wish for the GIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GilSwitch {
    /// The process had none, and has one now.
    TurnedOn,
    /// It had one.
    WasOn,
    /// It was told to do without (`-X gil=0`).
    Forbidden,
}

/// The modules because of which the GIL is on, in the order of their import: the first has turned it
/// on. Empty in a process that had the GIL from its start, and in one that has none.
pub fn gil_enabled_by() -> Vec<String> {
    MODULES.lock().clone()
}

/// Turns the GIL on. When this returns, the calling thread holds it, and no other thread runs
/// Python without it.
pub(crate) fn turn_on(vm: &VirtualMachine, module: &str) -> GilSwitch {
    if attach::is_forbidden() {
        return GilSwitch::Forbidden;
    }
    let interval = Duration::try_from_secs_f64(vm.state.switch_interval.load());
    let made = attach::make_gil(interval.unwrap_or(attach::DEFAULT_INTERVAL));
    if made || !MODULES.lock().is_empty() {
        let mut modules = MODULES.lock();
        if !modules.iter().any(|known| known == module) {
            modules.push(module.to_owned());
        }
    }
    ROLL.turn_on();
    vm.allow_threads(|| {
        while !ROLL.all_in() {
            safepoint::ring();
            std::thread::sleep(TICK);
        }
    });
    attach::check_in(vm);
    if made { GilSwitch::TurnedOn } else { GilSwitch::WasOn }
}
