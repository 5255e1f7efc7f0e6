//! Finds data races and possible deadlocks in a script whose threads run as they like: each access and each
//! primitive is noted, and two accesses that nothing puts into an order are a race, however
//! they happened to fall this time.
//!
//! `clock`, `thread`, `variable` and `order` know no Python and no locks, and compile alone. `hook` makes accesses of
//! the instrumented code's sites; `shim.py` has the primitives, and says which of them tells what to whom.

#[cfg(any(test, not(togil_loom)))]
mod clock;
#[cfg(not(togil_loom))]
mod detector;
#[cfg(not(togil_loom))]
mod findings;
#[cfg(not(togil_loom))]
mod hook;
#[cfg(not(togil_loom))]
mod interned;
#[cfg(not(togil_loom))]
mod kernel;
#[cfg(not(togil_loom))]
mod me;
#[cfg(any(test, not(togil_loom)))]
mod order;
#[cfg(not(togil_loom))]
mod process;
#[cfg(not(togil_loom))]
mod shadow;
#[cfg(not(togil_loom))]
mod sites;
#[cfg(any(test, not(togil_loom)))]
mod thread;
#[cfg(any(test, not(togil_loom)))]
mod variable;
#[cfg(not(togil_loom))]
mod waits;
#[cfg(not(togil_loom))]
mod words;

#[cfg(test)]
mod tests;

#[cfg(not(togil_loom))]
pub use findings::{DataRace, Findings, Nesting, Place, Side, Stack, Waits};
#[cfg(not(togil_loom))]
pub use process::Watch;
