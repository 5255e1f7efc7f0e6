//! The rule of `lock::policy`: brief threads first, nobody starves, a new interval counts at
//! once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::scene::{ENDLESS, NONE, Scene, explore};

/// An interval of 100 makes the brief limit 20.
const INTERVAL: Duration = Duration::from_nanos(100);

#[test]
fn a_brief_thread_asks_a_normal_one_at_once() {
    // The main thread has run for long; the other has just run briefly and let go. It must
    // not have to wait for the end of the slice, which time, standing still, never reaches.
    explore(Some(3), || {
        let scene = Scene::new(INTERVAL);
        let brief = scene.join_brief();
        let me = scene.join();
        scene.acquire(&me);
        scene.clock.advance(50);
        let thread = {
            let scene = scene.clone();
            loom::thread::spawn(move || {
                scene.acquire(&brief);
                scene.release(&brief);
            })
        };
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        assert!(scene.switch_point(&me));
        scene.release(&me);
        thread.join().unwrap();
    });
}

#[test]
fn a_normal_thread_waits_for_the_end_of_the_slice() {
    explore(None, || {
        let scene = Scene::new(INTERVAL);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        assert!(!scene.gil.drop_requested(&me), "time stands still: the slice is not over");
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn brief_threads_cannot_starve_a_normal_one() {
    // A brief thread comes back again and again, each time for most of what it may take.
    // Once its lead exceeds the interval, the normal waiter must go first: it gets the GIL
    // although the brief thread never stops coming.
    static NORMAL_DONE: AtomicUsize = AtomicUsize::new(0);
    explore(Some(2), || {
        NORMAL_DONE.store(0, Ordering::SeqCst);
        let scene = Scene::new(INTERVAL);
        let normal = scene.spawn(|scene, me| {
            scene.acquire(me);
            NORMAL_DONE.store(1, Ordering::SeqCst);
            scene.release(me);
        });
        let brief = scene.join();
        let mut rounds = 0;
        while NORMAL_DONE.load(Ordering::SeqCst) == 0 {
            scene.acquire(&brief);
            // As long as the other is not even in a queue it cannot be owed anything.
            if scene.gil.waiting() > 0 {
                scene.clock.advance(19);
                rounds += 1;
                assert!(rounds < 20, "the normal thread starves");
            }
            scene.switch_point(&brief);
            scene.release(&brief);
            loom::thread::yield_now();
        }
        normal.join().unwrap();
    });
}

#[test]
fn a_displaced_thread_goes_on_before_its_peers() {
    // Main runs; a normal peer waits; a brief thread displaces main. When it lets go, main
    // has the rest of its slice coming, and the peer waits on.
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    explore(Some(2), || {
        ORDER.lock().unwrap().clear();
        let scene = Scene::new(INTERVAL);
        let brief = scene.join_brief();
        let me = scene.join();
        scene.acquire(&me);
        scene.clock.advance(30);
        let peer = scene.spawn(|scene, me| {
            scene.acquire(me);
            ORDER.lock().unwrap().push("peer");
            scene.release(me);
        });
        while scene.gil.waiting() < 1 {
            loom::thread::yield_now();
        }
        let thread = {
            let scene = scene.clone();
            loom::thread::spawn(move || {
                scene.acquire(&brief);
                ORDER.lock().unwrap().push("brief");
                scene.release(&brief);
            })
        };
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        assert!(scene.switch_point(&me));
        ORDER.lock().unwrap().push("displaced");
        scene.release(&me);
        peer.join().unwrap();
        thread.join().unwrap();
        assert_eq!(*ORDER.lock().unwrap(), ["brief", "displaced", "peer"]);
    });
}

#[test]
fn a_new_interval_counts_for_waiters_at_once() {
    // The waiter sleeps until the end of an endless slice. Nothing else will wake it.
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        while scene.gil.waiting() < 1 {
            loom::thread::yield_now();
        }
        scene.gil.set_interval(Duration::ZERO);
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        scene.switch_point(&me);
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn the_next_waiter_takes_over_the_timer() {
    // Two wait. When the first takes the GIL, the second must learn that it is its turn to
    // ask: it went to sleep when it was not.
    static SECOND_DONE: AtomicUsize = AtomicUsize::new(0);
    explore(Some(2), || {
        SECOND_DONE.store(0, Ordering::SeqCst);
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let second = {
            let scene = scene.clone();
            let me = scene.join();
            move || {
                scene.acquire(&me);
                SECOND_DONE.store(1, Ordering::SeqCst);
                scene.release(&me);
            }
        };
        let first = scene.spawn(|scene, me| {
            scene.acquire(me);
            // The second sleeps, or comes now, or has barged past.
            while SECOND_DONE.load(Ordering::SeqCst) == 0 && !scene.gil.drop_requested(me) {
                loom::thread::yield_now();
            }
            scene.switch_point(me);
            scene.release(me);
        });
        while scene.gil.waiting() < 1 {
            loom::thread::yield_now();
        }
        let second = loom::thread::spawn(second);
        scene.release(&me);
        first.join().unwrap();
        second.join().unwrap();
    });
}
