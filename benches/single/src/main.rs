//! The `single` arm of `togil ab`: the VM without thread support. Answers to the part of
//! `togil`'s command line that `togil ab` uses.

use std::ffi::OsString;
use std::process::ExitCode;

mod run;
mod thread;

/// As in `togil`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: togil-single mode [--json]
       togil-single run SCRIPT [ARGS...]";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next();
    let rest: Vec<OsString> = arguments.collect();
    match (command.as_deref().and_then(|command| command.to_str()), rest.as_slice()) {
        (Some("mode"), []) => mode(false),
        (Some("mode"), [option]) if option == "--json" => mode(true),
        (Some("run"), [script, ..]) if !script.as_encoded_bytes().starts_with(b"-") => {
            run::script(&rest)
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn mode(json: bool) -> ExitCode {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        println!(r#"{{"mode":"single","version":"{version}"}}"#);
    } else {
        println!("togil-single {version}, built without thread support");
    }
    ExitCode::SUCCESS
}
