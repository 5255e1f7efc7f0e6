//! Files that are nearly it.

use std::path::{Path, PathBuf};

use super::Add;
use crate::explain::report::FindingKind;
use crate::explain::surroundings::names_in;

pub(super) fn look(name: &str, tail: &str, directories: &[PathBuf], add: Add<'_>) {
    for place in directories {
        for file in names_in(place) {
            if let Some(text) = nearly(place, &file, name, tail) {
                add(FindingKind::Suggestion, text);
            }
        }
        orphan(place, tail, add);
    }
}

/// What keeps a file from being the module.
fn nearly(place: &Path, file: &str, name: &str, tail: &str) -> Option<String> {
    let path = place.join(file);
    let shown = path.display();
    let is_dir = path.is_dir();
    if file == tail && is_dir && !path.join("__init__.py").exists() {
        let inside = names_in(&path);
        let what = if inside.is_empty() {
            "is an empty directory".to_owned()
        } else {
            format!("is a directory with {} in it, but it has no __init__.py", first_few(&inside))
        };
        return Some(format!("{shown} {what}"));
    }
    let stem = file.strip_suffix(".py").unwrap_or(file);
    let is_module = stem.len() < file.len() || path.join("__init__.py").is_file();
    if stem != tail && stem.to_lowercase() == tail.to_lowercase() && is_module {
        return Some(format!(
            "{shown} differs in upper and lower case: file names and modules are case-sensitive, so \
             import {}{stem}",
            name.strip_suffix(tail).unwrap_or_default()
        ));
    }
    if stem != tail && stem.replace('-', "_") == tail.replace('-', "_") && stem.contains('-') {
        return Some(format!(
            "{shown} has a - in its name, which no module's name may have: rename it to {}",
            file.replace('-', "_")
        ));
    }
    let rest = file.strip_prefix(tail)?;
    let wrong = [".py.txt", ".pyw", ".PY", ".py~", ".py.bak", ".pyi", ".txt"].contains(&rest);
    if wrong {
        return Some(format!("{shown} does not end in .py, so it is no module"));
    }
    if rest != ".py" {
        return None;
    }
    let link = std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_symlink());
    if link && !path.exists() {
        let target = std::fs::read_link(&path).unwrap_or_default();
        return Some(format!("{shown} is a link to {}, which does not exist", target.display()));
    }
    is_dir.then(|| format!("{shown} is a directory, and no file"))
}

/// The source has gone and its cache is left.
fn orphan(place: &Path, tail: &str, add: Add<'_>) {
    let caches = place.join("__pycache__");
    let prefix = format!("{tail}.");
    let is_it = |file: &String| file.starts_with(&prefix) && file.ends_with(".pyc");
    if let Some(cache) = names_in(&caches).into_iter().find(is_it)
        && !place.join(format!("{tail}.py")).exists()
    {
        let text = format!(
            "{} is the cache of a source that has gone ({tail}.py): a cache in __pycache__ is never imported by itself",
            caches.join(cache).display()
        );
        add(FindingKind::Suggestion, text);
    }
}

fn first_few(names: &[String]) -> String {
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 3 { format!("{shown}, ...") } else { shown }
}
