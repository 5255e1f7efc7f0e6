//! Ringing for a thread.

use togil::Python;
use togil::vm::signal::{SignalNum, set_interrupt_ex};

/// The signal number that togil reserves for rings.
const SIGNUM: i32 = 63;

/// Rings, as a thread does that wants the GIL, and has the calling thread look. Nothing is asked of
/// it.
///
/// # Panics
/// If a signal came in that somebody handles by raising.
pub fn ring(py: Python<'_>) {
    let signum = SignalNum::try_from(SIGNUM).expect("a signal number");
    set_interrupt_ex(signum).expect("it never fails");
    py.check_signals().expect("nothing was asked");
}
