//! The `togil` command, built in the mode of the tests that run it.

fn main() -> std::process::ExitCode {
    togil::cli::main()
}
