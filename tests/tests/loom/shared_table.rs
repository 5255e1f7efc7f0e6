//! `SharedDict`: updates of a key happen one after the other, nothing that is written meanwhile
//! gets lost, and code of the caller runs while the lock is free.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use togil::shared::core::Event;
use togil::shared::core::table::{Caller, Failure, Hashed, Table};

use crate::scene::explore;

/// A key: the first part is what counts, the second tells equal keys apart.
type Key = (u32, u32);
type Shared = Arc<Table<Key, u32>>;

/// Waits until it is woken.
fn patient(event: &Event) -> Result<(), ()> {
    event.wait(None);
    Ok(())
}

/// Waits until it is woken, and is then told to stop.
fn interrupted(event: &Event) -> Result<(), ()> {
    event.wait(None);
    Err(())
}

/// A thread whose comparisons need no code of its own.
struct Thread {
    id: u64,
    wait: fn(&Event) -> Result<(), ()>,
}

fn native(id: u64) -> Thread {
    Thread { id, wait: patient }
}

impl Caller<Key> for Thread {
    type Error = ();

    fn id(&self) -> u64 {
        self.id
    }

    fn same_at_once(&self, a: &Key, b: &Key) -> Option<bool> {
        Some(a.0 == b.0)
    }

    fn same(&self, _: &Key, _: &Key) -> Result<bool, ()> {
        unreachable!("told at once")
    }

    fn wait(&self, event: &Event) -> Result<(), ()> {
        (self.wait)(event)
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
        patient(event)
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
            [1, 2].map(|me| spawn(&table, move |table| increment(table, &native(me), &key(5))));
        increment(&table, &native(3), &key(5));
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(table.get(&native(0), &key(5)), Ok(Some(3)));
        assert_eq!(table.len(), 1);
    });
}

#[test]
fn a_value_that_is_set_during_an_update_comes_after_it() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        table.set(&native(0), &key(5), 10).unwrap();
        let other = spawn(&table, |table| table.set(&native(1), &key(5), 20).unwrap());
        increment(&table, &native(2), &key(5));
        let replaced = other.join().unwrap();
        let last = table.get(&native(0), &key(5)).unwrap();
        assert!(matches!((replaced, last), (Some(11), Some(20)) | (Some(10), Some(21))));
    });
}

#[test]
fn a_key_that_is_removed_is_removed_once() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        table.set(&native(0), &key(5), 1).unwrap();
        let others = [1, 2].map(|me| {
            spawn(&table, move |table| table.remove(&native(me), &key(5)).unwrap().is_some())
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
        let other = spawn(&table, |table| table.remove(&native(1), &key(5)).unwrap());
        increment(&table, &native(2), &key(5));
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
        let other = spawn(&table, |table| increment(table, &native(1), &key(5)));
        let claim = table.claim(&native(2), &key(5)).unwrap();
        let before = claim.value().copied();
        assert_eq!(table.get(&native(2), &key(5)), Ok(before));
        drop(claim);
        drop(table.claim(&native(2), &key(6)));
        other.join().unwrap();
        assert_eq!(table.get(&native(0), &key(5)), Ok(Some(1)));
        assert_eq!(table.len(), 1, "the other key has no value");
    });
}

#[test]
fn only_one_of_two_defaults_is_taken() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| table.set_default(&native(1), &key(5), &1).unwrap());
        let mine = table.set_default(&native(2), &key(5), &2).unwrap();
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
        // Asked about both, of which the first is another one.
        assert_eq!(table.get(&me, &Hashed { hash: 0, key: (6, 4) }), Ok(Some(3)));
        assert!(me.asked.get() > 0);
    });
}

#[test]
fn a_snapshot_is_of_one_moment() {
    // The two keys are written in this order: nobody may see the second without the first.
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let other = spawn(&table, |table| {
            table.set(&native(1), &key(1), 1).unwrap();
            table.set(&native(1), &key(2), 2).unwrap();
            table.remove(&native(1), &key(1)).unwrap();
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
        table.set(&native(0), &key(5), 1).unwrap();
        let other = spawn(&table, |table| increment(table, &native(1), &key(5)));
        let cleared = table.clear(&native(2)).unwrap();
        other.join().unwrap();
        let left = table.get(&native(0), &key(5)).unwrap();
        // Before the update or after it, but not in the middle.
        assert!(
            matches!((cleared[0].1, left), (Some(1), Some(1)) | (Some(2), None)),
            "{cleared:?}"
        );
    });
}

#[test]
fn all_who_wait_for_an_update_get_their_turn() {
    static WAITING: AtomicUsize = AtomicUsize::new(0);

    fn seen(event: &Event) -> Result<(), ()> {
        WAITING.fetch_add(1, Ordering::SeqCst);
        patient(event)
    }

    explore(Some(2), || {
        WAITING.store(0, Ordering::SeqCst);
        let table: Shared = Arc::new(Table::new());
        let claim = table.claim(&native(0), &key(5)).unwrap();
        let others = [1, 2].map(|me| {
            spawn(&table, move |table| {
                table.set(&Thread { id: me, wait: seen }, &key(5), 7).unwrap()
            })
        });
        while WAITING.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        claim.commit(1);
        let mut replaced = others.map(|other| other.join().unwrap());
        replaced.sort_unstable();
        assert_eq!(replaced, [Some(1), Some(7)]);
    });
}

#[test]
fn who_is_stopped_while_it_waits_passes_its_turn_on() {
    explore(Some(3), || {
        let table: Shared = Arc::new(Table::new());
        table.set(&native(0), &key(5), 0).unwrap();
        let claim = table.claim(&native(0), &key(5)).unwrap();
        let stopped = spawn(&table, |table| {
            table.set(&Thread { id: 7, wait: interrupted }, &key(5), 100).is_ok()
        });
        let other = spawn(&table, |table| increment(table, &native(1), &key(5)));
        claim.commit(1);
        stopped.join().unwrap();
        other.join().unwrap();
        assert!(table.get(&native(0), &key(5)).unwrap() >= Some(2));
    });
}

#[test]
fn an_update_must_not_change_its_own_table() {
    explore(None, || {
        let table: Shared = Arc::new(Table::new());
        let claim = table.claim(&native(1), &key(5)).unwrap();
        assert_eq!(table.set(&native(1), &key(5), 1), Err(Failure::Recursive));
        assert_eq!(table.set(&native(1), &key(6), 1), Err(Failure::Recursive));
        assert!(table.claim(&native(1), &key(6)).is_err());
        assert_eq!(table.clear(&native(1)), Err(Failure::Recursive));
        assert_eq!(table.get(&native(1), &key(5)), Ok(None));
        claim.commit(1);
        assert_eq!(table.set(&native(1), &key(6), 1), Ok(None));
    });
}
