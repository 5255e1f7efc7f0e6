//! The imports of a whole program.

use togil_interp::Python;
use togil_interp::vm::builtins::PyBaseExceptionRef;

use super::notes::{Watched, reports};
use super::report::{Failure, ModuleReport, ProgramReport};
use super::{Moment, ask, call, cause, describe_entries, findings, judged, surroundings};
use crate::error::{Error, PythonError};

/// Watches what all threads of an interpreter import, from [`begin`](Self::begin) to
/// [`finish`](Self::finish).
#[must_use = "a watch reports nothing until it is finished"]
pub struct ProgramWatch {
    before: Moment,
}

impl ProgramWatch {
    /// Starts to watch.
    ///
    /// # Errors
    /// There is such a watch in this interpreter already.
    pub fn begin(py: Python<'_>) -> Result<Self, Error> {
        let before = Moment::now(py)?;
        call(py, "begin_program", Vec::new())
            .map_err(|exception| Error::Python(PythonError::new(py, exception)))?;
        Ok(Self { before })
    }

    /// Stops watching, and reports. `error` is the exception that ended the program.
    ///
    /// # Errors
    /// As for [`explain_import`](super::explain_import).
    pub fn finish(
        self,
        py: Python<'_>,
        error: Option<&PyBaseExceptionRef>,
    ) -> Result<ProgramReport, Error> {
        let error = error.map_or_else(|| py.ctx.none(), |error| error.clone().into());
        let mut watched: Watched = ask(py, "end_program", vec![error])?;
        let mut modules = reports(watched.take_imports());
        let surroundings = surroundings(py)?;
        modules.iter_mut().for_each(|module| describe_entries(module, &surroundings));
        let gil = self.before.gil(&surroundings, &modules);
        let mut found = Vec::new();
        for module in &modules {
            findings::about(module, &surroundings, false, &mut found);
        }
        let failed = watched.error.as_ref().and_then(|error| failed_import(&modules, error));
        let failures = failed
            .zip(watched.error.as_ref())
            .map(|(module, error)| {
                let parts = parts(module);
                judged(&module.name, parts, Some(error), &surroundings, gil.clone())
            })
            .into_iter()
            .collect();
        Ok(ProgramReport { modules, failures, findings: found, gil })
    }
}

/// The outermost import through which the program's last exception came.
fn failed_import<'a>(modules: &'a [ModuleReport], error: &Failure) -> Option<&'a ModuleReport> {
    cause::way_down(modules, error).first().copied()
}

/// A dotted name's parents were imported inside its own import.
fn parts(module: &ModuleReport) -> Vec<ModuleReport> {
    let mut module = module.clone();
    let name = module.name.clone();
    let is_parent = |inner: &ModuleReport| super::notes::is_below(&name, &inner.name);
    let (mut parts, own): (Vec<_>, Vec<_>) = module.imports.drain(..).partition(is_parent);
    module.imports = own;
    parts.push(module);
    parts
}
