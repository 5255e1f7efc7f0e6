//! A directory for builds that has the compiled VM in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Makes `to` a copy, by links where they can be made, of what was compiled here in the profile `release`, without what is of this
/// workspace. Does nothing if it is there, or nothing was compiled yet.
pub(super) fn link(to: &Path) -> io::Result<()> {
    let from = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let (from, copy) = (from.join("release"), to.join("release"));
    if copy.exists() || !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(&copy)?;
    for part in ["deps", "build", ".fingerprint"] {
        let copy_by = |how| Command::new("cp").arg(how).arg(from.join(part)).arg(&copy).status();
        // There are no links from one file system to another.
        if !copy_by("-al")?.success() && !copy_by("-a")?.success() {
            return Err(io::Error::other(format!("{part} of the compiled VM cannot be linked")));
        }
        remove_ours(&copy.join(part))?;
    }
    Ok(())
}

/// Cargo would write into these, and a file that is linked is the same file.
fn remove_ours(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = ["togil", "suite-", "loom-", "examples-"];
        if !ours.iter().any(|ours| name.contains(ours)) {
            continue;
        }
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}
