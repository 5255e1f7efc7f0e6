//! Benchmarks of togil.
//!
//! `workloads/` has the Python programs that `togil ab` bundles. `benches/` has what is measured
//! from Rust: `gil` (criterion: what the lock itself costs) and `convoy` (an I/O-bound
//! thread beside CPU-bound ones, with the bar that the project sets itself).
