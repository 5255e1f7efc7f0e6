//! A strategy that somebody else looks at, too.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use togil_interp::race::{Point, Strategy, Turn};

/// A strategy to be given away for an execution, and asked afterwards what it was like.
pub(crate) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    pub(crate) fn new(strategy: S) -> Self {
        Self(Arc::new(Mutex::new(strategy)))
    }

    /// Not during an execution.
    pub(crate) fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock()
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Strategy> Strategy for Shared<S> {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        self.0.lock().choose(point)
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        self.0.lock().end(point)
    }

    fn is_exhaustive(&self) -> bool {
        self.0.lock().is_exhaustive()
    }
}
