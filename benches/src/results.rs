//! Where criterion's figures go.

use std::path::{Path, PathBuf};

/// Criterion's usual folder, and in it one for the mode of this build: criterion compares a run
/// with the one before, which must not be one of the other mode.
pub fn results_directory() -> PathBuf {
    let given = |name| std::env::var_os(name).map(PathBuf::from);
    given("CRITERION_HOME")
        .or_else(|| given("CARGO_TARGET_DIR").map(|target| target.join("criterion")))
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/criterion"))
        .join(togil::LOCK_MODE.as_str())
}
