//! Mutual exclusion, and no lost wake-up: a lost one would leave a thread waiting for ever,
//! which loom reports as a deadlock.

use crate::scene::{ENDLESS, NONE, Scene, explore};

#[test]
fn two_threads_exclude_each_other_and_both_finish() {
    explore(None, || {
        let scene = Scene::new(ENDLESS);
        let other = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        let me = scene.join();
        scene.acquire(&me);
        scene.release(&me);
        other.join().unwrap();
        assert_eq!(scene.touches(), 4);
    });
}

#[test]
fn three_threads_all_get_their_turn() {
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let others: Vec<_> = (0..2)
            .map(|_| {
                scene.spawn(|scene, me| {
                    scene.acquire(me);
                    scene.release(me);
                })
            })
            .collect();
        let me = scene.join();
        scene.acquire(&me);
        scene.release(&me);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(scene.touches(), 6);
    });
}

#[test]
fn a_thread_that_comes_back_at_once_cannot_strand_the_woken_waiter() {
    // Barging: the first thread releases, and takes the GIL again before the waiter that it
    // woke has looked.
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let waiter = scene.spawn(|scene, me| {
            scene.acquire(me);
            scene.release(me);
        });
        let me = scene.join();
        for _ in 0..2 {
            scene.acquire(&me);
            scene.release(&me);
        }
        waiter.join().unwrap();
        assert_eq!(scene.touches(), 6);
    });
}

#[test]
fn handing_over_excludes_as_well() {
    explore(Some(3), || {
        let scene = Scene::new(NONE);
        let others: Vec<_> = (0..2)
            .map(|_| {
                scene.spawn(|scene, me| {
                    scene.acquire(me);
                    scene.switch_point(me);
                    scene.release(me);
                })
            })
            .collect();
        for other in others {
            other.join().unwrap();
        }
    });
}
