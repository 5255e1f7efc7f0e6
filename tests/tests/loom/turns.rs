//! Threads that take turns by calling each other ([`Seat`]), as those of an exploration do.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use togil_interp::lock::Seat;

/// What only the thread whose turn it is may touch.
struct Turns {
    state: UnsafeCell<u32>,
    seats: [Seat; 3],
}

// SAFETY: the state is touched by the thread whose turn it is. loom checks just that.
unsafe impl Sync for Turns {}

impl Turns {
    fn new() -> Arc<Self> {
        let seats = [Seat::default(), Seat::default(), Seat::default()];
        Arc::new(Self { state: UnsafeCell::new(0), seats })
    }

    fn add(&self, number: u32) {
        // SAFETY: as above.
        self.state.with_mut(|state| unsafe { *state += number });
    }
}

#[test]
fn one_runs_at_a_time_and_nobody_is_forgotten() {
    loom::model(|| {
        let turns = Turns::new();
        let other = turns.clone();
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                other.seats[1].wait();
                other.add(10);
                other.seats[0].call();
            }
        });
        for _ in 0..2 {
            turns.add(1);
            turns.seats[1].call();
            turns.seats[0].wait();
        }
        turns.add(100);
        thread.join().expect("it ends");
        // SAFETY: the other thread has ended.
        assert_eq!(turns.state.with(|state| unsafe { *state }), 122);
    });
}

#[test]
fn a_turn_goes_round_three_threads() {
    loom::model(|| {
        let turns = Turns::new();
        let start = |me: usize, next: usize| {
            let turns = turns.clone();
            thread::spawn(move || {
                turns.seats[me].wait();
                turns.add(1);
                turns.seats[next].call();
            })
        };
        let threads = [start(1, 2), start(2, 0)];
        turns.add(1);
        turns.seats[1].call();
        turns.seats[0].wait();
        turns.add(1);
        threads.into_iter().for_each(|thread| thread.join().expect("it ends"));
    });
}

#[test]
fn a_call_is_taken_once() {
    // Whoever waits twice waits for two calls: what is done between them is seen.
    loom::model(|| {
        let turns = Turns::new();
        let other = turns.clone();
        let thread = thread::spawn(move || {
            other.seats[0].wait();
            other.seats[1].call();
            other.seats[0].wait();
            other.add(1);
        });
        turns.seats[0].call();
        turns.seats[1].wait();
        turns.add(1);
        turns.seats[0].call();
        thread.join().expect("it ends");
    });
}
