//! How deep a value may be nested.

use togil_interp::Python;

use super::ConversionError;

/// Levels that are converted, in both directions. Rust code recurses over a nested
/// value on the native stack, so there is a limit that a script cannot move.
const DEEPEST: u16 = 256;

/// Counts the containers around a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth(u16);

impl Depth {
    pub(super) const OUTERMOST: Self = Self(0);

    /// One level further in.
    ///
    /// # Errors
    /// If that is too deep, or the thread's stack is nearly used up.
    pub(super) fn deeper(self, py: Python<'_>) -> Result<Self, ConversionError> {
        if self.0 == DEEPEST {
            let what = format!(
                "expected at most {DEEPEST} levels of nesting, found more (does the value contain itself?)"
            );
            return Err(ConversionError::new(what));
        }
        // The VM's own measure of the native stack.
        if py.vm().with_recursion("in a conversion", || Ok(())).is_err() {
            let what = "expected a value that fits the native stack, found deeper nesting than the \
                stack of this thread has room for";
            return Err(ConversionError::new(what));
        }
        Ok(Self(self.0 + 1))
    }
}
