//! A report as text: the verdict, the four steps, what else there is to say.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use super::report::{
    CacheState, Compile, EntryNote, Find, FinderNote, GilReport, ImportReport, LookupState,
    ModuleReport, Spec, SpecKind,
};

impl Display for ImportReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        for module in &self.modules {
            writeln!(f)?;
            if self.modules.len() > 1 {
                writeln!(f, "  {}", module.name)?;
            }
            steps(f, module)?;
        }
        if let Some(culprit) = inner_culprit(self) {
            let place = culprit.imported_by.as_ref();
            let place = place.map(|place| format!(", imported at {}:{}", place.file, place.line));
            writeln!(f, "\n  {}{}", culprit.name, place.unwrap_or_default())?;
            steps(f, culprit)?;
        }
        if !self.findings.is_empty() {
            writeln!(f)?;
        }
        for finding in &self.findings {
            writeln!(f, "  note: {}", finding.text)?;
        }
        gil(f, &self.gil)
    }
}

/// The module at fault, if it is one that a part of the name imported.
fn inner_culprit(report: &ImportReport) -> Option<&ModuleReport> {
    let culprit = report.culprit.as_deref()?;
    let is_part = report.modules.iter().any(|part| part.name == culprit);
    let every = super::flat(&report.modules).into_iter();
    every.filter(|_| !is_part).find(|module| module.name == culprit && module.error.is_some())
}

/// A time, in a column of its own.
pub(super) fn milliseconds(ns: u64) -> String {
    format!("{:>9.3} ms", ns as f64 / 1e6)
}

fn line(f: &mut Formatter<'_>, step: &str, what: &str, ns: Option<u64>) -> fmt::Result {
    let time = ns.map(milliseconds).unwrap_or_default();
    writeln!(f, "  {step:<14} {time:>12}  {what}")
}

fn steps(f: &mut Formatter<'_>, module: &ModuleReport) -> fmt::Result {
    let state = match module.modules.state {
        LookupState::Absent => "not there",
        LookupState::There => "there: nothing else is done",
        LookupState::Initializing => "there, and still being executed",
        LookupState::None => "None is there, which blocks the import",
    };
    line(f, "1 sys.modules", state, Some(module.modules.ns))?;
    let not_reached = "not reached";
    let before = module.modules.state != LookupState::Absent;
    match &module.find {
        None => line(f, "2 find", not_reached, None)?,
        Some(find) if before || find.finders.is_empty() => {
            let what = find.winner.as_ref().map(from_where).unwrap_or_default();
            let what = if before { format!("{not_reached}; it was loaded: {what}") } else { what };
            line(f, "2 find", &what, None)?;
            losers(f, find)?;
        }
        Some(find) => found(f, find)?,
    }
    let winner = module.find.as_ref().and_then(|find| find.winner.as_ref());
    match (&module.compile, winner) {
        (Some(compile), _) => compiled(f, compile)?,
        (None, Some(spec)) if module.execute.is_some() => {
            line(f, "3 compile", &nothing_to_compile(spec.kind), None)?;
        }
        _ => line(f, "3 compile", not_reached, None)?,
    }
    let inner = match module.imports.len() {
        0 => String::new(),
        1 => format!("; it imported {}", module.imports[0].name),
        more => format!("; it imported {more} modules that were not there yet"),
    };
    match (&module.execute, &module.error) {
        (None, _) => line(f, "4 execute", not_reached, None)?,
        (Some(execute), None) => {
            line(f, "4 execute", &format!("done, and registered{inner}"), Some(execute.ns))?;
        }
        (Some(execute), Some(error)) => {
            let place = error.place.as_ref();
            let place = place.map(|place| format!(" ({}:{})", place.file, place.line));
            let what = format!(
                "raised {}: {}{}, so it is not registered{inner}",
                error.kind,
                error.message,
                place.unwrap_or_default()
            );
            line(f, "4 execute", &what, Some(execute.ns))?;
        }
    }
    Ok(())
}

fn found(f: &mut Formatter<'_>, find: &Find) -> fmt::Result {
    let what = match &find.winner {
        Some(spec) => from_where(spec),
        None => "not found".to_owned(),
    };
    line(f, "2 find", &what, Some(find.ns))?;
    for finder in &find.finders {
        line(f, "", &format!("{}: {}", finder.finder, answer(finder)), Some(finder.ns))?;
        for note in &finder.entries {
            line(f, "", &format!("  {}", entry(note)), Some(note.ns))?;
        }
    }
    losers(f, find)
}

fn losers(f: &mut Formatter<'_>, find: &Find) -> fmt::Result {
    for loser in &find.losers {
        line(f, "", &format!("lost: {}: {}", from_where(&loser.spec), loser.why), None)?;
    }
    Ok(())
}

fn answer(finder: &FinderNote) -> String {
    match (&finder.found, &finder.error) {
        (Some(_), _) => "has it".to_owned(),
        (None, Some(error)) => format!("raised {}: {}", error.kind, error.message),
        (None, None) => "no".to_owned(),
    }
}

fn entry(note: &EntryNote) -> String {
    let shown = if note.entry.is_empty() { "''" } else { &note.entry };
    let from = &note.from;
    let answer = match (&note.found, &note.error, &note.finder) {
        (Some(spec), ..) if spec.kind == SpecKind::Namespace => {
            "a directory without an __init__.py; the search goes on".to_owned()
        }
        (Some(spec), ..) => spec.file.clone().unwrap_or_else(|| "has it".to_owned()),
        (None, Some(error), _) => format!("raised {}: {}", error.kind, error.message),
        (None, None, finder) => match (&note.fault, finder) {
            (Some(fault), _) => fault.clone(),
            (None, None) => "nothing can be searched there".to_owned(),
            (None, Some(_)) => "no".to_owned(),
        },
    };
    format!("{shown} ({from}): {answer}")
}

/// What a module is, and where.
pub(super) fn from_where(spec: &Spec) -> String {
    let file = spec.file.as_deref().or(spec.origin.as_deref()).unwrap_or_default();
    let package = spec.locations.is_some() && !file.ends_with("__init__.py");
    let package = if package { " (a package)" } else { "" };
    match spec.kind {
        SpecKind::BuiltIn => "a built-in module, part of the program".to_owned(),
        SpecKind::Frozen => format!("a frozen module, part of the program{package}"),
        SpecKind::Source => file.to_owned(),
        SpecKind::Bytecode => format!("{file} (bytecode without a source)"),
        SpecKind::Extension => format!("{file} (an extension module)"),
        SpecKind::Namespace => {
            let parts = spec.locations.as_deref().unwrap_or_default().join(", ");
            format!("a namespace package of {parts}")
        }
        SpecKind::Zip => format!("{file} (in an archive)"),
        SpecKind::Other => format!("{file} (loaded by {})", spec.loader),
    }
}

fn nothing_to_compile(kind: SpecKind) -> String {
    match kind {
        SpecKind::BuiltIn => "nothing to compile: it is Rust code",
        SpecKind::Frozen => {
            "nothing to compile: its bytecode is part of the program, and no cache is used"
        }
        SpecKind::Namespace => "nothing to compile: a namespace package has no code",
        _ => "left to its loader",
    }
    .to_owned()
}

fn compiled(f: &mut Formatter<'_>, compile: &Compile) -> fmt::Result {
    let source = compile.source.as_deref().unwrap_or("the source");
    let cached = compile.cache.as_ref().map_or("no cache", |cache| &cache.path);
    let what = match (compile.failed, compile.compiled_ns) {
        (true, _) => "failed".to_owned(),
        (false, Some(_)) => format!("compiled from {source}"),
        (false, None) if compile.cache.is_none() => format!("the code was read from {source}"),
        (false, None) => format!("taken from the cache {cached}"),
    };
    line(f, "3 compile", &what, Some(compile.ns))?;
    let Some(cache) = &compile.cache else { return Ok(()) };
    let state = match cache.state {
        CacheState::Absent => "there is none",
        CacheState::Fresh => "fresh",
        CacheState::Stale => "stale",
        CacheState::Unchecked => "not compared with the source",
        CacheState::UncheckedStale => "stale, but it forbids the comparison",
        CacheState::Foreign => "of another interpreter",
        CacheState::Truncated => "truncated",
        CacheState::Corrupt => "corrupt",
        CacheState::Unreadable => "not readable",
    };
    let detail = cache.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    line(f, "", &format!("cache {cached}: {state}{detail}"), None)?;
    if let Some(refused) = &compile.refused {
        line(f, "", &format!("not taken: {refused}"), None)?;
    }
    match (&compile.why_not_written, compile.wrote) {
        (_, true) => line(f, "", "a new cache was written", None)?,
        (Some(why), _) => line(f, "", &format!("no cache was written: {why}"), None)?,
        _ => {}
    }
    for other in &cache.foreign {
        let file = Path::new(other).file_name().unwrap_or_default().to_string_lossy();
        line(f, "", &format!("not looked at: {file}, which belongs to another interpreter"), None)?;
    }
    Ok(())
}

/// Which modules turned the GIL on, and who imported them.
pub(super) fn gil(f: &mut Formatter<'_>, gil: &GilReport) -> fmt::Result {
    for user in &gil.modules {
        let way: Vec<String> = user
            .imported_by
            .iter()
            .map(|place| format!("{} ({}:{})", place.module, place.file, place.line))
            .collect();
        let way = if way.is_empty() { "code of the host".to_owned() } else { way.join(", from ") };
        let what = if user.turned_on { "turned the GIL on" } else { "needs the GIL, which was on" };
        writeln!(f, "  gil: {} {what}; it was imported by {way}", user.name)?;
    }
    Ok(())
}
