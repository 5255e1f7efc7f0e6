//! One module in front of another.

use std::path::Path;

use crate::explain::report::{FindingKind, LookupState, ModuleReport, Spec, SpecKind};
use crate::explain::surroundings::Surroundings;

pub(super) fn look(
    module: &ModuleReport,
    surroundings: &Surroundings,
    asked_for: bool,
    add: &mut impl FnMut(FindingKind, String),
) {
    let Some(find) = &module.find else { return };
    let Some(winner) = &find.winner else { return };
    let name = &module.name;
    let won = file(winner);
    let in_program = matches!(winner.kind, SpecKind::BuiltIn | SpecKind::Frozen);
    let top = !name.contains('.');
    let hides_stdlib = top && !in_program && surroundings.is_stdlib(name) && {
        let library = |loser: &Spec| matches!(loser.kind, SpecKind::BuiltIn | SpecKind::Frozen);
        find.losers.iter().any(|loser| library(&loser.spec))
            || surroundings.known.iter().any(|known| known == name)
    };
    if hides_stdlib {
        let place = Path::new(&won).parent().map(|place| place.display().to_string());
        let text = format!(
            "your {won} hides the standard library's {name}: everybody in this program who imports {name} \
             gets yours{}. Rename it",
            place.map(|place| format!(", because {place} is searched first")).unwrap_or_default(),
        );
        add(FindingKind::HidesStdlib, text);
    }
    for loser in &find.losers {
        let lost = file(&loser.spec);
        let is_file =
            matches!(loser.spec.kind, SpecKind::Source | SpecKind::Bytecode | SpecKind::Zip);
        let is_bare = loser.spec.kind == SpecKind::Namespace && winner.kind == SpecKind::Source;
        if top && in_program && is_file {
            let text = format!(
                "your {lost} is never read: {} is found first, so `import {name}` gives that one. Rename your file",
                program_module(winner, name, surroundings),
            );
            add(FindingKind::HiddenByStdlib, text);
        } else if !in_program
            && (is_file && (asked_for || is_library(&lost)) || is_bare && asked_for)
        {
            add(
                FindingKind::Hides,
                format!("{won} hides {lost}, which is never read: {}", loser.why),
            );
        }
    }
    moved(module, &won, add);
}

/// What was loaded is not what a search would find now.
fn moved(module: &ModuleReport, won: &str, add: &mut impl FnMut(FindingKind, String)) {
    let Some(find) = &module.find else { return };
    let loaded_before = module.modules.state == LookupState::There && find.finders.is_empty();
    let is_source = find.winner.as_ref().is_some_and(|spec| spec.kind == SpecKind::Source);
    if loaded_before && is_source && !Path::new(won).exists() {
        let text = format!(
            "{won}, of which {} was loaded, does not exist any more: a new process will not find it there",
            module.name
        );
        add(FindingKind::AlreadyImported, text);
    }
}

fn program_module(winner: &Spec, name: &str, surroundings: &Surroundings) -> String {
    match winner.kind {
        _ if surroundings.is_stdlib(name) => {
            format!("the standard library's {name}, which is part of togil,")
        }
        SpecKind::BuiltIn => format!("the host's own module {name}"),
        _ => format!("the frozen module {name}"),
    }
}

/// Whether a file was installed, as against a user's own.
fn is_library(file: &str) -> bool {
    Path::new(file).iter().any(|part| part == "site-packages" || part == "dist-packages")
}

fn file(spec: &Spec) -> String {
    let part = || spec.locations.as_ref().and_then(|parts| parts.first().cloned());
    let file = spec.file.clone().or_else(|| spec.origin.clone()).or_else(part);
    file.unwrap_or_else(|| spec.loader.clone())
}
