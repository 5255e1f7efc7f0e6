//! Finds the two binaries to compare, or has them built.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::captured;
use super::cargo::Workspace;
use super::interrupt::Interrupt;
use super::mode::{ByMode, Mode};
use super::options::AbArgs;
use super::process::{self, Job};

/// A binary takes milliseconds to tell its mode; anything else is no togil.
const PATIENCE: Duration = Duration::from_secs(20);

/// A togil binary that was asked for its mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Binary {
    /// Where it is; absolute.
    pub(super) path: PathBuf,
    /// Its version, as it says.
    pub(super) version: String,
}

/// Finds both binaries: where the user says, else by building them if this
/// program runs from its own source tree, else among the installed programs.
///
/// # Errors
///
/// When a binary is missing, cannot be built, or is of the wrong mode.
pub(super) fn find(options: &AbArgs, interrupt: &Interrupt) -> anyhow::Result<ByMode<Binary>> {
    let given = ByMode::each(|mode| given(options, mode)).transpose()?;
    let source = Source::of_this_program()?;
    let locate = |mode: Mode| match given.of(mode) {
        Some(path) => Ok(path.clone()),
        None => source.binary(mode),
    };
    // Our own mode last: cargo leaves the binary that it built last where the user
    // found this one, and that had better be the same.
    let own = Mode::own();
    let other_path = locate(own.other())?;
    let own_path = locate(own)?;
    ByMode::each(|mode| {
        let path = if mode == own { &own_path } else { &other_path };
        verify(path, mode, interrupt)
    })
    .transpose()
}

/// The binary that the user names by an option or, without it, in the environment.
fn given(options: &AbArgs, mode: Mode) -> anyhow::Result<Option<PathBuf>> {
    let option = match mode {
        Mode::Gil => &options.gil_binary,
        Mode::Free => &options.free_binary,
    };
    let (path, source) = match (option, env::var_os(variable(mode))) {
        (Some(path), _) => (path.clone(), flag(mode)),
        (None, Some(path)) if !path.is_empty() => (PathBuf::from(path), variable(mode)),
        _ => return Ok(None),
    };
    if !path.is_file() {
        bail!(
            "there is no file '{}' ({source}); name a togil binary of the {mode} mode",
            path.display()
        );
    }
    // Without a slash the name would be looked up on PATH.
    let path = std::path::absolute(&path)
        .with_context(|| format!("can't tell where '{}' is", path.display()))?;
    Ok(Some(path))
}

fn flag(mode: Mode) -> String {
    format!("--{}-binary", mode.short())
}

fn variable(mode: Mode) -> String {
    format!("TOGIL_{}_BINARY", mode.short().to_uppercase())
}

/// Where binaries come from that the user does not name.
#[derive(Debug)]
enum Source {
    Workspace(Workspace),
    /// Programs beside this one.
    Installed {
        this: PathBuf,
    },
}

impl Source {
    fn of_this_program() -> anyhow::Result<Self> {
        let this = env::current_exe()
            .context("can't tell where this program is; name the binaries with --gil-binary and --free-binary")?;
        Ok(match Workspace::around(&this) {
            Some(workspace) => Source::Workspace(workspace),
            None => Source::Installed { this },
        })
    }

    fn binary(&self, mode: Mode) -> anyhow::Result<PathBuf> {
        match self {
            Source::Workspace(workspace) => workspace.build(mode),
            Source::Installed { this } => installed(mode, this, env::var_os("PATH").as_deref()),
        }
    }
}

/// Looks beside this program, then on PATH, then at this program itself.
fn installed(mode: Mode, this: &Path, path: Option<&OsStr>) -> anyhow::Result<PathBuf> {
    let name = format!("togil-{}", mode.short());
    if let Some(found) = beside_or_on_path(&name, this, path)? {
        return Ok(found);
    }
    if mode == Mode::own() {
        return Ok(this.to_owned());
    }
    bail!(
        "there is no togil of the {mode} mode: '{name}' is neither beside '{}' nor on PATH; \
         install it there, or name it with {} or {}",
        this.display(),
        flag(mode),
        variable(mode)
    )
}

fn beside_or_on_path(
    name: &str,
    this: &Path,
    path: Option<&OsStr>,
) -> anyhow::Result<Option<PathBuf>> {
    let beside = this.parent().map(Path::to_owned);
    let on_path = path.into_iter().flat_map(env::split_paths);
    let candidates = beside.into_iter().chain(on_path).map(|directory| directory.join(name));
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    found
        .map(|found| {
            std::path::absolute(&found)
                .with_context(|| format!("can't tell where '{}' is", found.display()))
        })
        .transpose()
}

/// The VM without thread support: built if this program runs from its own source tree, else
/// `togil-single` beside this program or on PATH.
///
/// # Errors
///
/// When it cannot be built, or is not there.
pub(super) fn single() -> anyhow::Result<PathBuf> {
    match Source::of_this_program()? {
        Source::Workspace(workspace) => workspace.build_single(),
        Source::Installed { this } => beside_or_on_path(
            "togil-single",
            &this,
            env::var_os("PATH").as_deref(),
        )?
        .ok_or_else(|| {
            anyhow!(
                "'togil-single' is neither beside '{}' nor on PATH; name it with --single-binary",
                this.display()
            )
        }),
    }
}

/// The source tree that this program runs from, if it does.
///
/// # Errors
///
/// When it cannot be told where this program is.
pub(super) fn workspace() -> anyhow::Result<Option<Workspace>> {
    Ok(match Source::of_this_program()? {
        Source::Workspace(workspace) => Some(workspace),
        Source::Installed { .. } => None,
    })
}

/// The answer to `togil mode --json`.
#[derive(Debug, Deserialize)]
struct Answer {
    mode: String,
    version: String,
}

/// Asks the binary, rather than to measure the wrong mode.
fn verify(path: &Path, mode: Mode, interrupt: &Interrupt) -> anyhow::Result<Binary> {
    let answer = ask(path, interrupt)?;
    if answer.mode != mode.to_string() {
        bail!(
            "'{}' is a togil of the {} mode, but stands for the {mode} one; name the right one with {} or {}",
            path.display(),
            answer.mode,
            flag(mode),
            variable(mode)
        );
    }
    Ok(Binary { path: path.to_owned(), version: answer.version })
}

/// The version of a binary that says that it is of this mode.
///
/// # Errors
///
/// When it says something else, or nothing.
pub(super) fn ask_version(
    path: &Path,
    mode: &str,
    interrupt: &Interrupt,
) -> anyhow::Result<String> {
    let answer = ask(path, interrupt)?;
    if answer.mode != mode {
        bail!("'{}' is a togil of the {} mode, not {mode}", path.display(), answer.mode);
    }
    Ok(answer.version)
}

fn ask(path: &Path, interrupt: &Interrupt) -> anyhow::Result<Answer> {
    let scratch = tempfile::tempdir()
        .context("can't create a directory for temporary files; name one in TMPDIR")?;
    let stdout = scratch.path().join("stdout");
    let stderr = scratch.path().join("stderr");
    let job = Job {
        program: path,
        arguments: &[OsStr::new("mode"), OsStr::new("--json")],
        stdout: &stdout,
        stderr: &stderr,
        statistics: None,
        work: None,
        limit: PATIENCE,
    };
    let asked = format!("'{} mode --json'", path.display());
    let ending = process::run(&job, interrupt)?.ending;
    if !ending.is_success() {
        let said = captured::last_line(&stderr).ok().flatten().map(|line| format!(": {line}"));
        bail!("{asked} failed ({ending}{}); is it a togil binary?", said.unwrap_or_default());
    }
    let text =
        fs::read_to_string(&stdout).with_context(|| format!("can't read the answer of {asked}"))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{asked} did not answer with its mode and version; is it a togil binary?")
    })
}

#[cfg(test)]
mod tests {
    use super::super::options::tests::options;
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_binary_that_is_named_but_missing_is_an_error() {
        let given = |path| given(&options(&["--gil-binary", path]), Mode::Gil);
        let error = given("/nowhere/togil").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no file '/nowhere/togil' (--gil-binary); name a togil binary of the gil mode"
        );
        assert_eq!(given("/bin/sh").unwrap(), Some("/bin/sh".into()));
    }

    #[test]
    fn installed_binaries_are_found_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let other = Mode::own().other();
        let name = directory.path().join(format!("togil-{}", other.short()));
        symlink("/bin/sh", &name).unwrap();
        let this = Path::new("/nowhere/togil");
        assert_eq!(installed(other, this, Some(directory.path().as_os_str())).unwrap(), name);
        assert_eq!(installed(other, &directory.path().join("togil"), None).unwrap(), name);
        assert_eq!(installed(Mode::own(), this, None).unwrap(), this);
        let error = installed(other, this, None).unwrap_err().to_string();
        assert!(error.contains("neither beside '/nowhere/togil' nor on PATH"), "{error}");
    }

    #[test]
    fn what_is_no_togil_is_turned_away() {
        let ask = |program| {
            let found = verify(Path::new(program), Mode::Gil, &Interrupt::default());
            found.unwrap_err().to_string()
        };
        assert!(ask("/bin/false").starts_with("'/bin/false mode --json' failed (exit status 1"));
        assert!(ask("/bin/echo").contains("did not answer with its mode"));
        assert!(ask("/nowhere/togil").contains("can't run '/nowhere/togil'"));
    }
}
