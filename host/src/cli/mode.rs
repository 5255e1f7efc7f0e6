//! `togil mode`: how this binary was built.

use std::process::ExitCode;

use clap::Args;

/// Options of `togil mode`.
#[derive(Debug, Args)]
pub(super) struct ModeArgs {
    /// Print `{"mode": ..., "version": ...}` instead of a sentence
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &ModeArgs) -> ExitCode {
    let mode = crate::LOCK_MODE.as_str();
    let version = env!("CARGO_PKG_VERSION");
    if args.json {
        let document = serde_json::json!({ "mode": mode, "version": version });
        anstream::println!("{document}");
    } else {
        anstream::println!("togil {version}, built {mode}");
    }
    ExitCode::SUCCESS
}
