//! How often threads that could have gone on were taken off.

use super::turns::preempts;
use togil_interp::race::{Point, Strategy, Turn};

/// Counts the preemptions of the last execution.
pub(crate) struct Record<S> {
    inner: S,
    preemptions: usize,
    over: bool,
}

impl<S: Strategy> Record<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, preemptions: 0, over: false }
    }

    /// In the execution that runs, or in the last one if none has begun since.
    pub(crate) fn preemptions(&self) -> usize {
        self.preemptions
    }

    pub(crate) fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: Strategy> Strategy for Record<S> {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        if std::mem::take(&mut self.over) {
            self.preemptions = 0;
        }
        let turn = self.inner.choose(point)?;
        self.preemptions += usize::from(preempts(point, turn));
        Some(turn)
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        self.over = true;
        self.inner.end(point)
    }

    fn is_exhaustive(&self) -> bool {
        self.inner.is_exhaustive()
    }
}
