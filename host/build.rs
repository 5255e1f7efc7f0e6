//! Tells the program which compiler it is built with: `togil ab` reports it.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    // `rustc 1.95.0 (hash date)`: the version is what figures depend on.
    let version = version.as_deref().unwrap_or_default();
    let version: Vec<&str> = version.split_whitespace().take(2).collect();
    println!("cargo::rustc-env=TOGIL_RUSTC={}", version.join(" "));
}
