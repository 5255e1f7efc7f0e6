//! What Python scripts may count on, in both lock modes: the same tests run in both builds, and
//! one whose outcome differs by design asks [`GIL`].
//!
//! Run by `cargo verify`; one mode alone:
//! `cargo test --release --ignore-rust-version -p togil-tests --features suite[,gil] --test suite`

mod harness;

mod asyncio_tests;
mod atomicity;
mod bytecode_cache;
mod command_line;
mod detach_sites;
mod exclusion;
mod executors;
mod explain_import;
mod finalization;
mod forks;
mod handoffs;
mod host_async;
mod host_classes;
mod host_functions;
mod host_jobs;
mod host_modules;
mod host_stops;
mod host_threads;
mod identity;
mod immortal;
mod import_paths;
mod known_bugs;
mod late_gil;
mod litmus;
mod locks;
mod packages;
mod processes;
mod profiles;
mod queues;
mod race_findings;
mod race_hosts;
mod race_jobs;
mod race_pages;
mod race_reports;
mod race_stepping;
mod race_targets;
mod races;
mod readiness;
mod run_targets;
mod rust_api;
mod shared_files;
mod shared_objects;
mod shared_types;
mod signal_module;
mod signals;
mod sockets;
mod start;
mod stress;
mod subinterpreters;
mod switching;
mod thread_errors;
mod threaded_imports;
mod threads;
mod traces;
mod tracing_spans;
mod values;
mod watch;
mod workloads;

/// For `Limits::memory`.
#[global_allocator]
static ALLOCATOR: togil::CountingAllocator = togil::CountingAllocator::system();

/// Whether the build under test has the GIL.
const GIL: bool = matches!(togil::LOCK_MODE, togil::LockMode::Gil);

/// A file that no `mod` names is not compiled, and its tests pass for ever.
#[test]
fn every_file_of_the_suite_is_compiled() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite");
    for entry in std::fs::read_dir(directory).expect("the suite's own directory") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        let named = name == "main" || include_str!("main.rs").contains(&format!("mod {name};"));
        assert!(named, "{} is not a module of main.rs", path.display());
    }
}
