//! The GIL's protocol, the shared types and the turns of an exploration under loom: every interleaving of small scenes.
//!
//! `cargo verify` runs this with `--cfg togil_loom`, and then once for each mutant of
//! `tests/src/bin/verify/mutants.rs`, which must make a model fail.
//!
//! Under loom a wait has no time-out (see `lock::sync`), so whatever makes progress here makes
//! it by being woken. Time is a counter that the scene moves; a time-out is a waiter that gives up.

#![cfg(togil_loom)]

mod exclusion;
mod fairness;
mod handoffs;
mod imports;
mod late;
mod lifecycle;
mod litmus;
mod requests;
mod scene;
mod shared_channel;
mod shared_counter;
mod shared_rw_lock;
mod shared_table;
mod stopping;
mod turns;
mod waits;
