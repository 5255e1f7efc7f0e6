//! The rules besides togil's own: a ticket lock's order, and CPython's slices.

use std::sync::Mutex;
use std::time::Duration;

use togil_interp::lock::Handoff;

use crate::scene::{ENDLESS, NONE, Scene, explore};

const INTERVAL: Duration = Duration::from_nanos(100);

#[test]
fn every_rule_keeps_threads_apart_and_serves_them_all() {
    for handoff in [Handoff::Cpython, Handoff::Fifo] {
        explore(Some(2), move || {
            let scene = Scene::under(handoff, NONE, || {});
            let work = |scene: &Scene, me: &togil_interp::lock::Member| {
                scene.acquire(me);
                scene.switch_point(me);
                scene.release(me);
                scene.acquire(me);
                scene.release(me);
            };
            let other = scene.spawn(work);
            let me = scene.join();
            work(&scene, &me);
            other.join().unwrap();
            scene.acquire(&me);
            // Each acquire, release and switch point leaves at least one.
            assert!(scene.touches() >= 11, "{}", scene.touches());
            scene.release(&me);
        });
    }
}

#[test]
fn with_tickets_nobody_passes_a_thread_that_waits() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    explore(Some(3), || {
        ORDER.lock().unwrap().clear();
        let scene = Scene::under(Handoff::Fifo, ENDLESS, || {});
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            ORDER.lock().unwrap().push("waiter");
            scene.release(me);
        });
        while scene.gil.waiting() < 1 {
            loom::thread::yield_now();
        }
        scene.release(&me);
        // Under the other rules this one could be first.
        scene.acquire(&me);
        ORDER.lock().unwrap().push("newcomer");
        scene.release(&me);
        waiter.join().unwrap();
        assert_eq!(*ORDER.lock().unwrap(), ["waiter", "newcomer"]);
    });
}

#[test]
fn as_in_cpython_a_slice_begins_anew_when_the_gil_changes_hands() {
    explore(Some(2), || {
        let scene = Scene::under(Handoff::Cpython, INTERVAL, || {});
        let me = scene.join();
        let passer = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        while scene.gil.waiting() < 1 {
            loom::thread::yield_now();
        }
        scene.clock.advance(99);
        scene.release(&me);
        scene.acquire(&passer);
        if scene.gil.waiting() == 1 {
            // It has passed the waiter, whose patience counts from here.
            scene.clock.advance(99);
            loom::thread::yield_now();
            assert!(!scene.gil.drop_requested(&passer), "asked before its slice was over");
        }
        scene.release(&passer);
        waiter.join().unwrap();
    });
}

#[test]
fn without_a_queue_of_their_own_brief_threads_wait_for_the_end_of_a_slice() {
    for handoff in [Handoff::Cpython, Handoff::Fifo] {
        explore(Some(2), move || {
            let scene = Scene::under(handoff, INTERVAL, || {});
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
            while scene.gil.waiting() < 1 {
                loom::thread::yield_now();
            }
            loom::thread::yield_now();
            assert!(!scene.gil.drop_requested(&me), "it asked at once");
            scene.release(&me);
            thread.join().unwrap();
        });
    }
}
