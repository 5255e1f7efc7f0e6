//! What `watch.py` has noted, and how it becomes reports.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::report::{
    Compile, Execute, Failure, Find, FinderNote, Lookup, LookupState, Loser, ModuleReport, Place,
    Spec, SpecKind,
};
use super::surroundings::names_in;

/// What was noted while something ran.
#[derive(Debug, Deserialize)]
pub(super) struct Watched {
    /// Inner imports first.
    notes: Vec<Note>,
    roots: Vec<usize>,
    /// What it ended with.
    pub(super) error: Option<Failure>,
}

impl Watched {
    /// The outermost imports, with the others in them.
    pub(super) fn take_imports(&mut self) -> Vec<Note> {
        let mut notes: Vec<Option<Note>> = Vec::new();
        for mut note in std::mem::take(&mut self.notes) {
            let take = |place: &usize| notes.get_mut(*place).and_then(Option::take);
            note.inner = note.imports.iter().filter_map(take).collect();
            notes.push(Some(note));
        }
        self.roots.iter().filter_map(|place| notes.get_mut(*place)?.take()).collect()
    }
}

/// One import that `sys.modules` did not answer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Note {
    pub(super) name: String,
    imported_by: Option<Place>,
    modules: LookupState,
    modules_ns: u64,
    finders: Vec<FinderNote>,
    spec: Option<Spec>,
    find_ns: u64,
    compile: Option<Compile>,
    load_ns: Option<u64>,
    error: Option<Failure>,
    total_ns: u64,
    others: Vec<Other>,
    imports: Vec<usize>,
    #[serde(skip)]
    inner: Vec<Note>,
}

/// Something else that a search finds.
#[derive(Debug, Clone, Deserialize)]
struct Other {
    /// The finder, or the entry of the path.
    #[serde(rename = "where")]
    place: String,
    spec: Spec,
}

impl Note {
    fn is_news(&self) -> bool {
        matches!(self.modules, LookupState::Absent) || self.error.is_some()
    }

    fn is_empty(&self) -> bool {
        self.finders.is_empty() && self.spec.is_none() && self.error.is_none()
    }

    fn report(self) -> ModuleReport {
        let children: u64 = self.inner.iter().map(|note| note.total_ns).sum();
        let compiled = self.compile.as_ref().map_or(0, |compile| compile.ns);
        let failed_before = self.compile.as_ref().is_some_and(|compile| compile.failed);
        let execute = self.load_ns.filter(|_| !failed_before).map(|ns| Execute {
            ns: ns.saturating_sub(compiled).saturating_sub(children),
            done: self.error.is_none(),
        });
        let losers = losers(self.spec.as_ref(), self.others);
        let find = (!self.finders.is_empty() || self.spec.is_some()).then_some(Find {
            finders: self.finders,
            winner: self.spec,
            losers,
            ns: self.find_ns,
        });
        ModuleReport {
            name: self.name,
            imported_by: self.imported_by,
            modules: Lookup { state: self.modules, ns: self.modules_ns },
            find,
            compile: self.compile,
            execute,
            error: self.error,
            own_ns: self.total_ns.saturating_sub(children),
            total_ns: self.total_ns,
            imports: reports(self.inner),
        }
    }
}

/// The reports on imports that did something.
pub(super) fn reports(notes: Vec<Note>) -> Vec<ModuleReport> {
    notes.into_iter().filter(Note::is_news).map(Note::report).collect()
}

/// For a name: its parents, then itself. The import system imports a parent inside its child's import.
pub(super) fn parts_of(name: &str, notes: Vec<Note>) -> Vec<ModuleReport> {
    let mut parts = Vec::new();
    collect_parts(name, notes, &mut parts);
    parts.sort_by_key(|part| part.name.len());
    parts
}

fn collect_parts(name: &str, notes: Vec<Note>, parts: &mut Vec<ModuleReport>) {
    for mut note in notes {
        let is_part = note.name == name || is_below(name, &note.name);
        if !is_part || parts.iter().any(|part| part.name == note.name) {
            continue;
        }
        let (above, own): (Vec<_>, Vec<_>) =
            note.inner.drain(..).partition(|inner| is_below(&note.name, &inner.name));
        note.total_ns =
            note.total_ns.saturating_sub(above.iter().map(|note| note.total_ns).sum::<u64>());
        note.inner = own;
        // A package that imports its own module has done all of it before.
        let done = if note.is_empty() { find_note(&above, &note.name).cloned() } else { None };
        collect_parts(name, above, parts);
        parts.push(done.unwrap_or(note).report());
    }
}

fn find_note<'a>(notes: &'a [Note], name: &str) -> Option<&'a Note> {
    notes.iter().find_map(|note| {
        let mine = note.name == name && !note.is_empty();
        if mine { Some(note) } else { find_note(&note.inner, name) }
    })
}

/// Whether `name` is `package` or something in it, but not `package` itself.
pub(super) fn is_below(name: &str, package: &str) -> bool {
    name.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'))
}

fn losers(winner: Option<&Spec>, others: Vec<Other>) -> Vec<Loser> {
    let Some(winner) = winner else { return Vec::new() };
    let mut losers = neighbours(winner);
    for Other { place, spec } in others {
        let is_winner = spec.file.is_some() && spec.file == winner.file
            || spec.kind == winner.kind && matches!(spec.kind, SpecKind::BuiltIn)
            || spec.kind == SpecKind::Namespace && winner.kind == SpecKind::Namespace;
        if is_winner || losers.iter().any(|loser| loser.spec == spec) {
            continue;
        }
        let why = if spec.kind == SpecKind::Namespace {
            "a directory without an __init__.py counts only where nothing else is found".to_owned()
        } else if spec.kind == SpecKind::Frozen {
            format!("{} comes before the standard library", before(winner))
        } else {
            let place = if place.is_empty() { "the current directory" } else { &place };
            format!("{} comes before {place}", before(winner))
        };
        losers.push(Loser { spec, why });
    }
    losers
}

/// What the winner was found by.
fn before(winner: &Spec) -> String {
    match winner.kind {
        SpecKind::BuiltIn => "the finder of built-in modules".to_owned(),
        SpecKind::Frozen => "the finder of frozen modules".to_owned(),
        SpecKind::Namespace => "the namespace package".to_owned(),
        _ => winner.file.clone().unwrap_or_else(|| winner.loader.clone()),
    }
}

/// What lies in the winner's own directory under the same name. The search there ends with the winner.
fn neighbours(winner: &Spec) -> Vec<Loser> {
    let Some(file) = winner.file.as_deref().map(Path::new) else { return Vec::new() };
    let is_package = file.file_name().is_some_and(|name| name == "__init__.py");
    let Some(module) = (if is_package { file.parent() } else { Some(file) }) else {
        return Vec::new();
    };
    if winner.kind != SpecKind::Source {
        return Vec::new();
    }
    let mut losers = Vec::new();
    let mut add = |kind, loser: PathBuf, why: &str| {
        let shown = loser.display().to_string();
        let locations = (kind == SpecKind::Namespace).then(|| vec![shown.clone()]);
        let file = (kind != SpecKind::Namespace).then_some(shown);
        let spec = Spec { kind, loader: String::new(), origin: file.clone(), file, locations };
        losers.push(Loser { spec, why: why.to_owned() });
    };
    let package = module.with_extension("");
    if is_package {
        let source = module.with_extension("py");
        if source.is_file() {
            let why = "in one directory a package comes before a module";
            add(SpecKind::Source, source, why);
        }
    } else if names_in(&package).iter().any(|name| name.ends_with(".py")) {
        let why = "a directory without an __init__.py counts only where nothing else is found";
        add(SpecKind::Namespace, package.clone(), why);
    }
    let bytecode = package.with_extension("pyc");
    if bytecode.is_file() {
        add(SpecKind::Bytecode, bytecode, "in one directory a source comes before bytecode");
    }
    losers
}
