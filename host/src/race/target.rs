//! What can be explored.

use std::path::{Path, PathBuf};

use crate::Python;
use crate::vm::{AsObject, PyObjectRef, PyResult, TryFromObject};

/// Something with threads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The models of a file: functions `race_*`, or `setup()`, `workers` and `invariant(state)`. Of a
    /// file without them, the tests that take no arguments.
    File {
        /// Its name in reports. Modules are looked for beside it first.
        path: PathBuf,
        /// What is in it.
        text: String,
    },
    /// The models of a module, found as `import` finds it.
    Module(String),
    /// A script as it is. It fails where an exception is not handled, where threads wait for each other for
    /// ever, and where what it prints or its exit status is not always the same.
    Script {
        /// `sys.argv[0]`.
        path: PathBuf,
        /// What is in it.
        text: String,
        /// The rest of `sys.argv`.
        arguments: Vec<String>,
    },
    /// The tests that `python -m unittest NAMES` would run; without names those that it discovers.
    Unittest(Vec<String>),
    /// The tests that `python -m pytest ARGUMENTS` would run, if pytest can be imported.
    Pytest(Vec<String>),
}

impl Target {
    /// What it is called in reports.
    pub fn name(&self) -> String {
        match self {
            Self::File { path, .. } | Self::Script { path, .. } => path.display().to_string(),
            Self::Module(name) => name.clone(),
            Self::Unittest(_) => "unittest".to_owned(),
            Self::Pytest(_) => "pytest".to_owned(),
        }
    }

    /// Whether all executions have to come to the same.
    pub(super) fn has_one_outcome(&self) -> bool {
        matches!(self, Self::Script { .. })
    }

    /// The source in Python.
    pub(super) fn open(&self, py: Python<'_>, lab: &togil_interp::race::Lab) -> PyResult {
        let vm = py.vm();
        let include = |directory: &Path| -> PyResult<()> {
            let directory = directory.to_string_lossy();
            lab.get(py, "include_directory")?.call((directory.as_ref(),), vm).map(drop)
        };
        let here = || include(&std::env::current_dir().unwrap_or_default());
        let strings = |strings: &[String]| {
            let strings = strings.iter().map(|string| vm.ctx.new_str(string.as_str()).into());
            vm.ctx.new_list(strings.collect())
        };
        match self {
            Self::File { path, text } => {
                include(&directory_of(path))?;
                let name = path.file_stem().map_or("model".into(), |name| name.to_string_lossy());
                let path = path.to_string_lossy();
                lab.get(py, "Models")?.call((path.as_ref(), text.as_str(), name.as_ref()), vm)
            }
            Self::Module(name) => {
                here()?;
                lab.get(py, "of_module")?.call((name.as_str(),), vm)
            }
            Self::Script { path, text, arguments } => {
                include(&directory_of(path))?;
                let path = path.to_string_lossy();
                lab.get(py, "Script")?.call((path.as_ref(), text.as_str(), strings(arguments)), vm)
            }
            Self::Unittest(names) => {
                here()?;
                lab.get(py, "Unittests")?.call((strings(names),), vm)
            }
            Self::Pytest(arguments) => {
                here()?;
                lab.get(py, "Pytests")?.call((strings(arguments),), vm)
            }
        }
    }
}

fn directory_of(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.parent().map(Path::to_owned).unwrap_or_default()
}

/// What a method of a source's gives.
pub(super) fn ask<T: TryFromObject>(
    py: Python<'_>,
    source: &PyObjectRef,
    method: &'static str,
) -> PyResult<T> {
    let vm = py.vm();
    vm.call_method(source.as_object(), method, ())?.try_into_value(vm)
}
