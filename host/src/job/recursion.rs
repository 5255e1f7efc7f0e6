//! The recursion limit of one job.

use togil_interp::Python;

use crate::limits::Limits;

/// Holds on the calling thread until it is dropped.
pub(super) struct RecursionLimit<'py>(Python<'py>, usize);

impl<'py> RecursionLimit<'py> {
    pub(super) fn set(py: Python<'py>, limits: &Limits) -> Option<Self> {
        let limit = limits.recursion_depth?;
        let depth = py.vm().current_recursion_depth();
        Some(Self(py, py.vm().recursion_limit.replace(depth.saturating_add(limit))))
    }
}

impl Drop for RecursionLimit<'_> {
    fn drop(&mut self) {
        self.0.vm().recursion_limit.set(self.1);
    }
}
