//! What is said about imports: plain data, for `serde`. Times are nanoseconds (`*_ns`).

use serde::{Deserialize, Serialize};

/// How the import of one name went; see [`explain_import`](super::explain_import). Displays as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// What was asked for.
    pub name: String,
    /// Whether it could be imported.
    pub importable: bool,
    /// The outcome in one sentence.
    pub verdict: String,
    /// Why it could not be imported; `None` if it could.
    pub cause: Option<Cause>,
    /// The module at which it failed: the name itself, a parent of it, or one that it imports.
    pub culprit: Option<String>,
    /// The four steps for each part of the name, parents first (`a`, `a.b`), as far as they were
    /// reached. What each of them imported in turn is below it.
    pub modules: Vec<ModuleReport>,
    /// What a user should know beyond the steps: shadowing, stale caches, likely mistakes.
    pub findings: Vec<Finding>,
    /// Which modules need the GIL.
    pub gil: GilReport,
}

/// What a whole program imported; see [`ProgramWatch`](super::ProgramWatch). Displays as a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProgramReport {
    /// What the program imported itself, in order; what those imported is below them.
    pub modules: Vec<ModuleReport>,
    /// The imports that failed for good: with the error that the program then ended by.
    pub failures: Vec<ImportReport>,
    /// As in [`ImportReport::findings`], for all modules.
    pub findings: Vec<Finding>,
    /// Which modules need the GIL.
    pub gil: GilReport,
}

/// Why a name cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// No finder knows it.
    NotFound,
    /// The package above it was found, but has no such module.
    NoSuchSubmodule,
    /// What stands before the dot is a module and no package.
    ParentIsNoPackage,
    /// All that was found is an extension module, built for CPython.
    ExtensionModule,
    /// `sys.modules[name]` is `None`.
    Blocked,
    /// The host's import policy forbids it.
    Policy,
    /// A module was asked for something that it had not defined yet, because it was being imported.
    Circular,
    /// The source is no valid Python.
    Syntax,
    /// A bytecode file could not be read.
    BrokenBytecode,
    /// The module has no such name (`from x import name`).
    NoSuchName,
    /// The module's code raised an exception.
    Raised,
}

/// The four steps for one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ModuleReport {
    /// The full name.
    pub name: String,
    /// Who imported it; `None` if no Python code did, or if it was there before.
    pub imported_by: Option<Place>,
    /// Step 1.
    pub modules: Lookup,
    /// Step 2; `None` if it was not reached.
    pub find: Option<Find>,
    /// Step 3; `None` if it was not reached, or if there was nothing to compile.
    pub compile: Option<Compile>,
    /// Step 4; `None` if it was not reached.
    pub execute: Option<Execute>,
    /// The exception with which the import ended.
    pub error: Option<Failure>,
    /// The time for this module without what it imported.
    pub own_ns: u64,
    /// The time with that.
    pub total_ns: u64,
    /// What it imported that was not in `sys.modules` yet, in order.
    pub imports: Vec<ModuleReport>,
}

/// A line of a Python file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The module's `__name__`.
    pub module: String,
    /// As Python knows it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// Step 1: a look into `sys.modules`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// What was there.
    pub state: LookupState,
    /// How long the look took.
    pub ns: u64,
}

/// What `sys.modules` held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookupState {
    /// Nothing: the import goes on.
    Absent,
    /// The module: the import is over.
    There,
    /// The module, which is being executed.
    Initializing,
    /// `None`: the import fails.
    None,
}

/// Step 2: who was asked for the module, and who won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Find {
    /// The finders of `sys.meta_path` that were asked, in order, up to the one that won.
    pub finders: Vec<FinderNote>,
    /// What was found.
    pub winner: Option<Spec>,
    /// What would have been found without the winner.
    pub losers: Vec<Loser>,
    /// The time of the whole step.
    pub ns: u64,
}

/// One finder that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinderNote {
    /// Its class.
    pub finder: String,
    /// Its answer.
    pub found: Option<Spec>,
    /// The exception that it raised.
    pub error: Option<Failure>,
    /// How long it took.
    pub ns: u64,
    /// The entries of the path that it looked at, in order.
    pub entries: Vec<EntryNote>,
    /// For the finder of an editable install: where its modules are.
    #[serde(skip_serializing)]
    pub(super) mapping: std::collections::BTreeMap<String, String>,
}

/// One entry of `sys.path`, or of a package's `__path__`, that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryNote {
    /// The directory or archive.
    pub entry: String,
    /// Where the entry comes from.
    #[serde(default)]
    pub from: String,
    /// Why nothing can be in it.
    #[serde(default)]
    pub fault: Option<String>,
    /// The class of what searches it; `None` if it is neither a directory nor an archive.
    pub finder: Option<String>,
    /// Its answer.
    pub found: Option<Spec>,
    /// The exception that it raised.
    pub error: Option<Failure>,
    /// How long it took.
    pub ns: u64,
    /// Whether the finder's list of the directory has the name; `None` if it read the directory anew.
    pub listed: Option<bool>,
}

/// Where a module is loaded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// What it is.
    pub kind: SpecKind,
    /// The class of its loader.
    pub loader: String,
    /// `__spec__.origin`
    pub origin: Option<String>,
    /// Its file, if it has one. For a frozen module the one that it was made of.
    pub file: Option<String>,
    /// For a package: where its modules are searched.
    pub locations: Option<Vec<String>>,
}

/// What a module is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecKind {
    /// Rust code, of the VM or of the host.
    BuiltIn,
    /// Bytecode that is part of the program: the standard library.
    Frozen,
    /// A source file.
    Source,
    /// A bytecode file without a source.
    Bytecode,
    /// An extension module, which cannot be loaded.
    Extension,
    /// Directories without an `__init__.py`.
    Namespace,
    /// A file in an archive.
    Zip,
    /// What another loader makes it of.
    Other,
}

/// What would have been found if the winner had not been there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loser {
    /// What it is.
    pub spec: Spec,
    /// Why it lost.
    pub why: String,
}

/// Step 3: where the bytecode came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compile {
    /// The file with the source, or with the bytecode if there is no source.
    pub source: Option<String>,
    /// The cache that was looked at.
    pub cache: Option<CacheNote>,
    /// How long the compiler took; `None` if it was not called, so the cache was used.
    pub compiled_ns: Option<u64>,
    /// Why the import system did not take the cache, in its words.
    pub refused: Option<String>,
    /// Whether a cache was written.
    pub wrote: bool,
    /// Why not.
    pub why_not_written: Option<String>,
    /// Whether the step failed.
    pub failed: bool,
    /// The time of the whole step.
    pub ns: u64,
}

/// A bytecode cache, as it was before the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheNote {
    /// The file that belongs to this interpreter.
    pub path: String,
    /// What it was worth.
    pub state: CacheState,
    /// What the file says against what the source says.
    pub detail: Option<String>,
    /// Caches of the same source that belong to other interpreters, and are never read.
    pub foreign: Vec<String>,
    /// Whether a cache can be written there.
    pub directory_writable: Option<bool>,
}

/// What a cache is worth, by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheState {
    /// There is none.
    Absent,
    /// It was made of the source as it is.
    Fresh,
    /// It was made of another source.
    Stale,
    /// It says that nobody should compare it with the source.
    Unchecked,
    /// The same, and it was made of another source: an edit does nothing.
    UncheckedStale,
    /// Another interpreter, or another version, has made it.
    Foreign,
    /// It ends too early.
    Truncated,
    /// It makes no sense.
    Corrupt,
    /// The system does not let it be read.
    Unreadable,
}

/// Step 4: the module's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execute {
    /// The time of the module's own code, without what it imported.
    pub ns: u64,
    /// Whether it ended well, and the module was registered.
    pub done: bool,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its class.
    pub kind: String,
    /// Its message.
    pub message: String,
    /// Its `name`.
    pub name: Option<String>,
    /// Where it was raised; `None` if the import system itself did.
    pub place: Option<Place>,
    #[serde(skip_serializing)]
    pub(super) import_error: bool,
    #[serde(skip_serializing)]
    pub(super) not_found: bool,
    /// The identities of the exception, its cause, and so on.
    #[serde(skip_serializing)]
    pub(super) chain: Vec<u64>,
}

/// Something that a user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which of its sort.
    pub kind: FindingKind,
    /// The module that it is about.
    pub module: String,
    /// A sentence or two: what is the case, and what to do.
    pub text: String,
}

/// The sorts of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// A file of the user's hides a module of the standard library.
    HidesStdlib,
    /// A module of the standard library hides a file of the user's, which is never read.
    HiddenByStdlib,
    /// One file hides another.
    Hides,
    /// The module had been imported before, so nothing was done.
    AlreadyImported,
    /// A cache was not used, because it does not fit the source.
    StaleCache,
    /// A cache is used although it does not fit the source.
    UncheckedCache,
    /// A cache of another interpreter, which is not read.
    ForeignCache,
    /// A cache could not be read.
    BrokenCache,
    /// What was imported is bytecode or an archive, so editing a source does nothing.
    NotTheSource,
    /// A namespace package where a package may have been meant.
    Namespace,
    /// What may have been meant.
    Suggestion,
    /// An entry of the path that is not there, or is no directory.
    BadPathEntry,
    /// It is there, but in a place that is not searched.
    NotOnPath,
    /// The finder's list of a directory is older than the directory.
    StaleDirectoryList,
}

/// Which modules need the GIL, and so turned it on in a process that had none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GilReport {
    /// Whether it was on before.
    pub before: bool,
    /// Whether it is on now.
    pub after: bool,
    /// The modules that need it, in the order of their import. Empty where the GIL was on from the
    /// start, or `-X gil=0` forbids it: then nobody asks.
    pub modules: Vec<GilUser>,
}

/// A module that needs the GIL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GilUser {
    /// Its name.
    pub name: String,
    /// Whether it turned the GIL on; otherwise it was on already when this one came.
    pub turned_on: bool,
    /// Who imported it, then who imported that one, and so on. Empty if it was imported before the
    /// watch began.
    pub imported_by: Vec<Place>,
}
