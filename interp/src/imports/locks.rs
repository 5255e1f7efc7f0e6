//! The locks of modules: who executes which one, who waits for it, and who may not wait because it
//! would be for ever.
//!
//! The rule is `_ModuleLock`'s in CPython's Lib/importlib/_bootstrap.py: a lock for each module, held
//! while its body runs, taken again by its holder; and whoever would close a circle of threads that
//! wait for each other is refused instead. There the circle is looked for in lists that other threads
//! change meanwhile, which is why it needs a rule for circles that it did not mean to find (bpo-38091).
//! Here one mutex covers all locks: the look and the decision to wait are one step, so exactly the last
//! thread of a circle is refused.

use std::collections::HashMap;
use std::sync::Arc;

use crate::lock::Event;
use crate::lock::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// A module, by its interpreter and its absolute name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The interpreter: all of a process share one set of locks.
    pub interpreter: i64,
    /// As in `sys.modules`.
    pub module: String,
}

/// Why a thread did not get a lock.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused<E> {
    /// The holder waits, by whatever detours, for the thread that asks.
    Deadlock,
    /// `wait` failed.
    Interrupted(E),
}

/// A thread gave back what it did not have.
#[derive(Debug, PartialEq, Eq)]
pub struct NotHeld;

/// What another thread does with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing: what `sys.modules` has may be handed out.
    Nothing,
    /// It executes the module for the first time.
    Loads,
    /// It has the lock for something else: it reloads the module, or has yet to look.
    HasLock,
}

/// The locks of all modules. Threads are known by the numbers that callers give as `me`.
#[derive(Debug)]
pub struct ModuleLocks {
    /// How many are held; written under the mutex. Lets an import of what is there already, which is
    /// nearly every one, pass without the mutex.
    held: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: HashMap<Name, Held>,
    waits: Vec<Wait>,
}

#[derive(Debug)]
struct Held {
    owner: u64,
    depth: usize,
    loads: bool,
}

/// A thread may have several: a signal handler imports, too.
#[derive(Debug)]
struct Wait {
    who: u64,
    name: Name,
    event: Arc<Event>,
}

impl State {
    /// Whether `from` waits, by whatever detours, for `target`.
    fn waits_for(&self, from: u64, target: u64) -> bool {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(&thread) = seen.get(next) {
            if thread == target {
                return true;
            }
            let waits = self.waits.iter().filter(|wait| wait.who == thread);
            for owner in waits.filter_map(|wait| Some(self.held.get(&wait.name)?.owner)) {
                if !seen.contains(&owner) {
                    seen.push(owner);
                }
            }
            next += 1;
        }
        false
    }

    fn forget_wait(&mut self, event: &Arc<Event>) {
        self.waits.retain(|wait| !Arc::ptr_eq(&wait.event, event));
    }

    fn wake(&self, name: &Name) {
        // All: each looks again, and one that is interrupted meanwhile takes nobody's turn with it.
        for wait in self.waits.iter().filter(|wait| wait.name == *name) {
            wait.event.set();
        }
    }
}

impl Default for ModuleLocks {
    fn default() -> Self {
        Self { held: AtomicU64::new(0), state: Mutex::new(State::default()) }
    }
}

impl ModuleLocks {
    /// Takes the lock of `name` for thread `me`, who may have it already. While another has it calls
    /// `wait`, which returns when the event was set, or earlier.
    ///
    /// # Errors
    /// [`Refused`]; the lock is then held as often as before.
    pub fn acquire<E>(
        &self,
        me: u64,
        name: &Name,
        mut wait: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), Refused<E>> {
        let mut waited: Option<Arc<Event>> = None;
        loop {
            {
                let mut state = self.state.lock();
                let owner = state.held.get(name).map(|held| held.owner);
                let got = owner.is_none_or(|owner| owner == me);
                let refused = owner.is_some_and(|owner| !got && state.waits_for(owner, me));
                if let Some(event) = &waited
                    && (got || refused)
                {
                    state.forget_wait(event);
                }
                if refused {
                    return Err(Refused::Deadlock);
                }
                if got {
                    let new = Held { owner: me, depth: 0, loads: false };
                    state.held.entry(name.clone()).or_insert(new).depth += 1;
                    self.count(&state);
                    return Ok(());
                }
                if waited.is_none() {
                    let event = waited.insert(Arc::new(Event::new())).clone();
                    state.waits.push(Wait { who: me, name: name.clone(), event });
                }
            }
            if let Some(event) = &waited
                && let Err(error) = wait(event)
            {
                self.state.lock().forget_wait(event);
                return Err(Refused::Interrupted(error));
            }
        }
    }

    /// Gives the lock back once.
    ///
    /// # Errors
    /// [`NotHeld`] if `me` does not have it.
    pub fn release(&self, me: u64, name: &Name) -> Result<(), NotHeld> {
        let mut state = self.state.lock();
        let held = state.held.get_mut(name).filter(|held| held.owner == me).ok_or(NotHeld)?;
        held.depth -= 1;
        if held.depth == 0 {
            state.held.remove(name);
            self.count(&state);
            state.wake(name);
        }
        Ok(())
    }

    /// Notes that `me`, who has the lock, executes the module for the first time.
    pub fn loads(&self, me: u64, name: &Name) {
        let mut state = self.state.lock();
        if let Some(held) = state.held.get_mut(name).filter(|held| held.owner == me) {
            held.loads = true;
        }
    }

    /// What a thread other than `me` does with the module.
    ///
    /// Whoever found a module in `sys.modules` before it asked this gets `Nothing` only if the module
    /// was complete then, or has failed and been taken out since.
    pub fn doing(&self, me: u64, name: impl FnOnce() -> Name) -> Doing {
        // Pairs with `count`: what the last holder did is seen.
        if self.held.load(Ordering::Acquire) == 0 {
            return Doing::Nothing;
        }
        let name = name();
        match self.state.lock().held.get(&name) {
            Some(held) if held.owner == me => Doing::Nothing,
            Some(held) if held.loads => Doing::Loads,
            Some(_) => Doing::HasLock,
            None => Doing::Nothing,
        }
    }

    /// Drops the locks of an interpreter's threads other than `me`: none of them runs again.
    pub fn abandon(&self, me: u64, interpreter: i64) {
        let mut state = self.state.lock();
        state.held.retain(|name, held| name.interpreter != interpreter || held.owner == me);
        self.count(&state);
    }

    /// Keeps others from the locks, for a fork.
    pub fn hold_still(&self) -> Still<'_> {
        Still { _state: self.state.lock() }
    }

    fn count(&self, state: &State) {
        self.held.store(state.held.len() as u64, Ordering::Release);
    }
}

/// Nobody takes or gives back a lock while this is there.
#[derive(Debug)]
pub struct Still<'a> {
    _state: MutexGuard<'a, State>,
}
