//! A map that runs no code of its callers under its lock.
//!
//! Whether two keys are the same can be for Python code to say. So a lookup that meets a key of
//! which it cannot tell lets go of the lock, asks, and looks again with the answer in hand:
//! entries have numbers that are never used twice, so an answer stays right. The operation
//! itself happens in one go with the look that needed no more answers.
//!
//! An update whose new value comes from code of the caller claims its entry: until the
//! [`Claim`] ends, other writers of that entry wait and readers see the old value. The code runs
//! once, with the lock free.

mod claim;
mod entries;

pub use claim::Claim;

use super::sync::{Arc, Event, Mutex};
use entries::{Answers, Entries, Entry};

/// A key and its hash.
#[derive(Debug, Clone)]
pub struct Hashed<K> {
    /// Equal for equal keys.
    pub hash: i64,
    /// The key.
    pub key: K,
}

/// The calling thread: how it compares and how it waits.
pub trait Caller<K> {
    /// What can go wrong with both.
    type Error;

    /// A number that no other thread has.
    fn id(&self) -> u64;

    /// Whether two keys are the same, if that can be told without running foreign code. Runs
    /// under the lock.
    fn same_at_once(&self, a: &K, b: &K) -> Option<bool>;

    /// Whether two keys are the same. Runs without the lock.
    ///
    /// # Errors
    /// What the comparison raised.
    fn same(&self, a: &K, b: &K) -> Result<bool, Self::Error>;

    /// Waits for the event. Runs without the lock.
    ///
    /// # Errors
    /// What ended the wait instead.
    fn wait(&self, event: &Event) -> Result<(), Self::Error>;
}

/// Why an operation was not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The thread has a [`Claim`] on this table, and would change it behind its own back.
    Recursive,
    /// The caller's comparison or wait failed.
    Caller(E),
}

/// A map from `K` to `V` that keeps the order of insertion.
#[derive(Debug)]
pub struct Table<K, V> {
    entries: Mutex<Entries<K, V>>,
}

/// What was taken out of a table, for the caller to drop: keys, and values if they had one.
pub type Removed<K, V> = Vec<(K, Option<V>)>;

/// What an operation says that found its entry.
enum Step<R> {
    Done(R),
    /// Another thread has claimed the entry.
    Claimed(u64),
    Recursive,
}

/// What has to happen without the lock before the next look.
enum Pause<K> {
    Wait(u64, Arc<Event>),
    Ask(u64, K),
}

impl<K: Clone, V: Clone> Table<K, V> {
    /// A table with nothing in it.
    pub fn new() -> Self {
        Self { entries: Mutex::new(Entries::default()) }
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.entries.lock().with_value()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys and values at one moment.
    pub fn items(&self) -> Vec<(K, V)> {
        let entries = self.entries.lock();
        let pairs = entries.iter().filter_map(|entry| {
            entry.value.as_ref().map(|value| (entry.key.clone(), value.clone()))
        });
        pairs.collect()
    }

    /// The value of `key`. Never waits for a claim.
    ///
    /// # Errors
    /// What the caller's comparison raised.
    pub fn get<C: Caller<K>>(&self, caller: &C, key: &Hashed<K>) -> Result<Option<V>, C::Error> {
        let found = self.with_entry(caller, key, |entries, found| {
            Step::Done(found.and_then(|id| entries.get(id).value.clone()))
        });
        match found {
            Ok(value) => Ok(value),
            Err(Failure::Caller(error)) => Err(error),
            Err(Failure::Recursive) => unreachable!("a look changes nothing"),
        }
    }

    /// Gives `key` a value. Returns the one before, for the caller to drop.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn set<C: Caller<K>>(
        &self,
        caller: &C,
        key: &Hashed<K>,
        value: V,
    ) -> Result<Option<V>, Failure<C::Error>> {
        let mut value = Some(value);
        self.change(caller, key, |entries, found| {
            let id = found.unwrap_or_else(|| entries.insert(key.clone()));
            std::mem::replace(&mut entries.get_mut(id).value, value.take())
        })
    }

    /// The value of `key`, after giving it `default` if it has none.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn set_default<C: Caller<K>>(
        &self,
        caller: &C,
        key: &Hashed<K>,
        default: &V,
    ) -> Result<V, Failure<C::Error>> {
        self.change(caller, key, |entries, found| {
            let id = found.unwrap_or_else(|| entries.insert(key.clone()));
            entries.get_mut(id).value.get_or_insert_with(|| default.clone()).clone()
        })
    }

    /// Takes `key` out. Returns what was stored, for the caller to drop.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn remove<C: Caller<K>>(
        &self,
        caller: &C,
        key: &Hashed<K>,
    ) -> Result<Option<(K, V)>, Failure<C::Error>> {
        self.change(caller, key, |entries, found| {
            let Entry { key, value, .. } = entries.remove(found?);
            value.map(|value| (key, value))
        })
    }

    /// Takes everything out at one moment at which nothing is claimed, for the caller to drop.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn clear<C: Caller<K>>(&self, caller: &C) -> Result<Removed<K, V>, Failure<C::Error>> {
        loop {
            let (id, event) = {
                let mut entries = self.entries.lock();
                if entries.is_claimant(caller.id()) {
                    return Err(Failure::Recursive);
                }
                let Some(id) = entries.any_claimed() else { return Ok(entries.take_all()) };
                (id, entries.wait_for(id))
            };
            let waited = caller.wait(&event);
            // This wait was for the end of the claim, not for a turn at the entry.
            self.entries.lock().give_up(id, &event);
            waited.map_err(Failure::Caller)?;
        }
    }

    /// Claims `key` for an update. Waits while another thread has claimed it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn claim<C: Caller<K>>(
        &self,
        caller: &C,
        key: &Hashed<K>,
    ) -> Result<Claim<'_, K, V>, Failure<C::Error>> {
        let (id, value) = self.change(caller, key, |entries, found| {
            let id = found.unwrap_or_else(|| entries.insert(key.clone()));
            (id, entries.claim(id, caller.id()))
        })?;
        Ok(Claim::new(self, id, value))
    }

    /// Shows every key and value. `look` must not call back.
    pub fn for_each(&self, mut look: impl FnMut(&K, Option<&V>)) {
        let entries = self.entries.lock();
        entries.iter().for_each(|entry| look(&entry.key, entry.value.as_ref()));
    }

    /// Takes everything out, claimed or not: for a table that nobody can reach any more.
    pub fn dismantle(&self) -> Removed<K, V> {
        self.entries.lock().take_all()
    }

    /// Changes the entry of `key` once nobody else has claimed it.
    fn change<C: Caller<K>, R>(
        &self,
        caller: &C,
        key: &Hashed<K>,
        mut op: impl FnMut(&mut Entries<K, V>, Option<u64>) -> R,
    ) -> Result<R, Failure<C::Error>> {
        self.with_entry(caller, key, |entries, found| {
            if entries.is_claimant(caller.id()) {
                return Step::Recursive;
            }
            if let Some(id) = found.filter(|id| entries.get(*id).claimed_by.is_some()) {
                return Step::Claimed(id);
            }
            let result = op(entries, found);
            // Several may have waited for the claim that ended, and only one was woken.
            if let Some(id) = found {
                entries.wake_next(id);
            }
            Step::Done(result)
        })
    }

    /// Finds the entry of `key` and runs `op` on it, without a gap between the two.
    fn with_entry<C: Caller<K>, R>(
        &self,
        caller: &C,
        key: &Hashed<K>,
        mut op: impl FnMut(&mut Entries<K, V>, Option<u64>) -> Step<R>,
    ) -> Result<R, Failure<C::Error>> {
        let mut answers = Answers::default();
        let mut waited = None;
        loop {
            let pause = {
                let mut entries = self.entries.lock();
                match entries.find(caller, key, &answers) {
                    Ok(found) => match op(&mut entries, found) {
                        Step::Done(result) => return Ok(result),
                        Step::Recursive => return Err(Failure::Recursive),
                        Step::Claimed(id) => Pause::Wait(id, entries.wait_for(id)),
                    },
                    Err((id, other)) => Pause::Ask(id, other),
                }
            };
            let outcome = match pause {
                Pause::Wait(id, event) => {
                    let outcome = caller.wait(&event);
                    waited = Some((id, event));
                    outcome
                }
                Pause::Ask(id, other) => {
                    caller.same(&other, &key.key).map(|same| answers.note(id, same))
                }
            };
            if let Err(error) = outcome {
                if let Some((id, event)) = waited {
                    self.entries.lock().give_up(id, &event);
                }
                return Err(Failure::Caller(error));
            }
        }
    }
}

impl<K: Clone, V: Clone> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
