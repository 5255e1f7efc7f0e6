//! What Python scripts may count on, in both lock modes: the same tests run in both builds, and
//! one whose outcome differs by design asks [`GIL`].
//!
//! Run by `cargo verify`; one mode alone:
//! `cargo test --release --ignore-rust-version -p togil-tests --features suite[,gil] --test suite`

mod harness;

mod asyncio_tests;
mod atomicity;
mod command_line;
mod exclusion;
mod executors;
mod finalization;
mod identity;
mod processes;
mod queues;
mod run_targets;
mod rust_api;
mod shared_objects;
mod signal_module;
mod signals;
mod sockets;
mod stress;
mod subinterpreters;
mod switching;
mod thread_errors;
mod threads;

/// Whether the build under test has the GIL.
const GIL: bool = matches!(togil::LOCK_MODE, togil::LockMode::Gil);
