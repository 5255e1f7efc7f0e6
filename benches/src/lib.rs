//! Benchmarks of togil.
//!
//! `workloads/` has the Python programs that `togil ab` bundles. `benches/` has what is measured
//! from Rust. `cargo bench-free` and `cargo bench-gil` run all of it in one mode, and put
//! criterion's figures into a folder of the mode: the ids are the same in both.
//!
//! | bench | what |
//! |---|---|
//! | `primitives` | criterion: what attaching, hand-overs, blocking calls, locks, queues and starts cost |
//! | `gil` | criterion: the lock protocol without any Python; the same code in both builds, so a difference between them is noise |
//! | `host` | criterion: jobs, calls and values across the border, hosts; beside PyO3 |
//! | `convoy` | an I/O-bound thread beside CPU-bound ones, with the bar that the project sets itself |
//! | `stops` | how soon a job and Ctrl-C end what runs, with their bars |
//! | `counts` | the hot paths for `cargo verify --perf`, which counts their instructions |
//!
//! This library is what they share.

mod operations;
mod python_loop;
mod results;
mod ring;

pub use operations::{CALLS, LOOPS, Operation, app, interpreter};
pub use python_loop::{PythonLoop, function};
pub use results::results_directory;
pub use ring::ring;
