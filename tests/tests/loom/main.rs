//! The GIL's protocol under loom: every interleaving of small scenes.
//!
//! `cargo verify` runs this with `--cfg togil_loom`, and then once for each mutant of
//! `tests/src/bin/verify/mutants.rs`, which must make a model fail.
//!
//! Under loom a wait has no time-out (see `lock::sync`), so whatever makes progress here makes
//! it by being woken. Time is a counter that the scene moves.

#![cfg(togil_loom)]

mod exclusion;
mod fairness;
mod late;
mod lifecycle;
mod requests;
mod scene;
mod stopping;
