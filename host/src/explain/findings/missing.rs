//! A module that nobody knows: where it is all the same, and what may have been meant.

mod elsewhere;
mod files;

use std::path::PathBuf;

use crate::explain::cause::{extension_file, parents};
use crate::explain::near::close_to;
use crate::explain::report::{EntryNote, FindingKind, ModuleReport, Spec, SpecKind};
use crate::explain::surroundings::{Surroundings, directory, names_in};

type Add<'a> = &'a mut dyn FnMut(FindingKind, String);

pub(super) fn look(
    culprit: &ModuleReport,
    packages: &[&ModuleReport],
    surroundings: &Surroundings,
    add: &mut impl FnMut(FindingKind, String),
) {
    let name = culprit.name.as_str();
    let tail = name.rsplit('.').next().unwrap_or(name);
    let directories: Vec<PathBuf> = entries(culprit).map(|note| directory(&note.entry)).collect();
    let add: Add<'_> = add;

    file_name(culprit, packages, &directories, surroundings, add);
    files::look(name, tail, &directories, add);
    for note in entries(culprit).filter(|note| note.listed == Some(false)) {
        stale_list(note, tail, add);
    }
    editable(culprit, add);
    if name.contains('.') {
        other_packages(name, tail, packages, add);
    } else {
        if surroundings.is_stdlib(name) {
            let text = format!(
                "{name} is a module of CPython's standard library that togil does not have"
            );
            add(FindingKind::Suggestion, text);
        }
        elsewhere::look(name, &directories, surroundings, add);
        for note in entries(culprit) {
            bad_entry(note, surroundings, add);
        }
        for (file, line, target) in surroundings.pth_lines().filter(|(.., at)| !at.exists()) {
            let (file, target) = (file.display(), target.display());
            let text = format!("{file}:{line} adds {target} to the path, which does not exist");
            add(FindingKind::BadPathEntry, text);
        }
    }
    if extension_file(culprit).is_none() {
        suggest(name, tail, &directories, surroundings, add);
    }
}

fn entries(module: &ModuleReport) -> impl Iterator<Item = &EntryNote> {
    module.find.iter().flat_map(|find| &find.finders).flat_map(|finder| &finder.entries)
}

/// `import tool.py`: a file's name where a module's belongs.
fn file_name(
    culprit: &ModuleReport,
    packages: &[&ModuleReport],
    directories: &[PathBuf],
    surroundings: &Surroundings,
    add: Add<'_>,
) {
    let Some(module) = culprit.name.strip_suffix(".py") else { return };
    let parent_is_file = packages.iter().any(|package| package.name == module);
    let searched = surroundings.path.iter().map(|entry| directory(entry));
    let file = format!("{module}.py");
    if parent_is_file
        || searched.chain(directories.iter().cloned()).any(|place| place.join(&file).is_file())
    {
        let text = format!("a module's name has no .py at its end: import {module}");
        add(FindingKind::Suggestion, text);
    }
}

fn bad_entry(note: &EntryNote, surroundings: &Surroundings, add: Add<'_>) {
    let Some(fault) = surroundings.fault(&note.entry) else { return };
    // Those are on every path, there or not.
    let origin = surroundings.origin(&note.entry);
    if origin != "the standard library's place" {
        let text = format!("{} is on the path ({origin}), and {fault}", note.entry);
        add(FindingKind::BadPathEntry, text);
    }
}

/// The finder goes by a list that it made when the directory was different.
fn stale_list(note: &EntryNote, tail: &str, add: Add<'_>) {
    let place = directory(&note.entry);
    if let Some(there) = [format!("{tail}.py"), format!("{tail}/__init__.py")]
        .into_iter()
        .map(|file| place.join(file))
        .find(|file| file.is_file())
    {
        let text = format!(
            "{} is there, but the finder's list of the directory is older: call importlib.invalidate_caches()",
            there.display()
        );
        add(FindingKind::StaleDirectoryList, text);
    }
}

/// An editable install points to a place that has gone.
fn editable(culprit: &ModuleReport, add: Add<'_>) {
    let name = &culprit.name;
    for finder in culprit.find.iter().flat_map(|find| &find.finders) {
        for (module, place) in &finder.mapping {
            let is_it = name == module || super::super::notes::is_below(name, module);
            if is_it && !std::path::Path::new(place).exists() {
                let text = format!(
                    "{} is an editable install: it says that {module} is at {place}, which does not exist any more. \
                     Install it again from where it is now",
                    finder.finder
                );
                add(FindingKind::BadPathEntry, text);
            }
        }
    }
}

/// The parent that won has no such module, but one that it hides has.
fn other_packages(name: &str, tail: &str, packages: &[&ModuleReport], add: Add<'_>) {
    let Some(parent) = parents(name).last() else { return };
    let Some(find) = packages
        .iter()
        .find(|package| package.name == parent)
        .and_then(|package| package.find.as_ref())
    else {
        return;
    };
    let winner = find.winner.as_ref();
    let won = winner.and_then(|spec| spec.file.clone()).unwrap_or_else(|| parent.to_owned());
    for loser in &find.losers {
        let places = loser.spec.locations.iter().flatten().map(|place| directory(place));
        for place in places {
            if let Some(file) = source_in(&place, tail) {
                let text = format!(
                    "{} has it, but {won} hides that {parent}: {}",
                    file.display(),
                    loser.why
                );
                add(FindingKind::Hides, text);
            }
        }
    }
    if let Some(Spec { kind: SpecKind::Namespace, locations, .. }) = winner {
        let parts = locations.as_deref().unwrap_or_default().join(", ");
        let text = format!(
            "{parent} is a namespace package (no __init__.py), made of {parts}; none of these has {tail}"
        );
        add(FindingKind::Namespace, text);
    }
}

/// `tail.py` or `tail/__init__.py`.
fn source_in(place: &std::path::Path, tail: &str) -> Option<PathBuf> {
    let files = [place.join(format!("{tail}.py")), place.join(tail).join("__init__.py")];
    files.into_iter().find(|file| file.is_file())
}

fn suggest(
    name: &str,
    tail: &str,
    directories: &[PathBuf],
    surroundings: &Surroundings,
    add: Add<'_>,
) {
    let package = name.strip_suffix(tail).unwrap_or_default();
    let mut known: Vec<String> = directories.iter().flat_map(|place| modules_in(place)).collect();
    let of_program = surroundings.known.iter().filter_map(|known| known.strip_prefix(package));
    known.extend(of_program.filter(|known| !known.contains('.')).map(str::to_owned));
    let close = close_to(tail, known.iter().map(String::as_str));
    if !close.is_empty() {
        let names: Vec<String> = close
            .iter()
            .map(|close| {
                let place =
                    directories.iter().find(|place| modules_in(place).iter().any(|m| m == close));
                match place {
                    Some(place) => format!("{package}{close} (in {})", place.display()),
                    None => format!("{package}{close}"),
                }
            })
            .collect();
        add(FindingKind::Suggestion, format!("did you mean {}?", names.join(", or ")));
    }
}

/// The modules and packages in a directory.
fn modules_in(place: &std::path::Path) -> Vec<String> {
    let names = names_in(place).into_iter();
    names
        .filter_map(|name| {
            let module = match name.strip_suffix(".py") {
                Some(module) => module.to_owned(),
                None if place.join(&name).join("__init__.py").is_file() => name,
                None => return None,
            };
            module.chars().all(|letter| letter.is_alphanumeric() || letter == '_').then_some(module)
        })
        .collect()
}
