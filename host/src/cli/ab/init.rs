//! `togil ab init`: a workload to start from.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

/// Options of `togil ab init`.
#[derive(Debug, Clone, clap::Args)]
pub struct InitArgs {
    /// File to write; one that exists is left alone
    #[arg(value_name = "FILE", default_value = "workload.py")]
    file: PathBuf,
}

pub(super) const SKELETON: &str = include_str!("skeleton.py");

/// Writes the file, and says what to do with it.
///
/// # Errors
///
/// When it exists, or cannot be written.
pub(super) fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    write(&args.file)?;
    anstream::println!(
        "Wrote {file}. Put your own work into it, then compare:\n    togil ab --threads 1,2,4 {file}",
        file = args.file.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path) -> anyhow::Result<()> {
    let mut file = File::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("'{}' exists and is left alone; name another file", path.display())
        }
        _ => anyhow::Error::new(error).context(format!("can't create '{}'", path.display())),
    })?;
    file.write_all(SKELETON.as_bytes())
        .with_context(|| format!("can't write to '{}'", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::library;
    use super::*;

    #[test]
    fn the_skeleton_is_a_workload_and_overwrites_nothing() {
        assert!(library::has_form(SKELETON));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("w.py");
        write(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), SKELETON);
        let error = write(&path).unwrap_err().to_string();
        assert!(error.ends_with("exists and is left alone; name another file"), "{error}");
        let error = write(&directory.path().join("no/w.py")).unwrap_err().to_string();
        assert!(error.starts_with("can't create"), "{error}");
    }
}
