//! An update on its way.

use super::Table;

/// One key, claimed for an update: nobody else changes its value until the claim ends. Dropped
/// without [`commit`](Self::commit), it leaves everything as it was.
#[derive(Debug)]
pub struct Claim<'a, K: Clone, V: Clone> {
    table: &'a Table<K, V>,
    id: u64,
    value: Option<V>,
    ended: bool,
}

impl<'a, K: Clone, V: Clone> Claim<'a, K, V> {
    pub(super) fn new(table: &'a Table<K, V>, id: u64, value: Option<V>) -> Self {
        Self { table, id, value, ended: false }
    }

    /// The value now, if the key has one.
    pub fn value(&self) -> Option<&V> {
        self.value.as_ref()
    }

    /// Gives the key its new value. The old one is dropped by the caller, with the claim.
    pub fn commit(mut self, value: V) {
        self.end(Some(value));
    }

    fn end(&mut self, value: Option<V>) {
        self.ended = true;
        let left_over = self.table.entries.lock().end_claim(self.id, value);
        // After the lock: what is dropped here may run code.
        drop(left_over);
    }
}

impl<K: Clone, V: Clone> Drop for Claim<'_, K, V> {
    fn drop(&mut self) {
        if !self.ended {
            self.end(None);
        }
    }
}
