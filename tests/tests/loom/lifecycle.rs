//! Shutdown with waiters, and forks.

use loom::sync::{Arc, Notify};
use togil_interp::lock::Closed;

use crate::scene::{ENDLESS, NONE, Scene, explore};

#[test]
fn a_waiter_learns_that_its_group_was_closed() {
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| scene.gil.acquire(me));
        scene.gil.close(&me);
        assert_eq!(waiter.join().unwrap(), Err(Closed));
        // The closer goes on as if it were alone.
        scene.release(&me);
        scene.acquire(&me);
        scene.release(&me);
    });
}

#[test]
fn a_thread_that_hands_over_can_be_closed_while_it_waits() {
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let runner = scene.spawn(|scene, me| {
            if scene.gil.acquire(me).is_err() {
                return Err(Closed);
            }
            scene.touch();
            while !scene.gil.drop_requested(me) {
                loom::thread::yield_now();
            }
            scene.gil.hand_over(me)
        });
        let me = scene.join();
        scene.acquire(&me);
        scene.gil.close(&me);
        scene.release(&me);
        let outcome = runner.join().unwrap();
        assert_eq!(outcome, Err(Closed));
        scene.acquire(&me);
        scene.release(&me);
    });
}

#[test]
fn another_group_is_not_closed() {
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let stranger = scene.gil.join(2, Box::new(|| false));
        let me = scene.join();
        scene.acquire(&me);
        let waiter = {
            let scene = scene.clone();
            loom::thread::spawn(move || {
                scene.acquire(&stranger);
                scene.release(&stranger);
            })
        };
        scene.gil.close(&me);
        scene.release(&me);
        waiter.join().unwrap();
    });
}

#[test]
fn the_child_of_a_fork_has_a_gil_of_its_own() {
    // The fork happens while another thread waits or is on its way. In the child only the
    // forking thread lives on: it holds the GIL, can let go, and a new thread can take it.
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let other = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        let guard = scene.gil.prepare_fork();
        let (child, survivor) = guard.copy_for_child(Some((&me, Box::new(|| false))));
        drop(guard);
        let survivor = survivor.expect("the forking thread was a member");
        assert!(!child.drop_requested(&survivor), "a request of a thread that is gone");
        child.release(&survivor);
        let newcomer = child.join(1, Box::new(|| false));
        assert_eq!(child.acquire(&newcomer), Ok(()));
        child.release(&newcomer);
        assert_eq!(child.acquire(&survivor), Ok(()));
        child.release(&survivor);
        // The parent goes on as before.
        scene.release(&me);
        other.join().unwrap();
    });
}

#[test]
fn a_holder_that_sleeps_loses_the_gil_and_asks_for_it_again() {
    // The holder sleeps until the waiter has had the GIL, as one does that waits for a lock
    // whose owner waits for the GIL. Only an eviction gets them out of it.
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let sleeper = scene.gil.join(1, Box::new(|| true));
        scene.acquire(&sleeper);
        let done = Arc::new(Notify::new());
        let waiter = {
            let done = done.clone();
            scene.spawn(move |scene, me| {
                scene.acquire(me);
                done.notify();
                scene.release(me);
            })
        };
        // On behalf of the waiter, whose time-out loom has not.
        while !scene.gil.evict_stalled() {
            loom::thread::yield_now();
        }
        waiter.join().unwrap();
        done.wait();
        assert!(scene.gil.drop_requested(&sleeper), "it must notice before it runs on");
        assert!(scene.gil.has_evicted());
        assert_eq!(scene.gil.hand_over(&sleeper), Ok(true));
        assert!(!scene.gil.has_evicted());
        scene.touch();
        scene.release(&sleeper);
    });
}

#[test]
fn a_holder_that_was_evicted_may_as_well_let_go() {
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let sleeper = scene.gil.join(1, Box::new(|| true));
        scene.acquire(&sleeper);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        let evicted = scene.gil.evict_stalled();
        scene.gil.release(&sleeper);
        assert!(!scene.gil.has_evicted());
        waiter.join().unwrap();
        let _ = evicted;
        scene.acquire(&sleeper);
        scene.release(&sleeper);
    });
}

#[test]
fn who_runs_is_not_evicted() {
    explore(None, || {
        let scene = Scene::new(NONE);
        let me = scene.join();
        scene.acquire(&me);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        assert!(!scene.gil.evict_stalled(), "its probe says that it is awake");
        scene.release(&me);
        waiter.join().unwrap();
    });
}
