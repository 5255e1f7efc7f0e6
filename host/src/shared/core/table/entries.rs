//! What a table's lock guards.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{Caller, Hashed, Removed};
use crate::shared::core::sync::{Arc, Event};

/// The entries by number, which is the order of insertion, and the numbers by hash.
#[derive(Debug)]
pub(super) struct Entries<K, V> {
    next_id: u64,
    by_id: BTreeMap<u64, Entry<K, V>>,
    by_hash: HashMap<i64, Vec<u64>>,
    /// The claims: whose, and on what.
    claims: Vec<(u64, u64)>,
}

#[derive(Debug)]
pub(super) struct Entry<K, V> {
    pub(super) hash: i64,
    pub(super) key: K,
    /// None only while it is claimed: its first value is on its way.
    pub(super) value: Option<V>,
    pub(super) claimed_by: Option<u64>,
    waiting: VecDeque<Arc<Event>>,
}

/// What a caller said about keys so far.
#[derive(Default)]
pub(super) struct Answers {
    same: Option<u64>,
    different: Vec<u64>,
}

impl Answers {
    pub(super) fn note(&mut self, id: u64, same: bool) {
        if same {
            self.same = Some(id);
        } else {
            self.different.push(id);
        }
    }
}

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        let (by_id, by_hash) = (BTreeMap::new(), HashMap::new());
        Self { next_id: 0, by_id, by_hash, claims: Vec::new() }
    }
}

impl<K, V> Entry<K, V> {
    fn wake_all(&mut self) {
        for event in self.waiting.drain(..) {
            event.set();
        }
    }
}

impl<K: Clone, V: Clone> Entries<K, V> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K, V>> {
        self.by_id.values()
    }

    pub(super) fn with_value(&self) -> usize {
        let empty = self.claims.iter().filter(|(_, id)| self.get(*id).value.is_none());
        self.by_id.len() - empty.count()
    }

    pub(super) fn get(&self, id: u64) -> &Entry<K, V> {
        &self.by_id[&id]
    }

    pub(super) fn get_mut(&mut self, id: u64) -> &mut Entry<K, V> {
        self.by_id.get_mut(&id).expect("found under the same lock")
    }

    /// The entry of `key`, or the number and the key of one that the caller has to compare.
    pub(super) fn find<C: Caller<K>>(
        &self,
        caller: &C,
        key: &Hashed<K>,
        answers: &Answers,
    ) -> Result<Option<u64>, (u64, K)> {
        for &id in self.by_hash.get(&key.hash).into_iter().flatten() {
            if answers.same == Some(id) {
                return Ok(Some(id));
            }
            if answers.different.contains(&id) {
                continue;
            }
            let other = &self.get(id).key;
            match caller.same_at_once(other, &key.key) {
                Some(true) => return Ok(Some(id)),
                Some(false) => {}
                None => return Err((id, other.clone())),
            }
        }
        Ok(None)
    }

    /// Makes an entry, for the caller to give a value or to claim.
    pub(super) fn insert(&mut self, key: Hashed<K>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let Hashed { hash, key } = key;
        self.by_hash.entry(hash).or_default().push(id);
        let waiting = VecDeque::new();
        self.by_id.insert(id, Entry { hash, key, value: None, claimed_by: None, waiting });
        id
    }

    /// Takes an entry out, to be dropped without the lock.
    pub(super) fn remove(&mut self, id: u64) -> Entry<K, V> {
        let mut entry = self.by_id.remove(&id).expect("found under the same lock");
        if let Some(ids) = self.by_hash.get_mut(&entry.hash) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_hash.remove(&entry.hash);
            }
        }
        entry.wake_all();
        entry
    }

    /// Takes everything out, to be dropped without the lock.
    pub(super) fn take_all(&mut self) -> Removed<K, V> {
        self.by_hash.clear();
        self.claims.clear();
        let entries = std::mem::take(&mut self.by_id).into_values();
        let pairs = entries.map(|mut entry| {
            entry.wake_all();
            (entry.key, entry.value)
        });
        pairs.collect()
    }

    pub(super) fn is_claimant(&self, who: u64) -> bool {
        self.claims.iter().any(|(claimant, _)| *claimant == who)
    }

    pub(super) fn any_claimed(&self) -> Option<u64> {
        self.claims.first().map(|(_, id)| *id)
    }

    /// Claims an entry that is not claimed, and returns its value.
    pub(super) fn claim(&mut self, id: u64, who: u64) -> Option<V> {
        self.claims.push((who, id));
        let entry = self.get_mut(id);
        entry.claimed_by = Some(who);
        entry.value.clone()
    }

    /// Ends a claim. Returns what is to be dropped without the lock.
    pub(super) fn end_claim(
        &mut self,
        id: u64,
        value: Option<V>,
    ) -> (Option<V>, Option<Entry<K, V>>) {
        self.claims.retain(|(_, claimed)| *claimed != id);
        let Some(entry) = self.by_id.get_mut(&id) else { return (value, None) };
        entry.claimed_by = None;
        let old = value.and_then(|value| entry.value.replace(value));
        if entry.value.is_none() {
            return (old, Some(self.remove(id)));
        }
        self.wake_next(id);
        (old, None)
    }

    /// Queues up for an entry that is claimed.
    pub(super) fn wait_for(&mut self, id: u64) -> Arc<Event> {
        let event = Arc::new(Event::new());
        self.get_mut(id).waiting.push_back(event.clone());
        event
    }

    /// Leaves the queue again, and passes on a wake-up that came already.
    pub(super) fn give_up(&mut self, id: u64, event: &Arc<Event>) {
        if let Some(entry) = self.by_id.get_mut(&id) {
            entry.waiting.retain(|other| !Arc::ptr_eq(other, event));
        }
        self.wake_next(id);
    }

    /// Wakes the first who waits for an entry, if it is there to be had.
    pub(super) fn wake_next(&mut self, id: u64) {
        if let Some(entry) = self.by_id.get_mut(&id)
            && entry.claimed_by.is_none()
            && let Some(event) = entry.waiting.pop_front()
        {
            event.set();
        }
    }
}
