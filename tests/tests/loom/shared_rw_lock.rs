//! `ReadWriteLock`: exclusion, everybody's turn comes, and in the order of arrival.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use togil::shared::core::Event;
use togil::shared::core::rw_lock::{Misuse, Mode, NotAcquired, ReadWriteLock};

use crate::scene::explore;
use crate::waits::{hasty, interrupted, patient};

/// A lock, and something that it guards.
#[derive(Clone)]
struct Guarded {
    lock: Arc<ReadWriteLock>,
    value: Arc<UnsafeCell<u32>>,
}

impl Guarded {
    fn new() -> Self {
        Self { lock: Arc::new(ReadWriteLock::new()), value: Arc::new(UnsafeCell::new(0)) }
    }

    /// loom reports a write beside anything else.
    fn write(&self, me: u64) {
        self.lock.acquire(me, Mode::Write, patient).unwrap();
        // SAFETY: the lock is held for writing; that this suffices is what the model checks.
        self.value.with_mut(|value| unsafe { *value += 1 });
        self.lock.release(me, Mode::Write).unwrap();
    }

    fn read(&self, me: u64) -> u32 {
        self.lock.acquire(me, Mode::Read, patient).unwrap();
        // SAFETY: the lock is held for reading; that this suffices is what the model checks.
        let value = self.value.with(|value| unsafe { *value });
        self.lock.release(me, Mode::Read).unwrap();
        value
    }

    fn spawn<R: 'static>(&self, f: impl FnOnce(&Self) -> R + 'static) -> JoinHandle<R> {
        let guarded = self.clone();
        thread::spawn(move || f(&guarded))
    }
}

#[test]
fn writers_exclude_each_other_and_readers() {
    explore(Some(3), || {
        let guarded = Guarded::new();
        let writer = guarded.spawn(|guarded| guarded.write(1));
        let reader = guarded.spawn(|guarded| guarded.read(2));
        guarded.write(3);
        writer.join().unwrap();
        assert!(reader.join().unwrap() <= 2);
        assert_eq!(guarded.read(3), 2);
        assert_eq!((guarded.lock.readers(), guarded.lock.is_writing()), (0, false));
    });
}

#[test]
fn readers_share() {
    // Each waits for the other inside: only together can they end.
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    explore(Some(2), || {
        INSIDE.store(0, Ordering::SeqCst);
        let guarded = Guarded::new();
        guarded.lock.acquire(0, Mode::Write, patient).unwrap();
        let meet = |me| {
            move |guarded: &Guarded| {
                guarded.lock.acquire(me, Mode::Read, patient).unwrap();
                INSIDE.fetch_add(1, Ordering::SeqCst);
                while INSIDE.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
                guarded.lock.release(me, Mode::Read).unwrap();
            }
        };
        let readers = [guarded.spawn(meet(1)), guarded.spawn(meet(2))];
        guarded.lock.release(0, Mode::Write).unwrap();
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn a_reader_that_comes_after_a_writer_goes_after_it() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);
    explore(Some(2), || {
        ORDER.lock().unwrap().clear();
        ARRIVED.store(0, Ordering::SeqCst);
        let guarded = Guarded::new();
        guarded.lock.acquire(0, Mode::Read, patient).unwrap();
        let queued = |event: &Event| {
            ARRIVED.fetch_add(1, Ordering::SeqCst);
            patient(event)
        };
        let writer = guarded.spawn(move |guarded| {
            guarded.lock.acquire(1, Mode::Write, queued).unwrap();
            ORDER.lock().unwrap().push("writer");
            guarded.lock.release(1, Mode::Write).unwrap();
        });
        while ARRIVED.load(Ordering::SeqCst) < 1 {
            thread::yield_now();
        }
        let reader = guarded.spawn(move |guarded| {
            guarded.lock.acquire(2, Mode::Read, queued).unwrap();
            ORDER.lock().unwrap().push("reader");
            guarded.lock.release(2, Mode::Read).unwrap();
        });
        while ARRIVED.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        // Who reads already may do so again: to queue up behind the writer would be a deadlock.
        guarded.lock.acquire(0, Mode::Read, hasty).unwrap();
        guarded.lock.release(0, Mode::Read).unwrap();
        guarded.lock.release(0, Mode::Read).unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(*ORDER.lock().unwrap(), ["writer", "reader"]);
    });
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);
    explore(Some(2), || {
        ARRIVED.store(0, Ordering::SeqCst);
        let guarded = Guarded::new();
        guarded.lock.acquire(0, Mode::Read, patient).unwrap();
        let writer = guarded.spawn(|guarded| {
            guarded.lock.acquire(1, Mode::Write, |_: &Event| {
                ARRIVED.store(1, Ordering::SeqCst);
                while ARRIVED.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
                Ok::<_, ()>(false)
            })
        });
        while ARRIVED.load(Ordering::SeqCst) < 1 {
            thread::yield_now();
        }
        // We go on reading: only the writer stands in the way of the other reader.
        let reader = guarded.spawn(|guarded| {
            guarded.lock.acquire(2, Mode::Read, |event: &Event| {
                ARRIVED.store(2, Ordering::SeqCst);
                patient(event)
            })
        });
        assert_eq!(writer.join().unwrap(), Err(NotAcquired::TimedOut));
        assert_eq!(reader.join().unwrap(), Ok(()));
        assert_eq!(guarded.lock.readers(), 2);
    });
}

#[test]
fn a_writer_that_is_stopped_when_its_turn_has_come_lets_go_of_it() {
    explore(Some(3), || {
        let guarded = Guarded::new();
        guarded.lock.acquire(0, Mode::Write, patient).unwrap();
        let stopped = guarded.spawn(|guarded| {
            if guarded.lock.acquire(1, Mode::Write, interrupted).is_ok() {
                guarded.lock.release(1, Mode::Write).unwrap();
            }
        });
        let reader = guarded.spawn(|guarded| guarded.read(2));
        guarded.lock.release(0, Mode::Write).unwrap();
        stopped.join().unwrap();
        reader.join().unwrap();
        assert!(!guarded.lock.is_writing());
    });
}

#[test]
fn what_can_only_end_badly_is_refused() {
    explore(None, || {
        let lock = ReadWriteLock::new();
        let misuse = |misuse| Err(NotAcquired::Misuse(misuse));
        lock.acquire(1, Mode::Read, hasty).unwrap();
        assert_eq!(lock.acquire(1, Mode::Write, hasty), misuse(Misuse::Upgrade));
        assert_eq!(lock.acquire(2, Mode::Write, hasty), Err(NotAcquired::TimedOut));
        assert_eq!(lock.release(2, Mode::Read), Err(Misuse::NotHeld));
        assert_eq!(lock.release(1, Mode::Write), Err(Misuse::NotHeld));
        lock.release(1, Mode::Read).unwrap();
        lock.acquire(1, Mode::Write, hasty).unwrap();
        assert_eq!(lock.acquire(1, Mode::Write, hasty), misuse(Misuse::Reentry));
        assert_eq!(lock.acquire(1, Mode::Read, hasty), misuse(Misuse::Reentry));
        assert_eq!(lock.release(2, Mode::Write), Err(Misuse::NotHeld));
        lock.release(1, Mode::Write).unwrap();
    });
}
