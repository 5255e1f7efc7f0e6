//! A program's imports as a tree, with their times.

use std::fmt::{self, Display, Formatter};

use super::report::{LookupState, ModuleReport, ProgramReport, SpecKind};
use super::text::{from_where, gil, milliseconds};

impl Display for ProgramReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  {:>12}  gil  module", "own", "with imports")?;
        for module in &self.modules {
            draw(f, module, 0, self)?;
        }
        let total: u64 = self.modules.iter().map(|module| module.total_ns).sum();
        let count = count(&self.modules);
        writeln!(f, "{:>12}  {}       {count} imports", "", milliseconds(total))?;
        for failure in &self.failures {
            writeln!(f, "\n{failure}")?;
        }
        if !self.findings.is_empty() {
            writeln!(f)?;
        }
        for finding in &self.findings {
            writeln!(f, "  note: {}", finding.text)?;
        }
        match (self.gil.before, self.gil.modules.is_empty()) {
            (_, false) => gil(f, &self.gil),
            (true, _) => writeln!(f, "  gil: it was on before the program began"),
            (false, true) => writeln!(f, "  gil: no module of the program turned it on"),
        }
    }
}

fn draw(
    f: &mut Formatter<'_>,
    module: &ModuleReport,
    depth: usize,
    report: &ProgramReport,
) -> fmt::Result {
    let spec = module.find.as_ref().and_then(|find| find.winner.as_ref());
    let from = match spec {
        _ if module.modules.state == LookupState::None => "blocked".to_owned(),
        // `collections.abc` is what `collections` puts into `sys.modules`.
        None if module.error.is_none() => "made by its package".to_owned(),
        None => "not found".to_owned(),
        Some(spec) => match spec.kind {
            SpecKind::BuiltIn => "built-in".to_owned(),
            SpecKind::Frozen => "frozen".to_owned(),
            _ => from_where(spec),
        },
    };
    let cache = match &module.compile {
        Some(compile) if compile.failed => "",
        Some(compile) if compile.compiled_ns.is_some() => ", compiled",
        Some(compile) if compile.cache.is_some() => ", from its cache",
        _ => "",
    };
    let error = module.error.as_ref().map(|error| format!(", {}", error.kind)).unwrap_or_default();
    let by = match &module.imported_by {
        Some(place) => format!(", line {}", place.line),
        None => String::new(),
    };
    let user = report.gil.modules.iter().find(|user| user.name == module.name);
    let gil = match user {
        Some(user) if user.turned_on => "on!",
        Some(_) => "yes",
        None => "",
    };
    writeln!(
        f,
        "{}  {}  {gil:<3}  {:indent$}{} [{from}{cache}{by}{error}]",
        milliseconds(module.own_ns),
        milliseconds(module.total_ns),
        "",
        module.name,
        indent = depth * 2
    )?;
    module.imports.iter().try_for_each(|inner| draw(f, inner, depth + 1, report))
}

fn count(modules: &[ModuleReport]) -> usize {
    modules.iter().map(|module| 1 + count(&module.imports)).sum()
}
