//! Builds both modes with cargo, when this program runs from its own source tree.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::mode::Mode;

const PACKAGE: &str = "togil";

/// The package of the benchmarks, and those of them that are criterion's.
const BENCHES: &str = "togil-bench";
const CRITERION: [&str; 3] = ["gil", "host", "primitives"];

/// The source tree that this program was built from, and where it was built to.
#[derive(Debug)]
pub(super) struct Workspace {
    root: PathBuf,
    /// Holds a directory for each profile.
    target: PathBuf,
    /// Name of such a directory, such as `release`.
    profile: String,
}

impl Workspace {
    /// The workspace of `exe`, if it is still there and `exe` lies in its target
    /// directory. A copy of the program elsewhere is an installed one.
    pub(super) fn around(exe: &Path) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |path| root.join(path));
        Workspace::at(root, &target, exe)
    }

    fn at(root: &Path, target: &Path, exe: &Path) -> Option<Self> {
        if !root.join("Cargo.toml").is_file() {
            return None;
        }
        let target = target.canonicalize().ok()?;
        // The file itself may be gone, replaced by a newer build.
        let directory = exe.parent()?.canonicalize().ok()?;
        let profile = directory.strip_prefix(&target).ok()?.components().next()?;
        let profile = profile.as_os_str().to_str()?.to_owned();
        Some(Workspace { root: root.to_owned(), target, profile })
    }

    /// Builds one mode in the profile of this program, and returns a copy: cargo
    /// has one place for both modes, and the next build overwrites it.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run or fails, or the binary cannot be copied.
    pub(super) fn build(&self, mode: Mode) -> anyhow::Result<PathBuf> {
        anstream::eprintln!("togil ab: building the {mode} mode (profile {})", self.profile);
        let mut command = self.command(mode);
        let line = || format!("cargo {}", arguments(&self.profile, mode).join(" "));
        let status = command.status().with_context(|| {
            format!("can't run '{}'; install cargo, or name the binaries with --gil-binary and --free-binary", line())
        })?;
        if !status.success() {
            bail!(
                "the {mode} mode could not be built: '{}' failed ({status}); see its messages above",
                line()
            );
        }
        let name = format!("{PACKAGE}{}", env::consts::EXE_SUFFIX);
        let built = self.target.join(&self.profile).join(&name);
        let copy = self.target.join(&self.profile).join("modes").join(mode.short()).join(&name);
        copy_if_newer(&built, &copy)
            .with_context(|| format!("can't copy '{}' to '{}'", built.display(), copy.display()))?;
        Ok(copy)
    }

    /// Builds the VM without thread support, which is a workspace of its own: the features of
    /// the VM differ, so it has a target directory of its own, too.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run or fails.
    pub(super) fn build_single(&self) -> anyhow::Result<PathBuf> {
        anstream::eprintln!(
            "togil ab: building the VM without thread support; the first time takes minutes"
        );
        let target = self.target.join("single");
        let manifest = self.root.join("benches/single/Cargo.toml");
        let mut command = self.cargo();
        command.args(["build", "--ignore-rust-version", "--release", "--manifest-path"]);
        command.arg(&manifest).arg("--target-dir").arg(&target);
        let status =
            command.status().context("can't run cargo; name a binary with --single-binary")?;
        if !status.success() {
            bail!("'{}' could not be built ({status}); see its messages above", manifest.display());
        }
        Ok(target.join("release").join(format!("togil-single{}", env::consts::EXE_SUFFIX)))
    }

    /// Runs the criterion benchmarks of one mode, those whose ids contain `filter`. Their figures go
    /// into a folder of the mode in `home`.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run or fails.
    pub(super) fn bench(
        &self,
        mode: Mode,
        filter: Option<&str>,
        home: &Path,
    ) -> anyhow::Result<()> {
        anstream::eprintln!("togil ab: benchmarks of the {mode} mode");
        let mut command = self.cargo();
        command.args(["bench", "--ignore-rust-version", "-p", BENCHES]);
        if mode == Mode::Gil {
            command.args(["--features", "gil"]);
        }
        command.args(CRITERION.iter().flat_map(|bench| ["--bench", bench]));
        command.args(filter.map(|filter| ["--", filter]).into_iter().flatten());
        let status = command.env("CRITERION_HOME", home).status().context("can't run cargo")?;
        if !status.success() {
            bail!("the benchmarks of the {mode} mode failed ({status}); see their messages above");
        }
        Ok(())
    }

    fn command(&self, mode: Mode) -> Command {
        let mut command = self.cargo();
        command.args(arguments(&self.profile, mode));
        command
    }

    fn cargo(&self) -> Command {
        // The cargo that runs us, if one does: another version would build all anew.
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(&self.root)
            .stdin(Stdio::null())
            // Our own stdout is for the report. Cargo's progress is on stderr.
            .stdout(Stdio::null());
        command
    }
}

fn arguments(profile: &str, mode: Mode) -> Vec<&str> {
    let mut arguments = vec!["build", "--ignore-rust-version"];
    match profile {
        "release" => arguments.push("--release"),
        // The one profile whose directory has another name.
        "debug" => arguments.extend(["--profile", "dev"]),
        other => arguments.extend(["--profile", other]),
    }
    arguments.extend(["-p", PACKAGE]);
    if mode == Mode::Gil {
        arguments.extend(["--features", "gil"]);
    }
    arguments
}

/// Copies by renaming, so that nobody sees half a binary. The copy gets the time of
/// the original, by which it is recognised the next time.
fn copy_if_newer(from: &Path, to: &Path) -> io::Result<()> {
    let original = fs::metadata(from)?;
    let modified = original.modified()?;
    if let Ok(copy) = fs::metadata(to)
        && copy.len() == original.len()
        && copy.modified()? == modified
    {
        return Ok(());
    }
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory)?;
    }
    let unfinished = to.with_extension(format!("{}.tmp", std::process::id()));
    fs::copy(from, &unfinished)?;
    File::options().append(true).open(&unfinished)?.set_modified(modified)?;
    fs::rename(&unfinished, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_the_one_of_this_program() {
        assert_eq!(
            arguments("release", Mode::Gil),
            ["build", "--ignore-rust-version", "--release", "-p", "togil", "--features", "gil"]
        );
        assert_eq!(arguments("dist", Mode::Free)[2..], ["--profile", "dist", "-p", "togil"]);
        assert_eq!(arguments("debug", Mode::Free)[2..], ["--profile", "dev", "-p", "togil"]);
    }

    #[test]
    fn only_a_program_in_the_target_directory_belongs_to_the_workspace() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let target = root.join("target");
        fs::create_dir_all(target.join("dist/modes/gil")).unwrap();
        let profile = |exe: PathBuf| Workspace::at(root, &target, &exe).map(|found| found.profile);
        assert_eq!(profile(target.join("dist/togil")), None, "no Cargo.toml yet");
        fs::write(root.join("Cargo.toml"), "").unwrap();
        assert_eq!(profile(target.join("dist/togil")).as_deref(), Some("dist"));
        assert_eq!(profile(target.join("dist/togil (deleted)")).as_deref(), Some("dist"));
        assert_eq!(profile(target.join("dist/modes/gil/togil")).as_deref(), Some("dist"));
        assert_eq!(profile(root.join("togil")), None);
        assert_eq!(profile(target.join("togil")), None);
    }

    #[test]
    fn a_copy_is_made_once_for_each_build() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("from"), directory.path().join("a/b/to"));
        fs::write(&from, "one").unwrap();
        copy_if_newer(&from, &to).unwrap();
        assert_eq!(
            fs::metadata(&to).unwrap().modified().unwrap(),
            fs::metadata(&from).unwrap().modified().unwrap()
        );
        // Same size and time: taken for the same file, and left alone.
        let time = fs::metadata(&from).unwrap().modified().unwrap();
        fs::write(&from, "two").unwrap();
        File::options().append(true).open(&from).unwrap().set_modified(time).unwrap();
        copy_if_newer(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "one");
        fs::write(&from, "three").unwrap();
        copy_if_newer(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "three");
    }
}
