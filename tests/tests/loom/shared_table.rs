//! `SharedDict`: updates of a key happen one after the other, nothing that is written meanwhile
//! gets lost, and code of the caller runs while the lock is free.

use std::cell::Cell;

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use togil::shared::core::Event;
use togil::shared::core::table::{Caller, Failure, Hashed, Table};

use crate::scene::explore;

/// A key: the first part is what counts, the second tells equal keys apart.
type Key = (u32, u32);
type Shared = Arc<Table<Key, u32>>;

/// A thread whose comparisons need no code of its own.
struct Native(u64);

impl Caller<Key> for Native {
    type Error = ();

    fn id(&self) -> u64 {
        self.0
    }

    fn same_at_once(&self, a: &Key, b: &Key) -> Option<bool> {
        Some(a.0 == b.0)
    }

    fn same(&self, _: &Key, _: &Key) -> Result<bool, ()> {
        unreachable!("told at once")
    }

    fn wait(&self, event: &Event) -> Result<(), ()> {
        event.wait(None);
        Ok(())
    }
}

/// A thread whose comparisons are code of its own: others may run in the middle of them.
struct Foreign<'a> {
    table: &'a Table<Key, u32>,
    asked: Cell<u32>,
}

impl Caller<Key> for Foreign<'_> {
    type Error = ();

    fn id(&self) -> u64 {
        99
    }

    fn same_at_once(&self, a: &Key, b: &Key) -> Option<bool> {
        (a == b).then_some(true)
    }

    fn same(&self, a: &Key, b: &Key) -> Result<bool, ()> {
        self.asked.set(self.asked.get() + 1);
        // A lock that were held now would never be free for this.
        self.table.len();
        Ok(a.0 == b.0)
    }

    fn wait(&self, event: &Event) -> Result<(), ()> {
        event.wait(None);
        Ok(())
    }
}

/// All keys have the same hash.
fn key(number: u32) -> Hashed<Key> {
    Hashed { hash: 0, key: (number, 0) }
}

fn increment(table: &Table<Key, u32>, me: &impl Caller<Key, Error = ()>, key: &Hashed<Key>) {
    let claim = table.claim(me, key).unwrap();
    let value = claim.value().copied().unwrap_or_default();
    claim.commit(value + 1);
}

fn spawn<R: 'static>(table: &Shared, f: impl FnOnce(&Shared) -> R + 'static) -> JoinHandle<R> {
    let table = table.clone();
    thread::spawn(move || f(&table))
}

#[test]
fn updates_of_a_key_happen_one_after_the_other() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        let others =
            [1, 2].map(|me| spawn(&table, move |table| increment(table, &Native(me), &key(5))));
        increment(&table, &Native(3), &key(5));
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(table.get(&Native(0), &key(5)), Ok(Some(3)));
        assert_eq!(table.len(), 1);
    });
}

#[test]
fn a_value_that_is_set_during_an_update_comes_after_it() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        table.set(&Native(0), &key(5), 10).unwrap();
        let other = spawn(&table, |table| table.set(&Native(1), &key(5), 20).unwrap());
        increment(&table, &Native(2), &key(5));
        let replaced = other.join().unwrap();
        let last = table.get(&Native(0), &key(5)).unwrap();
        assert!(matches!((replaced, last), (Some(11), Some(20)) | (Some(10), Some(21))));
    });
}

#[test]
fn a_key_that_is_removed_is_removed_once() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        table.set(&Native(0), &key(5), 1).unwrap();
        let others = [1, 2].map(|me| {
            spawn(&table, move |table| table.remove(&Native(me), &key(5)).unwrap().is_some())
        });
        let removed = others.map(|other| other.join().unwrap());
        assert_eq!(removed.iter().filter(|removed| **removed).count(), 1);
        assert!(table.is_empty());
    });
}

#[test]
fn removing_waits_for_the_update() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| table.remove(&Native(1), &key(5)).unwrap());
        increment(&table, &Native(2), &key(5));
        match other.join().unwrap() {
            Some((_, value)) => assert_eq!((value, table.len()), (1, 0)),
            None => assert_eq!(table.len(), 1),
        }
    });
}

#[test]
fn an_update_that_fails_leaves_everything_as_it_was() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| increment(table, &Native(1), &key(5)));
        let claim = table.claim(&Native(2), &key(5)).unwrap();
        let before = claim.value().copied();
        assert_eq!(table.get(&Native(2), &key(5)), Ok(before));
        drop(claim);
        other.join().unwrap();
        assert_eq!(table.get(&Native(0), &key(5)), Ok(Some(1)));
    });
}

#[test]
fn only_one_of_two_defaults_is_taken() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| table.set_default(&Native(1), &key(5), &1).unwrap());
        let mine = table.set_default(&Native(2), &key(5), &2).unwrap();
        assert_eq!(mine, other.join().unwrap());
        assert_eq!(table.len(), 1);
    });
}

#[test]
fn a_key_stays_one_key_while_comparisons_run() {
    // Both are equal and neither was there: the loser of the race must be asked about the winner.
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| {
            let me = Foreign { table, asked: Cell::new(0) };
            table.set(&me, &Hashed { hash: 0, key: (5, 1) }, 1).unwrap();
        });
        let me = Foreign { table: &table, asked: Cell::new(0) };
        table.set(&me, &Hashed { hash: 0, key: (5, 2) }, 2).unwrap();
        table.set(&me, &Hashed { hash: 0, key: (6, 3) }, 3).unwrap();
        other.join().unwrap();
        assert_eq!(table.len(), 2);
        assert!(me.asked.get() > 0);
    });
}

#[test]
fn a_snapshot_is_of_one_moment() {
    // The two keys are written in this order: nobody may see the second without the first.
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| {
            table.set(&Native(1), &key(1), 1).unwrap();
            table.set(&Native(1), &key(2), 2).unwrap();
            table.remove(&Native(1), &key(1)).unwrap();
        });
        let seen: Vec<u32> = table.items().iter().map(|(_, value)| *value).collect();
        assert!([&[][..], &[1], &[1, 2], &[2]].contains(&&seen[..]), "{seen:?}");
        other.join().unwrap();
    });
}

#[test]
fn clearing_waits_for_updates() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        table.set(&Native(0), &key(5), 1).unwrap();
        let other = spawn(&table, |table| increment(table, &Native(1), &key(5)));
        let cleared = table.clear(&Native(2)).unwrap();
        other.join().unwrap();
        let left = table.get(&Native(0), &key(5)).unwrap();
        // Before the update or after it, but not in the middle.
        assert!(
            matches!((cleared[0].1, left), (Some(1), Some(1)) | (Some(2), None)),
            "{cleared:?}"
        );
    });
}

#[test]
fn who_is_stopped_while_it_waits_passes_its_turn_on() {
    /// Waits, and is then told to stop.
    struct Stopped;

    impl Caller<Key> for Stopped {
        type Error = ();

        fn id(&self) -> u64 {
            7
        }

        fn same_at_once(&self, a: &Key, b: &Key) -> Option<bool> {
            Some(a == b)
        }

        fn same(&self, _: &Key, _: &Key) -> Result<bool, ()> {
            unreachable!("told at once")
        }

        fn wait(&self, event: &Event) -> Result<(), ()> {
            event.wait(None);
            Err(())
        }
    }

    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        table.set(&Native(0), &key(5), 0).unwrap();
        let claim = table.claim(&Native(0), &key(5)).unwrap();
        let stopped = spawn(&table, |table| table.set(&Stopped, &key(5), 100).is_ok());
        let other = spawn(&table, |table| increment(table, &Native(1), &key(5)));
        claim.commit(1);
        stopped.join().unwrap();
        other.join().unwrap();
        assert!(table.get(&Native(0), &key(5)).unwrap() >= Some(2));
    });
}

#[test]
fn an_update_must_not_change_its_own_table() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let claim = table.claim(&Native(1), &key(5)).unwrap();
        assert_eq!(table.set(&Native(1), &key(5), 1), Err(Failure::Recursive));
        assert_eq!(table.set(&Native(1), &key(6), 1), Err(Failure::Recursive));
        assert!(table.claim(&Native(1), &key(6)).is_err());
        assert_eq!(table.clear(&Native(1)), Err(Failure::Recursive));
        assert_eq!(table.get(&Native(1), &key(5)), Ok(None));
        claim.commit(1);
        assert_eq!(table.set(&Native(1), &key(6), 1), Ok(None));
    });
}
