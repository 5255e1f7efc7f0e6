//! What the user wants to compare, checked before anything is built.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::library;
use super::options::AbArgs;
use super::plan::Row;
use super::workloads;

/// Stands for the number of threads in the arguments of a script.
const PLACEHOLDER: &str = "{threads}";

/// Measured runs of each mode, unless the user says otherwise.
const RUNS_OF_A_SCRIPT: u32 = 10;
const RUNS_OF_A_WORKLOAD: u32 = 5;

/// What is compared.
#[derive(Debug)]
pub(super) enum Subject {
    /// A script of the user's.
    Script {
        /// The file.
        path: PathBuf,
        /// Its arguments, with placeholders.
        args: Vec<OsString>,
        /// Numbers of threads to fill in; may be none.
        threads: Vec<u32>,
    },
    /// A workload of the user's: a library of threads.
    Workload {
        /// The file.
        path: PathBuf,
        /// Numbers of threads, at least one.
        threads: Vec<u32>,
    },
    /// The scripts that come with togil.
    Bundled {
        /// Numbers of threads, at least one.
        threads: Vec<u32>,
        /// Factor for the amount of work.
        scale: f64,
        /// Which groups of them; none stands for the default.
        groups: Vec<String>,
    },
}

impl Subject {
    /// Takes it from the options. `cores` is how many this machine has.
    ///
    /// # Errors
    ///
    /// When the script cannot be read, or there is no place for a number of threads.
    pub(super) fn from_options(options: &AbArgs, cores: usize) -> anyhow::Result<Self> {
        let threads = without_repeats(&options.threads);
        let or_default = |threads: Vec<u32>| match threads.is_empty() {
            // The VM without threads runs no more.
            true if options.single => vec![1],
            true => vec![workloads::default_threads(cores)],
            false => threads,
        };
        let Some(path) = options.script.clone() else {
            return Ok(Subject::Bundled {
                threads: or_default(threads),
                scale: options.scale,
                groups: options.group.clone(),
            });
        };
        check_readable(&path)?;
        if fs::read_to_string(&path).is_ok_and(|source| library::has_form(&source)) {
            if !options.args.is_empty() {
                bail!(
                    "'{}' defines setup, work and check: a workload of this form takes no arguments",
                    path.display()
                );
            }
            return Ok(Subject::Workload { path, threads: or_default(threads) });
        }
        let has_place = options.args.iter().any(|arg| arg.to_string_lossy().contains(PLACEHOLDER));
        if !threads.is_empty() && !has_place {
            bail!(
                "--threads needs a place in the arguments of '{script}' to put the number in; \
                 write {PLACEHOLDER} there, as in: togil ab --threads 1,2,4 {script} -- --threads {PLACEHOLDER}",
                script = path.display()
            );
        }
        Ok(Subject::Script { path, args: options.args.clone(), threads })
    }

    /// What is run: a row for each script and number of threads. Bundled scripts
    /// are written into `directory`.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written to.
    pub(super) fn rows(&self, directory: &Path) -> anyhow::Result<Vec<Row>> {
        match self {
            Subject::Bundled { threads, scale, groups } => {
                workloads::rows(directory, groups, threads, *scale)
            }
            Subject::Workload { path, threads } => {
                let runner = library::write_runner(directory)?;
                let row = |number: &u32| Row {
                    runner: Some(runner.clone()),
                    ..script_row(
                        path,
                        vec!["--threads".into(), number.to_string().into()],
                        Some(*number),
                    )
                };
                Ok(threads.iter().map(row).collect())
            }
            Subject::Script { path, args, threads } if threads.is_empty() => {
                Ok(vec![script_row(path, args.clone(), None)])
            }
            Subject::Script { path, args, threads } => {
                let row = |number: &u32| script_row(path, filled_in(args, *number), Some(*number));
                Ok(threads.iter().map(row).collect())
            }
        }
    }

    /// Measured runs of each mode, unless the user says otherwise.
    pub(super) fn default_runs(&self) -> u32 {
        match self {
            Subject::Script { .. } | Subject::Workload { .. } => RUNS_OF_A_SCRIPT,
            Subject::Bundled { .. } => RUNS_OF_A_WORKLOAD,
        }
    }
}

fn script_row(path: &Path, args: Vec<OsString>, threads: Option<u32>) -> Row {
    let name = path.file_name().unwrap_or(path.as_os_str());
    Row {
        name: name.to_string_lossy().into_owned(),
        script: path.to_owned(),
        runner: None,
        args,
        threads,
        shares_work: true,
    }
}

/// In the words of Python, which the user would see without `ab`.
fn check_readable(path: &Path) -> anyhow::Result<()> {
    let refuse = |number: i32| {
        let error = io::Error::from_raw_os_error(number).to_string();
        let text = error.split(" (os error").next().unwrap_or(&error).to_owned();
        anyhow::anyhow!("can't open file '{}': [Errno {number}] {text}", path.display())
    };
    let refuse_for = |error: io::Error| refuse(error.raw_os_error().unwrap_or(libc::EIO));
    let kind = fs::metadata(path).map_err(refuse_for)?.file_type();
    if kind.is_dir() {
        return Err(refuse(libc::EISDIR));
    }
    if !kind.is_file() {
        bail!(
            "'{}' is not a regular file: it could be read once, but is run many times; write the script to a file first",
            path.display()
        );
    }
    fs::File::open(path).map(drop).map_err(refuse_for)
}

fn filled_in(args: &[OsString], threads: u32) -> Vec<OsString> {
    args.iter()
        .map(|arg| replaced(arg, PLACEHOLDER.as_bytes(), threads.to_string().as_bytes()))
        .collect()
}

/// On bytes, as an argument need not be text.
fn replaced(arg: &OsStr, what: &[u8], with: &[u8]) -> OsString {
    let mut rest = arg.as_bytes();
    let mut result = Vec::with_capacity(rest.len());
    while let Some((first, others)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(what) {
            result.extend_from_slice(with);
            rest = after;
        } else {
            result.push(*first);
            rest = others;
        }
    }
    OsString::from_vec(result)
}

fn without_repeats(numbers: &[u32]) -> Vec<u32> {
    let mut unique = Vec::new();
    for number in numbers {
        if !unique.contains(number) {
            unique.push(*number);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::super::options::tests::options;
    use super::*;

    fn subject(arguments: &[&str]) -> Result<Subject, String> {
        Subject::from_options(&options(arguments), 8).map_err(|error| error.to_string())
    }

    #[test]
    fn a_missing_script_is_refused_as_python_would() {
        assert_eq!(
            subject(&["/nowhere/x.py"]).unwrap_err(),
            "can't open file '/nowhere/x.py': [Errno 2] No such file or directory"
        );
        assert_eq!(subject(&["/"]).unwrap_err(), "can't open file '/': [Errno 21] Is a directory");
        assert!(subject(&["/dev/null"]).unwrap_err().contains("not a regular file"));
    }

    #[test]
    fn the_number_of_threads_takes_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let rows = subject(&["--threads", "1,4,1", path, "--", "-j{threads}", "{threads}{thread}"])
            .unwrap()
            .rows(Path::new("/nowhere"))
            .unwrap();
        assert_eq!(rows.iter().map(|row| row.threads).collect::<Vec<_>>(), [Some(1), Some(4)]);
        assert_eq!(rows[1].args, ["-j4", "4{thread}"]);
        let error = subject(&["--threads", "1,4", path, "--", "-j4"]).unwrap_err();
        assert!(error.contains("write {threads} there"), "{error}");
    }

    #[test]
    fn a_library_of_threads_is_run_by_our_script() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("w.py");
        fs::write(&path, super::super::init::SKELETON).unwrap();
        let path = path.to_str().unwrap();
        let rows = subject(&["--threads", "1,4", path]).unwrap().rows(directory.path()).unwrap();
        assert_eq!(rows[1].args, ["--threads", "4"]);
        assert!(rows[1].runner.as_ref().is_some_and(|runner| runner.is_file()));
        let error = subject(&[path, "--", "-j4"]).unwrap_err();
        assert!(error.contains("takes no arguments"), "{error}");
    }

    #[test]
    fn bundled_workloads_need_no_number() {
        match subject(&[]).unwrap() {
            Subject::Bundled { threads, scale, groups } => {
                assert_eq!((threads, scale, groups), (vec![4], 1.0, Vec::new()));
            }
            other => panic!("{other:?}"),
        }
    }
}
