//! Why a module is imported from where it is, or not at all.
//!
//! The import system is watched at work, not imitated: `watch.py` puts places between the VM's own
//! functions at which is noted what they were asked and what they answered, `caches.py` the same around
//! bytecode. `notes` makes reports of it, `cause` finds out why an import failed, `findings` says what else a
//! user should know, `text` and `tree` print it.

mod cause;
mod findings;
mod near;
mod notes;
mod program;
mod report;
mod surroundings;
mod text;
mod tree;

use std::path::Path;

use togil_interp::vm::function::FuncArgs;
use togil_interp::vm::{PyObjectRef, PyResult};
use togil_interp::{Python, gil_enabled_by};

pub use program::ProgramWatch;
pub use report::{
    CacheNote, CacheState, Cause, Compile, EntryNote, Execute, Failure, Find, FinderNote, Finding,
    FindingKind, GilReport, GilUser, ImportReport, Lookup, LookupState, Loser, ModuleReport, Place,
    ProgramReport, Spec, SpecKind,
};

use crate::bundled;
use crate::error::{Error, PythonError};
use crate::host::ImportPolicy;
use crate::value::from_python;
use notes::Watched;
use surroundings::Surroundings;

/// Imports a module, and reports how that went: what was looked at, in which order, for how long, who won
/// and why the others lost. The module's code runs, unless the module has been imported before.
///
/// The report is about what this thread imports; others may go on importing meanwhile.
///
/// ```
/// use togil::{Cause, Interpreter, explain_import};
///
/// let interpreter = Interpreter::builder().build()?;
/// let report = interpreter.attach(|py| explain_import(py, "jsn"))?;
/// assert!(!report.importable);
/// assert_eq!(report.cause, Some(Cause::NotFound));
/// assert!(report.to_string().contains("did you mean json?"), "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// That the import fails is a report. An error is what prevents one: a time limit of a job,
/// `KeyboardInterrupt`, code that the module has changed in the import system itself.
pub fn explain_import(py: Python<'_>, name: &str) -> Result<ImportReport, Error> {
    explain_with_policy(py, name, None)
}

/// The same, where a host may forbid the import.
pub(crate) fn explain_with_policy(
    py: Python<'_>,
    name: &str,
    policy: Option<&ImportPolicy>,
) -> Result<ImportReport, Error> {
    let forbidden = policy.is_some_and(|policy| !policy.allows(name));
    let before = Moment::now(py)?;
    let object = py.ctx.new_str(name).into();
    let function = if forbidden { "find_only" } else { "explain" };
    let mut watched: Watched = ask(py, function, vec![object])?;
    let imports = watched.take_imports();
    let surroundings = surroundings(py)?;
    let mut parts = notes::parts_of(name, imports);
    parts.iter_mut().for_each(|part| describe_entries(part, &surroundings));
    let gil = before.gil(&surroundings, &parts);
    let mut report = judged(name, parts, watched.error.as_ref(), &surroundings, gil);
    if forbidden {
        report.importable = false;
        report.cause = Some(Cause::Policy);
        report.culprit = Some(name.to_owned());
        report.verdict = format!(
            "{name}: not importable: the host does not allow scripts to import '{name}' (its import policy)"
        );
    }
    Ok(report)
}

/// What the parts of a name and the error come to.
fn judged(
    name: &str,
    parts: Vec<ModuleReport>,
    error: Option<&Failure>,
    surroundings: &Surroundings,
    gil: GilReport,
) -> ImportReport {
    let mut findings = Vec::new();
    for part in &parts {
        findings::about(part, surroundings, part.name == name, &mut findings);
    }
    let diagnosis = error.map(|error| cause::diagnose(name, &parts, error));
    if let Some(diagnosis) = &diagnosis {
        let every = flat(&parts);
        let is_missing = [
            Cause::NotFound,
            Cause::NoSuchSubmodule,
            Cause::ParentIsNoPackage,
            Cause::ExtensionModule,
        ];
        if let Some(culprit) =
            every.iter().find(|module| module.name == diagnosis.culprit && module.error.is_some())
            && is_missing.contains(&diagnosis.cause)
        {
            findings::about_missing(culprit, &every, surroundings, &mut findings);
        }
    }
    ImportReport {
        name: name.to_owned(),
        importable: error.is_none(),
        verdict: diagnosis
            .as_ref()
            .map_or_else(|| imported(name, &parts), |diagnosis| diagnosis.verdict.clone()),
        cause: diagnosis.as_ref().map(|diagnosis| diagnosis.cause),
        culprit: diagnosis.map(|diagnosis| diagnosis.culprit),
        modules: parts,
        findings,
        gil,
    }
}

/// The verdict on an import that went well.
fn imported(name: &str, parts: &[ModuleReport]) -> String {
    let part = parts.iter().find(|part| part.name == name);
    let before = part.is_some_and(|part| part.modules.state == LookupState::There);
    let spec = part.and_then(|part| part.find.as_ref()).and_then(|find| find.winner.as_ref());
    let what = match spec {
        None => "by code of its own".to_owned(),
        Some(spec) => text::from_where(spec),
    };
    let how = if before { "importable, and imported before:" } else { "importable:" };
    format!("{name}: {how} {what}")
}

/// All modules of some trees.
fn flat(modules: &[ModuleReport]) -> Vec<&ModuleReport> {
    let mut every = Vec::new();
    let mut rest: Vec<&ModuleReport> = modules.iter().rev().collect();
    while let Some(module) = rest.pop() {
        every.push(module);
        rest.extend(module.imports.iter().rev());
    }
    every
}

fn describe_entries(module: &mut ModuleReport, surroundings: &Surroundings) {
    for finder in module.find.iter_mut().flat_map(|find| &mut find.finders) {
        for note in &mut finder.entries {
            note.fault = surroundings.fault(&note.entry).map(str::to_owned);
            note.from = if module.name.contains('.') {
                "a part of the package".to_owned()
            } else {
                surroundings.origin(&note.entry)
            };
        }
    }
    module.imports.iter_mut().for_each(|inner| describe_entries(inner, surroundings));
}

/// The GIL as it was before.
struct Moment {
    gil: bool,
    users: Vec<String>,
}

impl Moment {
    fn now(py: Python<'_>) -> Result<Self, Error> {
        Ok(Self { gil: surroundings(py)?.gil, users: gil_enabled_by() })
    }

    fn gil(self, now: &Surroundings, modules: &[ModuleReport]) -> GilReport {
        let users = gil_enabled_by();
        let new = users.iter().filter(|name| !self.users.contains(name));
        let modules = new
            .enumerate()
            .map(|(index, name)| GilUser {
                name: name.clone(),
                turned_on: index == 0 && !self.gil && now.gil,
                imported_by: importers(name, modules),
            })
            .collect();
        GilReport { before: self.gil, after: now.gil, modules }
    }
}

/// Who imported a module, then who imported that one.
fn importers(name: &str, modules: &[ModuleReport]) -> Vec<Place> {
    fn way(name: &str, modules: &[ModuleReport], places: &mut Vec<Place>) -> bool {
        modules.iter().any(|module| {
            let found =
                module.name == name && module.error.is_none() || way(name, &module.imports, places);
            if found {
                places.extend(module.imported_by.clone());
            }
            found
        })
    }
    let mut places = Vec::new();
    way(name, modules, &mut places);
    // Explaining imports nothing by itself.
    places.retain(|place| Path::new(&place.file).file_name().is_some());
    places
}

fn surroundings(py: Python<'_>) -> Result<Surroundings, Error> {
    let mut surroundings: Surroundings = ask(py, "surroundings", Vec::new())?;
    surroundings.known.extend(py.state.frozen.keys().map(|&name| name.to_owned()));
    Ok(surroundings)
}

/// Calls a function of `watch.py`.
fn ask<T>(py: Python<'_>, function: &str, arguments: Vec<PyObjectRef>) -> Result<T, Error>
where
    T: serde::de::DeserializeOwned,
{
    let python = |exception| Error::Python(PythonError::new(py, exception));
    let answer = call(py, function, arguments).map_err(python)?;
    from_python(py, &answer)
        .map_err(|error| Error::Conversion { what: "the notes on imports".into(), error })
}

fn call(py: Python<'_>, function: &str, arguments: Vec<PyObjectRef>) -> PyResult {
    let vm = py.vm();
    let watch = watch(py)?.get_item(function, vm)?;
    watch.call(FuncArgs::from(arguments), vm)
}

/// The globals of `watch.py` in this interpreter; run the first time.
fn watch(py: Python<'_>) -> PyResult {
    const KEY: &str = "_togil_watch";
    // Under such a name tracebacks leave its frames out, as those of the import system.
    const FILE: &str = "<frozen importlib._bootstrap>";
    let vm = py.vm();
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let bootstrap = modules.get_item("_frozen_importlib", vm)?;
    if let Ok(watch) = bootstrap.get_attr(KEY, vm) {
        return Ok(watch);
    }
    let sys = || vm.sys_module.clone().into();
    let caches = bundled::run(py, include_str!("caches.py"), FILE, [("sys", sys())])?;
    let install = caches.globals.get_item("install", vm)?;
    bundled::run(
        py,
        include_str!("watch.py"),
        FILE,
        [("sys", sys()), ("install_caches", install)],
    )?;
    bootstrap.get_attr(KEY, vm)
}
