//! The `togil` command.

use std::process::ExitCode;

/// What the rustpython binary uses; README, "Profiles", says what it buys.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    togil::cli::main()
}
