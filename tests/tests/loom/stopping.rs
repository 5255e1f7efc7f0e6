//! Stopping a job from outside: only that job, surely, and counted right.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use togil_interp::lock::{StopCell, StopRequest, StopState};

/// A thread's cell, and what a stopper leaves for the thread.
struct Scene {
    cell: StopCell<Arc<AtomicU64>>,
    pending: Arc<AtomicU64>,
    reason: UnsafeCell<u64>,
}

impl Scene {
    fn new() -> Arc<Self> {
        let pending = Arc::new(AtomicU64::new(0));
        let cell = StopCell::new(pending.clone());
        Arc::new(Self { cell, pending, reason: UnsafeCell::new(0) })
    }

    fn pending(&self) -> u64 {
        self.pending.load(Ordering::SeqCst)
    }
}

/// Runs a stopper beside the thread that owns the cell, and checks that nothing is left
/// pending at the end.
fn model(
    stopper: impl Fn(&Scene, u64) + Send + Sync + Copy + 'static,
    owner: impl Fn(&Scene) + Send + Sync + Copy + 'static,
) {
    loom::model(move || {
        let scene = Scene::new();
        let job = scene.cell.begin();
        let other = scene.clone();
        let stopping = thread::spawn(move || stopper(&other, job));
        owner(&scene);
        stopping.join().expect("the stopper does not panic");
        scene.cell.end();
        assert_eq!(scene.pending(), 0, "a cell is still counted");
    });
}

#[test]
fn a_stop_never_reaches_the_next_job() {
    model(
        |scene, job| {
            scene.cell.ask(job);
            scene.cell.insist(job);
        },
        |scene| {
            scene.cell.end();
            scene.cell.begin();
            assert_eq!(scene.cell.take(), None, "the next job was hit");
            assert!(!scene.cell.is_pending());
        },
    );
}

#[test]
fn an_ask_is_raised_once_or_found_at_the_end() {
    loom::model(|| {
        let scene = Scene::new();
        let job = scene.cell.begin();
        let other = scene.clone();
        let stopping = thread::spawn(move || other.cell.ask(job));
        let raised = [scene.cell.take(), scene.cell.take()];
        let last = scene.cell.end();
        let asked = stopping.join().expect("the stopper does not panic");
        let raised = raised.iter().flatten().count();
        assert!(raised <= 1, "raised twice");
        let found = match last {
            StopState::Running => 0,
            StopState::Asked | StopState::Raised => 1,
            other => panic!("never {other:?}"),
        };
        assert_eq!(usize::from(asked), found, "what the stopper was told is not what happened");
        assert_eq!(last == StopState::Raised, raised == 1);
        assert_eq!(scene.pending(), 0);
    });
}

#[test]
fn of_two_that_ask_one_is_told_so() {
    loom::model(|| {
        let scene = Scene::new();
        let job = scene.cell.begin();
        let other = scene.clone();
        let stopping = thread::spawn(move || other.cell.ask(job));
        let mine = scene.cell.ask(job);
        let theirs = stopping.join().expect("the stopper does not panic");
        assert!(mine != theirs);
        assert_eq!(scene.pending(), 1);
        scene.cell.end();
        assert_eq!(scene.pending(), 0);
    });
}

#[test]
fn who_insists_is_heard_at_every_safepoint() {
    loom::model(|| {
        let scene = Scene::new();
        let job = scene.cell.begin();
        assert!(scene.cell.ask(job));
        let other = scene.clone();
        let stopping = thread::spawn(move || assert!(other.cell.insist(job), "not told"));
        let first = scene.cell.take();
        assert!(first.is_some(), "the ask is lost");
        stopping.join().expect("the stopper does not panic");
        for _ in 0..2 {
            assert_eq!(scene.cell.take(), Some(StopRequest::Always));
            assert_eq!(scene.pending(), 1, "nobody would remind the thread");
        }
        assert_eq!(scene.cell.end(), StopState::Insisted);
        assert_eq!(scene.pending(), 0);
    });
}

#[test]
fn the_thread_sees_what_the_stopper_wrote() {
    loom::model(|| {
        let scene = Scene::new();
        let job = scene.cell.begin();
        let other = scene.clone();
        let stopping = thread::spawn(move || {
            // SAFETY: the thread reads it only after the request, which comes after this.
            other.reason.with_mut(|reason| unsafe { *reason = 7 });
            other.cell.ask(job);
        });
        if scene.cell.take().is_some() {
            // SAFETY: the stopper writes it only before the request.
            let reason = scene.reason.with(|reason| unsafe { *reason });
            assert_eq!(reason, 7);
        }
        stopping.join().expect("the stopper does not panic");
        scene.cell.end();
    });
}

#[test]
fn the_counter_is_never_too_low() {
    loom::model(|| {
        let scene = Scene::new();
        let job = scene.cell.begin();
        let other = scene.clone();
        let stopping = thread::spawn(move || {
            other.cell.ask(job);
            other.cell.insist(job);
        });
        for _ in 0..2 {
            if scene.cell.is_pending() {
                assert_ne!(scene.pending(), 0, "nobody would remind the thread");
            }
            scene.cell.take();
        }
        stopping.join().expect("the stopper does not panic");
        scene.cell.end();
        assert_eq!(scene.pending(), 0);
    });
}
