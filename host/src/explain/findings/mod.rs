//! What a user should know beyond the four steps.

mod bytecode;
mod missing;
mod shadow;
mod started;

use super::report::{Finding, FindingKind, LookupState, ModuleReport, SpecKind};
use super::surroundings::Surroundings;

/// Adds what there is to say about a module, and about what it imported.
pub(super) fn about(
    module: &ModuleReport,
    surroundings: &Surroundings,
    asked_for: bool,
    findings: &mut Vec<Finding>,
) {
    let mut add = |kind, text: String| {
        let finding = Finding { kind, module: module.name.clone(), text };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    shadow::look(module, surroundings, asked_for, &mut add);
    bytecode::look(module, &mut add);
    if asked_for {
        not_executed(module, &mut add);
    }
    for inner in &module.imports {
        about(inner, surroundings, false, findings);
    }
}

/// Adds what may have been meant by a module that was not found. Among `others` are its parents.
pub(super) fn about_missing(
    culprit: &ModuleReport,
    others: &[&ModuleReport],
    surroundings: &Surroundings,
    findings: &mut Vec<Finding>,
) {
    let mut add = |kind, text: String| {
        findings.push(Finding { kind, module: culprit.name.clone(), text });
    };
    missing::look(culprit, others, surroundings, &mut add);
}

/// A module that was there before, or is no source: an edit of the source does nothing.
fn not_executed(module: &ModuleReport, add: &mut impl FnMut(FindingKind, String)) {
    let name = &module.name;
    let spec = module.find.as_ref().and_then(|find| find.winner.as_ref());
    let file = spec.and_then(|spec| spec.file.as_deref());
    if module.modules.state == LookupState::There {
        let mut text = format!(
            "{name} was in sys.modules before it was asked for, so its code was not run again"
        );
        let is_source = spec.is_some_and(|spec| spec.kind == SpecKind::Source);
        if let Some(file) = file.filter(|_| is_source) {
            let since = if started::changed_since(file) == Some(true) {
                ", which was changed after this process started"
            } else {
                ""
            };
            text += &format!(
                ". An edit of {file}{since} does nothing until importlib.reload({name}) or a new process"
            );
        }
        add(FindingKind::AlreadyImported, text);
    }
    let Some(file) = file else {
        if let Some(spec) = spec.filter(|spec| spec.kind == SpecKind::Namespace) {
            let parts = spec.locations.as_deref().unwrap_or_default().join(", ");
            let text = format!(
                "{name} is a namespace package: no __init__.py was found, only {parts}. Such a directory counts \
                 only if nothing else of that name is found; an __init__.py makes it a package of its own"
            );
            add(FindingKind::Namespace, text);
        }
        return;
    };
    match spec.map(|spec| spec.kind) {
        Some(SpecKind::Bytecode) => add(
            FindingKind::NotTheSource,
            format!(
                "{name} is the bytecode in {file}; there is no source beside it, so there is nothing to edit"
            ),
        ),
        Some(SpecKind::Zip) => add(
            FindingKind::NotTheSource,
            format!(
                "{name} comes out of an archive ({file}); an edit of an unpacked copy does nothing"
            ),
        ),
        _ => {}
    }
}
