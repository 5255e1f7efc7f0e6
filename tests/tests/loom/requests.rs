//! Drop requests: never lost, never for another tenure, and what follows one is a real
//! handoff.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::atomic::AtomicBool;
use loom::sync::atomic::Ordering::{Acquire, Release};
use loom::sync::{Arc, Notify};

use crate::scene::{ENDLESS, NONE, Scene, explore};

#[test]
fn a_request_reaches_the_holder() {
    // The holder runs until it is asked. A request that got lost would leave it running and
    // the waiter waiting: loom reports that as a deadlock or a loop without end.
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        assert!(scene.switch_point(&me), "asked by a waiter that is still there");
        // The switch point came back, so the waiter has had the GIL: four touches of its own
        // and of ours before, one since.
        assert!(scene.touches() >= 4);
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn a_holder_that_was_not_asked_keeps_the_gil() {
    explore(None, || {
        let scene = Scene::new(ENDLESS);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        assert!(!scene.switch_point(&me), "nobody's slice is over");
        assert_eq!(scene.gil.hand_over(&me), Ok(false));
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn a_request_dies_with_the_tenure_that_it_was_for() {
    // The waiter asks the first holder, which lets go by itself. The waiter's own tenure is
    // a later one: nobody waits for it, so nobody may have asked for its end.
    explore(None, || {
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            assert!(!scene.gil.drop_requested(me), "a request outlived its tenure");
            assert!(!scene.gil.drop_pending());
            scene.release(me);
        });
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn who_was_asked_does_not_win_the_gil_back_at_once() {
    static TAKES: AtomicUsize = AtomicUsize::new(0);
    explore(Some(3), || {
        TAKES.store(0, Ordering::SeqCst);
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            TAKES.fetch_add(1, Ordering::SeqCst);
            scene.release(me);
        });
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        if scene.switch_point(&me) {
            assert_eq!(TAKES.load(Ordering::SeqCst), 1, "the waiter was skipped");
        }
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn a_newcomer_does_not_slip_in_before_the_waiter_that_asked() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    explore(Some(2), || {
        ORDER.lock().unwrap().clear();
        let asked = Arc::new((AtomicBool::new(false), Notify::new()));
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            ORDER.lock().unwrap().push("waiter");
            scene.release(me);
        });
        let newcomer = scene.spawn({
            let asked = asked.clone();
            move |scene, me| {
                // A wait may end without a reason.
                while !asked.0.load(Acquire) {
                    asked.1.wait();
                }
                scene.acquire(me);
                ORDER.lock().unwrap().push("newcomer");
                scene.release(me);
            }
        });
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        asked.0.store(true, Release);
        asked.1.notify();
        scene.switch_point(&me);
        scene.release(&me);
        waiter.join().unwrap();
        newcomer.join().unwrap();
        assert_eq!(*ORDER.lock().unwrap(), ["waiter", "newcomer"]);
    });
}

#[test]
fn who_was_asked_and_lets_go_by_itself_does_not_barge_past_the_waiter() {
    static TAKES: AtomicUsize = AtomicUsize::new(0);
    explore(Some(3), || {
        TAKES.store(0, Ordering::SeqCst);
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            TAKES.fetch_add(1, Ordering::SeqCst);
            scene.release(me);
        });
        while !scene.gil.drop_requested(&me) {
            loom::thread::yield_now();
        }
        scene.release(&me);
        scene.acquire(&me);
        assert_eq!(TAKES.load(Ordering::SeqCst), 1, "the waiter had asked first");
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn the_bell_rings_after_the_request_is_there() {
    // The bell is all that makes a holder look. If it rang first, the holder would look, find
    // nothing, and not look again.
    static RINGS: AtomicUsize = AtomicUsize::new(0);
    explore(Some(3), || {
        RINGS.store(0, Ordering::SeqCst);
        let scene = Scene::with_bell(NONE, || {
            RINGS.fetch_add(1, Ordering::SeqCst);
        });
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        while RINGS.load(Ordering::SeqCst) == 0 {
            loom::thread::yield_now();
        }
        assert!(scene.gil.drop_requested(&me), "rung for nothing");
        scene.release(&me);
        waiter.join().unwrap();
    });
}
