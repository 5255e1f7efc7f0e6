//! `AtomicInt`: no count is lost, and what a count says is there is there.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use togil::shared::core::atomic::{Counter, Overflow};

use crate::scene::explore;

#[test]
fn additions_at_once_all_count() {
    explore(None, || {
        let counter = Arc::new(Counter::new(0));
        let others: Vec<_> = [1, 10]
            .map(|amount| {
                let counter = counter.clone();
                loom::thread::spawn(move || counter.add(amount).unwrap())
            })
            .into();
        let mine = counter.add(100).unwrap();
        let mut sums: Vec<i64> = others.into_iter().map(|other| other.join().unwrap()).collect();
        sums.push(mine);
        assert_eq!(counter.get(), 111);
        // Each sum is that of a moment: all differ, and the last one is the whole.
        sums.sort_unstable();
        sums.dedup();
        assert_eq!((sums.len(), sums[2]), (3, 111));
    });
}

#[test]
fn what_happened_before_a_count_is_seen_by_who_sees_the_count() {
    explore(None, || {
        let counter = Arc::new(Counter::new(0));
        let note = Arc::new(UnsafeCell::new(0));
        let writer = {
            let (counter, note) = (counter.clone(), note.clone());
            loom::thread::spawn(move || {
                // SAFETY: the reader does not look before it has seen the count.
                note.with_mut(|note| unsafe { *note = 7 });
                counter.add(1).unwrap();
            })
        };
        while counter.get() == 0 {
            loom::thread::yield_now();
        }
        // SAFETY: the writer is done with it; that the count says so is what is checked.
        assert_eq!(note.with(|note| unsafe { *note }), 7);
        writer.join().unwrap();
    });
}

#[test]
fn one_of_two_swaps_wins_and_the_other_learns_of_it() {
    explore(None, || {
        let counter = Arc::new(Counter::new(0));
        let other = {
            let counter = counter.clone();
            loom::thread::spawn(move || counter.compare_and_swap(0, 1))
        };
        let mine = counter.compare_and_swap(0, 2);
        let theirs = other.join().unwrap();
        match (mine, theirs) {
            (Ok(()), Err(seen)) => assert_eq!((counter.get(), seen), (2, 2)),
            (Err(seen), Ok(())) => assert_eq!((counter.get(), seen), (1, 1)),
            both => panic!("{both:?}"),
        }
    });
}

#[test]
fn values_that_are_swapped_out_are_seen_once() {
    explore(None, || {
        let counter = Arc::new(Counter::new(0));
        let other = {
            let counter = counter.clone();
            loom::thread::spawn(move || counter.swap(1))
        };
        let mine = counter.swap(2);
        let mut seen = [mine, other.join().unwrap(), counter.get()];
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
    });
}

#[test]
fn what_does_not_fit_is_not_added() {
    explore(None, || {
        let counter = Arc::new(Counter::new(i64::MAX - 1));
        let other = {
            let counter = counter.clone();
            loom::thread::spawn(move || counter.add(1))
        };
        let mine = counter.add(1);
        let theirs = other.join().unwrap();
        assert!(matches!(
            (mine, theirs),
            (Ok(i64::MAX), Err(Overflow)) | (Err(Overflow), Ok(i64::MAX))
        ));
        assert_eq!(counter.get(), i64::MAX);
    });
}
