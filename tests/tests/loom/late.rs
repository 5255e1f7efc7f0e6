//! A GIL that is turned on while a thread runs without it.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use togil_interp::lock::{Member, Roll};

use crate::scene::{ENDLESS, Scene, explore};

/// A thread as the VM has it: attached while it is at work, detached while it waits.
struct Worker {
    scene: Scene,
    roll: Arc<Roll>,
    attached: Arc<AtomicBool>,
}

impl Worker {
    fn new(scene: &Scene, roll: &Arc<Roll>) -> Self {
        let attached = Arc::new(AtomicBool::new(false));
        Self { scene: scene.clone(), roll: roll.clone(), attached }
    }

    fn attach(&self) {
        self.attached.store(true, Ordering::Release);
    }

    fn detach(&self) {
        self.attached.store(false, Ordering::Release);
    }

    /// `attach::enter`, and what comes back from a wait: runs Python, with the GIL if it is on. Ends
    /// detached.
    fn run(&self, me: &Member, steps: usize) {
        self.attach();
        let at_work = {
            let attached = self.attached.clone();
            Box::new(move || attached.load(Ordering::Acquire))
        };
        let ticket = self.roll.join(at_work);
        let mut holding = false;
        for _ in 0..steps {
            // A safepoint.
            if !holding && self.roll.is_on() {
                self.detach();
                self.scene.gil.acquire(me).expect("nobody closes this scene");
                self.attach();
                self.roll.leave(ticket);
                holding = true;
            }
            self.scene.touch();
        }
        self.detach();
        if holding {
            self.scene.gil.release(me);
        }
        self.roll.leave(ticket);
    }
}

/// What `late::turn_on` does.
fn turn_on(scene: &Scene, roll: &Roll, me: &Member) {
    roll.turn_on();
    while !roll.all_in() {
        loom::thread::yield_now();
    }
    scene.gil.acquire(me).expect("nobody closes this scene");
    // Loom reports a thread that touches at the same time.
    scene.touch();
    scene.gil.release(me);
}

#[test]
fn who_runs_takes_the_gil_or_is_waited_for() {
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let roll = Arc::new(Roll::default());
        let worker = Worker::new(&scene, &roll);
        let running = scene.spawn(move |_, me| worker.run(me, 2));
        let me = scene.join();
        turn_on(&scene, &roll, &me);
        running.join().unwrap();
        assert!(roll.all_in());
    });
}

#[test]
fn who_comes_back_from_a_wait_finds_the_gil_on() {
    explore(Some(3), || {
        let scene = Scene::new(ENDLESS);
        let roll = Arc::new(Roll::default());
        let attached = Arc::new(AtomicBool::new(false));
        let at_work = attached.clone();
        let ticket = roll.join(Box::new(move || at_work.load(Ordering::Acquire)));
        let back = {
            let roll = roll.clone();
            scene.spawn(move |scene, me| {
                // It was in a wait when it all began.
                attached.store(true, Ordering::Release);
                let late = roll.is_on();
                if late {
                    attached.store(false, Ordering::Release);
                    scene.gil.acquire(me).expect("nobody closes this scene");
                    attached.store(true, Ordering::Release);
                    roll.leave(ticket);
                }
                scene.touch();
                attached.store(false, Ordering::Release);
                if late {
                    scene.gil.release(me);
                }
            })
        };
        let me = scene.join();
        turn_on(&scene, &roll, &me);
        back.join().unwrap();
    });
}

#[test]
fn two_modules_may_want_it_at_once() {
    explore(Some(2), || {
        let scene = Scene::new(ENDLESS);
        let roll = Arc::new(Roll::default());
        let worker = Worker::new(&scene, &roll);
        let running = scene.spawn(move |_, me| worker.run(me, 1));
        let other = {
            let roll = roll.clone();
            scene.spawn(move |scene, me| turn_on(scene, &roll, me))
        };
        let me = scene.join();
        turn_on(&scene, &roll, &me);
        running.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn who_leaves_strikes_nobody_else_off() {
    explore(None, || {
        let roll = Roll::default();
        let (first, second) = (roll.join(Box::new(|| false)), roll.join(Box::new(|| true)));
        roll.turn_on();
        roll.leave(first);
        assert!(!roll.all_in(), "the second is at work");
        roll.leave(second);
        assert!(roll.all_in());
    });
}
