//! What an import does: look, wait, look again, load. `_find_and_load` of CPython's
//! Lib/importlib/_bootstrap.py and `PyImport_ImportModuleLevelObject` of Python/import.c, with three
//! gaps closed:
//!
//! * What was found while another thread executed it is looked up again: if the body has failed it is
//!   gone, and the import is tried once more (python/cpython#143650).
//! * A package comes before what is in it. Under CPython up to 3.14 a thread takes the submodule's lock,
//!   then waits for the package, which another executes and which imports the submodule: `_DeadlockError`
//!   (python/cpython#83065). CPython 3.15 holds the locks from the package down instead, which keeps
//!   threads from executing two modules of a package at once.
//! * Whether a module is complete is what its lock says, not `__spec__._initializing`: that is false
//!   before the module has become an attribute of its package, and `importlib.reload` replaces
//!   `__spec__` before it waits for the first execution.

use super::locks::{Doing, ModuleLocks, Name, NotHeld, Refused};
use crate::lock::Event;

/// The interpreter that imports, as one thread of it sees it.
pub trait Modules {
    /// A module.
    type Module;
    /// An exception.
    type Error;

    /// What `sys.modules` has under this name.
    fn get(&self, name: &str) -> Result<Option<Self::Module>, Self::Error>;
    /// Whether two are one.
    fn same(&self, one: &Self::Module, other: &Self::Module) -> bool;
    /// Whether it says of itself that its body has not run to the end.
    fn is_initializing(&self, module: &Self::Module) -> Result<bool, Self::Error>;
    /// Imports a package for the sake of what is in it.
    fn import(&self, name: &str) -> Result<(), Self::Error>;
    /// Finds the module, registers and executes it. The caller has its lock.
    fn load(&self, name: &str) -> Result<Self::Module, Self::Error>;
    /// Waits until the event is set, or for a while.
    fn wait(&self, event: &Event) -> Result<(), Self::Error>;
    /// The exception for who would wait for ever.
    fn deadlock(&self, name: &str) -> Self::Error;
}

/// One thread's part in the imports of an interpreter.
#[derive(Debug, Clone, Copy)]
pub struct Importer<'a, M> {
    /// The locks of the process.
    pub locks: &'a ModuleLocks,
    /// The interpreter's number.
    pub interpreter: i64,
    /// The thread's.
    pub me: u64,
    /// What it imports from.
    pub modules: &'a M,
}

impl<M: Modules> Importer<'_, M> {
    /// The module with this absolute name: complete, but for the rule of cycles, by which who would
    /// wait for ever gets what there is.
    ///
    /// # Errors
    /// What finding it or its body raises, and what ends a wait.
    pub fn import(&self, name: &str) -> Result<M::Module, M::Error> {
        if let Some(module) = self.complete(name)? {
            return Ok(module);
        }
        if let Some((package, _)) = name.rsplit_once('.')
            && self.modules.get(name)?.is_none()
            && self.complete(package)?.is_none()
        {
            self.modules.import(package)?;
        }
        let Some(hold) = self.lock(name)? else {
            // The rule of cycles, as `_lock_unlock_module` has it: what there is, if anything.
            return match self.modules.get(name)? {
                Some(module) => Ok(module),
                None => Err(self.modules.deadlock(name)),
            };
        };
        match self.modules.get(name)? {
            // Others are done with it, or we are in the middle of it ourselves.
            Some(module) => Ok(module),
            None => {
                self.locks.loads(self.me, &hold.name);
                self.modules.load(name)
            }
        }
    }

    /// Waits until no other thread has the module's lock, unless that would be for ever.
    ///
    /// # Errors
    /// What ends the wait.
    pub fn wait_for(&self, name: &str) -> Result<(), M::Error> {
        self.lock(name).map(drop)
    }

    /// Takes the module's lock. `false`: to wait for it would be for ever.
    ///
    /// # Errors
    /// What ends the wait.
    pub fn acquire(&self, name: &str) -> Result<bool, M::Error> {
        Ok(self.lock(name)?.map(std::mem::forget).is_some())
    }

    /// Gives the module's lock back once.
    ///
    /// # Errors
    /// [`NotHeld`] if this thread does not have it.
    pub fn release(&self, name: &str) -> Result<(), NotHeld> {
        self.locks.release(self.me, &self.name(name))
    }

    /// The module, if it is there and complete: no other thread is about to complete it or take it out.
    ///
    /// # Errors
    /// What asking the module raises.
    pub fn complete(&self, name: &str) -> Result<Option<M::Module>, M::Error> {
        let Some(found) = self.modules.get(name)? else { return Ok(None) };
        let complete = match self.locks.doing(self.me, || self.name(name)) {
            Doing::Nothing => true,
            Doing::Loads => false,
            Doing::HasLock => !self.modules.is_initializing(&found)?,
        };
        if !complete {
            return Ok(None);
        }
        // A load that failed after the first look has taken it out.
        Ok(self.modules.get(name)?.filter(|module| self.modules.same(module, &found)))
    }

    /// `None`: to wait for it would be for ever.
    fn lock(&self, name: &str) -> Result<Option<Hold<'_>>, M::Error> {
        let name = self.name(name);
        match self.locks.acquire(self.me, &name, |event| self.modules.wait(event)) {
            Ok(()) => Ok(Some(Hold { locks: self.locks, me: self.me, name })),
            Err(Refused::Deadlock) => Ok(None),
            Err(Refused::Interrupted(error)) => Err(error),
        }
    }

    fn name(&self, module: &str) -> Name {
        Name { interpreter: self.interpreter, module: module.to_owned() }
    }
}

/// A lock that is given back in the end.
struct Hold<'a> {
    locks: &'a ModuleLocks,
    me: u64,
    name: Name,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        // Not held any more only if the interpreter has ended meanwhile.
        let _ = self.locks.release(self.me, &self.name);
    }
}
