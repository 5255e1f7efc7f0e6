//! Who goes next: one small file for each way to choose, behind one trait
//! ([`Strategy`](togil_interp::race::Strategy)). Knows no Python; the tests run programs of a
//! simulator (`sim`).
//!
//! | file | chooses |
//! |---|---|
//! | `dpor` | every execution that can be told from the others, once |
//! | `bounded` | depth first, with few preemptions |
//! | `pct` | by random priorities |
//! | `random` | at random |
//! | `replay`, `guided` | as was recorded |
//! | `record`, `shared` | as another one does, and tells what it was like |
//!
//! `shrink` looks for a simpler schedule that fails, `cause` tells what one turns on, `token` writes one
//! in a line.

pub(crate) mod bounded;
pub(crate) mod cause;
pub(crate) mod dpor;
pub(crate) mod guided;
pub(crate) mod pct;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod replay;
mod rng;
pub(crate) mod shared;
pub(crate) mod shrink;
pub(crate) mod token;
mod turns;

#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;
