//! What the models share: a clock that only the scene moves, a GIL, and a witness that two
//! threads never hold it at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use togil_interp::lock::{Clock, Gil, Handoff, Member};

/// Time as the scene sets it. Not loom's atomics: it adds no interleavings of its own, and
/// what a thread reads is decided by where in the interleaving it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct SceneClock(std::sync::Arc<AtomicU64>);

impl SceneClock {
    /// Moves time on by `ns` nanoseconds.
    pub(crate) fn advance(&self, ns: u64) {
        self.0.fetch_add(ns, Ordering::SeqCst);
    }
}

impl Clock for SceneClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The switch interval of a scene in which no slice ever ends.
pub(crate) const ENDLESS: Duration = Duration::from_secs(1_000_000);
/// The switch interval of a scene in which every waiter asks at once.
pub(crate) const NONE: Duration = Duration::ZERO;

/// A GIL with a witness.
#[derive(Clone)]
pub(crate) struct Scene {
    pub gil: Arc<Gil<SceneClock>>,
    pub clock: SceneClock,
    inside: Arc<UnsafeCell<u64>>,
}

impl Scene {
    pub(crate) fn new(interval: Duration) -> Self {
        Self::with_bell(interval, || {})
    }

    pub(crate) fn with_bell(interval: Duration, bell: fn()) -> Self {
        Self::under(Handoff::Togil, interval, bell)
    }

    pub(crate) fn under(handoff: Handoff, interval: Duration, bell: fn()) -> Self {
        let clock = SceneClock::default();
        let gil = Arc::new(Gil::new(clock.clone(), handoff, interval, bell));
        Self { gil, clock, inside: Arc::new(UnsafeCell::new(0)) }
    }

    pub(crate) fn join(&self) -> std::sync::Arc<Member> {
        self.gil.join(1, Box::new(|| false))
    }

    /// A member that has run briefly and let go: under togil's rule it goes first.
    pub(crate) fn join_brief(&self) -> std::sync::Arc<Member> {
        let me = self.join();
        self.acquire(&me);
        self.clock.advance(1);
        self.release(&me);
        me
    }

    /// Something only the holder may do: loom reports two threads that do it at once, and a
    /// handover that does not order the one before the other.
    pub(crate) fn touch(&self) {
        // SAFETY: the caller holds the GIL; that this suffices is what the model checks.
        self.inside.with_mut(|count| unsafe { *count += 1 });
    }

    pub(crate) fn touches(&self) -> u64 {
        // SAFETY: as above.
        self.inside.with(|count| unsafe { *count })
    }

    pub(crate) fn acquire(&self, me: &Member) {
        self.gil.acquire(me).expect("nobody closes this scene");
        self.touch();
    }

    pub(crate) fn release(&self, me: &Member) {
        self.touch();
        self.gil.release(me);
    }

    /// A switch point: hands over if asked to. Returns whether it did.
    pub(crate) fn switch_point(&self, me: &Member) -> bool {
        self.touch();
        if !self.gil.drop_requested(me) {
            return false;
        }
        let switched = self.gil.hand_over(me).expect("nobody closes this scene");
        self.touch();
        switched
    }

    pub(crate) fn spawn<R: 'static>(
        &self,
        f: impl FnOnce(&Self, &Member) -> R + 'static,
    ) -> loom::thread::JoinHandle<R> {
        let scene = self.clone();
        let me = self.join();
        loom::thread::spawn(move || f(&scene, &me))
    }
}

/// Runs a model with at most `preemptions` forced switches per execution, if any are given:
/// loom's own advice for scenes of three threads, where two or three find what there is.
pub(crate) fn explore(preemptions: Option<usize>, scene: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    model.check(scene);
}
