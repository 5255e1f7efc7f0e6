//! The steps of a verification.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use crate::{limit, mutants};

/// One step; see the help text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Free,
    Gil,
    Loom,
    /// Those in files whose path contains this.
    Mutants(String),
}

impl Step {
    pub(crate) const ALL: [Self; 4] =
        [Self::Free, Self::Gil, Self::Loom, Self::Mutants(String::new())];

    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Free => "tests, free-threaded",
            Self::Gil => "tests, with the GIL",
            Self::Loom => "loom models and the explorer",
            Self::Mutants(_) => "mutants of the lock protocol, the shared types and the explorer",
        }
    }

    pub(crate) fn run(&self) -> bool {
        match self {
            Self::Free => tests("togil-tests/suite"),
            Self::Gil => tests(
                "togil-tests/suite,togil-interp/gil,togil/gil,togil-bench/gil,togil-examples/gil,\
                 togil-tests/gil",
            ),
            Self::Loom => limit::succeeds(&mut loom(Path::new(".")), limit::BUILD),
            Self::Mutants(only) => mutants::run(only),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "free" => Ok(Self::Free),
            "gil" => Ok(Self::Gil),
            "loom" => Ok(Self::Loom),
            "mutants" => Ok(Self::Mutants(String::new())),
            _ if let Some(only) = name.strip_prefix("mutants=") => {
                Ok(Self::Mutants(only.to_owned()))
            }
            _ => Err(format!("there is no step '{name}'")),
        }
    }
}

/// The cargo that runs us, with the flag that the VM's dependencies need on Rust 1.95.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([subcommand, "--ignore-rust-version"]);
    cargo
}

fn tests(features: &str) -> bool {
    let test = || {
        let mut cargo = cargo("test");
        cargo.args(["--release", "--workspace", "--features", features, "--no-fail-fast"]);
        cargo
    };
    limit::succeeds(test().arg("--no-run"), limit::BUILD)
        && limit::succeeds(&mut test(), limit::TESTS)
}

/// Which models are run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Models {
    /// The loom models that these arguments of the test program choose.
    Loom(&'static [&'static str]),
    /// These, and the tests that stand beside the code, which know more of who is next.
    OfLock(&'static [&'static str]),
    /// The tests of the explorer, which need no VM either.
    OfExplorer,
    /// The programs whose outcomes are known. They need the VM.
    OfLitmus,
}

/// The loom models of the workspace, and what else is tested without the VM.
fn loom(root: &Path) -> Command {
    let mut cargo = without_vm(root, "release");
    cargo.args([
        "-p",
        "togil-interp",
        "-p",
        "togil",
        "-p",
        "togil-tests",
        "--lib",
        "--test",
        "loom",
    ]);
    cargo
}

/// Some of these models, for one run, in the workspace at `root`.
pub(crate) fn models(root: &Path, models: Models) -> Command {
    if let Models::OfLitmus = models {
        return litmus(root);
    }
    let mut cargo = without_vm(root, "mutants");
    match models {
        Models::OfLitmus => &mut cargo,
        Models::Loom(chosen) => {
            cargo.args(["-p", "togil-tests", "--test", "loom", "--"]).args(chosen)
        }
        Models::OfLock(chosen) => cargo
            .args(["-p", "togil-interp", "-p", "togil-tests", "--lib", "--test", "loom", "--"])
            .args(chosen),
        Models::OfExplorer => cargo.args(["-p", "togil", "--lib", "--", "race::"]),
    };
    cargo
}

/// The explorer on the litmus programs and on its models.
fn litmus(root: &Path) -> Command {
    let mut cargo = cargo("test");
    cargo
        // The features of the tests without a GIL, for which the VM is compiled already.
        .args(["--release", "--workspace", "--features", "togil-tests/suite", "--test", "suite"])
        .arg("--target-dir")
        .arg(root.join("target/litmus"))
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .args(["--", "litmus::what_", "races::", "race_stepping::", "--skip", "watch::"]);
    cargo
}

/// A target directory of its own: the flag changes every crate that is compiled, and none of the VM
/// is. One for each root: cargo tells a workspace from its copy by the times of the files alone, and
/// would run a mutant's models.
fn without_vm(root: &Path, profile: &str) -> Command {
    let mut cargo = cargo("test");
    cargo
        .args(["--profile", profile, "--no-fail-fast", "--target-dir"])
        .arg(root.join("target/loom"))
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .env("RUSTFLAGS", "--cfg togil_loom");
    cargo
}
