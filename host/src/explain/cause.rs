//! Why an import failed: from the module that was asked for, down to the one at fault.

use super::notes::is_below;
use super::report::{CacheState, Cause, Failure, LookupState, ModuleReport, SpecKind};
use super::surroundings::{directory, names_in};

/// Why, where, and in words.
pub(super) struct Diagnosis {
    pub(super) cause: Cause,
    pub(super) culprit: String,
    pub(super) verdict: String,
}

/// Looks for the cause of a failed import. `parts` are the parts of `name`, parents first.
pub(super) fn diagnose(name: &str, parts: &[ModuleReport], error: &Failure) -> Diagnosis {
    let way = way_down(parts, error);
    let Some(culprit) = way.last().copied() else {
        return without_import(name, parts, error);
    };
    let (cause, what) = judge(culprit, &way, error);
    let mut verdict = format!("{name}: not importable: ");
    let inside = way.iter().take(way.len() - 1).zip(&way[1..]).enumerate();
    for (index, (_, inner)) in inside {
        let place = inner.imported_by.as_ref();
        let place = place.map(|place| format!(" ({}:{})", place.file, place.line));
        let it = if index == 0 { "it was found, but it" } else { "which" };
        verdict += &format!("{it} imports {}{}, ", inner.name, place.unwrap_or_default());
    }
    if way.len() > 1 {
        verdict += "and there ";
    } else if culprit.name != name {
        verdict += &format!("its parent {} is not importable: ", culprit.name);
    }
    verdict += &what;
    Diagnosis { cause, culprit: culprit.name.clone(), verdict }
}

/// The imports through which the exception came, the outermost first.
pub(super) fn way_down<'a>(parts: &'a [ModuleReport], error: &Failure) -> Vec<&'a ModuleReport> {
    let mut way = Vec::new();
    let mut among = parts;
    let mut chain = error.chain.as_slice();
    loop {
        // Of the parts of a name the first that failed has stopped the others.
        let mut failed = among.iter().filter(|part| {
            let mine = part.error.as_ref().and_then(|error| error.chain.first());
            mine.is_some_and(|id| chain.contains(id))
        });
        let next = if way.is_empty() { failed.next() } else { failed.next_back() };
        let Some(next) = next else { return way };
        way.push(next);
        among = &next.imports;
        chain = next.error.as_ref().map_or(&[], |error| &error.chain);
    }
}

fn judge(culprit: &ModuleReport, way: &[&ModuleReport], outer: &Failure) -> (Cause, String) {
    let error = culprit.error.as_ref().unwrap_or(outer);
    let name = &culprit.name;
    let at = error.place.as_ref().map(|place| format!(" ({}:{})", place.file, place.line));
    let at = at.unwrap_or_default();
    let found = culprit.find.as_ref().and_then(|find| find.winner.as_ref());
    if culprit.modules.state == LookupState::None {
        let text = format!(
            "sys.modules[{name:?}] is None, which blocks the import: some code has put it there"
        );
        return (Cause::Blocked, text);
    }
    if let Some(circle) = circle(error, way) {
        return (Cause::Circular, circle);
    }
    if culprit.compile.as_ref().is_some_and(|compile| compile.failed) {
        return not_compiled(culprit, error);
    }
    if found.is_some_and(|spec| spec.kind == SpecKind::Extension) {
        return (Cause::ExtensionModule, extension(&culprit_file(culprit)));
    }
    if found.is_none() && error.not_found {
        return not_found(culprit, error);
    }
    if error.import_error && error.message.starts_with("cannot import name") {
        return (Cause::NoSuchName, format!("{}{at}", error.message));
    }
    if error.message.contains("(its import policy)") {
        return (Cause::Policy, format!("{}{at}", error.message));
    }
    let file = culprit_file(culprit);
    let from = if file.is_empty() { String::new() } else { format!(" of {file}") };
    (Cause::Raised, format!("the code{from} raised {}: {}{at}", error.kind, error.message))
}

fn culprit_file(culprit: &ModuleReport) -> String {
    let spec = culprit.find.as_ref().and_then(|find| find.winner.as_ref());
    spec.and_then(|spec| spec.file.clone()).unwrap_or_default()
}

/// No import of a module failed, but something else did: a name, or a policy that refused to ask.
fn without_import(name: &str, parts: &[ModuleReport], error: &Failure) -> Diagnosis {
    let there = parts.iter().any(|part| part.modules.state == LookupState::None);
    let (cause, what) = if error.message.contains("(its import policy)") {
        (Cause::Policy, error.message.clone())
    } else if there {
        let text = format!("sys.modules[{name:?}] is None, which blocks the import");
        (Cause::Blocked, text)
    } else {
        (Cause::Raised, format!("{}: {}", error.kind, error.message))
    };
    let verdict = format!("{name}: not importable: {what}");
    Diagnosis { cause, culprit: name.to_owned(), verdict }
}

/// A module above on the way was asked for something before it had it. The VM says so itself, except
/// where it believes that the file has the name of a library.
fn circle(error: &Failure, way: &[&ModuleReport]) -> Option<String> {
    let message = &error.message;
    let asked = ["partially initialized module '", "' from '", "module '"]
        .iter()
        .find_map(|before| message.split_once(before))
        .and_then(|(_, rest)| rest.split('\'').next())?;
    let lacks = message.starts_with("cannot import name") || message.contains("has no attribute");
    let start = way.iter().position(|module| module.name == asked)?;
    // The module asks itself: no circle.
    if !lacks || start + 1 == way.len() {
        return None;
    }
    let names: Vec<&str> = way[start..].iter().map(|module| module.name.as_str()).collect();
    let wanted = message.split('\'').nth(if message.starts_with("cannot") { 1 } else { 3 })?;
    let place = error.place.as_ref().map(|place| format!(" at {}:{}", place.file, place.line));
    Some(format!(
        "the imports go in a circle: {} -> {asked}. {} asks {asked} for '{wanted}'{}, but {asked} is \
         only partially initialized and has not come to define it. Import it later (inside the function that \
         needs it), or move what both need into a third module",
        names.join(" -> "),
        names.last().unwrap_or(&asked),
        place.unwrap_or_default(),
    ))
}

fn not_compiled(culprit: &ModuleReport, error: &Failure) -> (Cause, String) {
    let compile = culprit.compile.as_ref();
    let file = compile.and_then(|compile| compile.source.clone()).unwrap_or_default();
    if ["SyntaxError", "IndentationError", "TabError"].contains(&error.kind.as_str()) {
        return (Cause::Syntax, format!("{file} is no valid Python: {}", error.message));
    }
    let cache = compile.and_then(|compile| compile.cache.as_ref());
    let used_cache = compile.is_some_and(|compile| compile.compiled_ns.is_none())
        && cache.is_some_and(|cache| cache.state != CacheState::Absent);
    let bytecode = if file.ends_with(".pyc") { Some(file.clone()) } else { None };
    let broken = bytecode.or_else(|| cache.filter(|_| used_cache).map(|cache| cache.path.clone()));
    match broken {
        Some(path) => {
            let text = format!(
                "the bytecode in {path} cannot be read: {}: {}; delete the file",
                error.kind, error.message
            );
            (Cause::BrokenBytecode, text)
        }
        None => {
            (Cause::Raised, format!("{file} cannot be loaded: {}: {}", error.kind, error.message))
        }
    }
}

fn not_found(culprit: &ModuleReport, error: &Failure) -> (Cause, String) {
    let name = &culprit.name;
    if let Some((_, parent)) = error.message.split_once("; '")
        && let Some(parent) = parent.strip_suffix("' is not a package")
    {
        let text =
            format!("{parent} is a module and no package, so it cannot have a module {name}");
        return (Cause::ParentIsNoPackage, text);
    }
    if let Some(file) = extension_file(culprit) {
        return (Cause::ExtensionModule, extension(&file));
    }
    match name.rsplit_once('.') {
        Some((package, tail)) => {
            let text = format!("the package {package} was found, but it has no module {tail}");
            (Cause::NoSuchSubmodule, text)
        }
        None => (Cause::NotFound, format!("no finder knows a module named '{name}'")),
    }
}

fn extension(file: &str) -> String {
    format!(
        "all that was found is {file}, an extension module for CPython; togil runs pure Python only"
    )
}

/// An extension module in one of the directories that were searched.
pub(super) fn extension_file(module: &ModuleReport) -> Option<String> {
    let tail = module.name.rsplit('.').next()?;
    let entries = module.find.iter().flat_map(|find| &find.finders).flat_map(|one| &one.entries);
    let mut directories = entries.map(|note| directory(&note.entry));
    directories.find_map(|directory| {
        let is_it = |name: &String| is_extension_of(name, tail);
        let here = names_in(&directory).into_iter().find(is_it).map(|name| directory.join(name));
        let package = directory.join(tail);
        let init = |name: &String| is_extension_of(name, "__init__");
        let inside = || names_in(&package).into_iter().find(init).map(|name| package.join(name));
        here.or_else(inside).map(|path| path.display().to_string())
    })
}

/// `name.so`, `name.abi3.so`, `name.cpython-313-x86_64-linux-gnu.so`, `name.pyd`.
fn is_extension_of(file: &str, module: &str) -> bool {
    let Some(rest) = file.strip_prefix(module) else { return false };
    rest.starts_with('.')
        && (rest.ends_with(".so") || rest.ends_with(".pyd"))
        && rest.matches('.').count() <= 2
}

/// The parts of a dotted name that come before it.
pub(super) fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[..at]).filter(move |parent| is_below(name, parent))
}
