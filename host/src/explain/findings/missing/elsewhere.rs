//! It is on the disk, in a place that is not searched.

use std::path::{Path, PathBuf};

use super::{Add, source_in};
use crate::explain::report::FindingKind;
use crate::explain::surroundings::{Surroundings, names_in, python_path};

pub(super) fn look(name: &str, searched: &[PathBuf], surroundings: &Surroundings, add: Add<'_>) {
    let is_searched = |place: &Path| searched.iter().any(|entry| entry == place);
    let mut found = |place: PathBuf, why: &str| {
        let file = source_in(&place, name).filter(|_| !is_searched(&place));
        if let Some(file) = file {
            let text = format!("{} would be it, but {why}", file.display());
            add(FindingKind::NotOnPath, text);
        }
    };
    let here = std::env::current_dir().unwrap_or_default();
    let path0 = if surroundings.safe_path {
        "the current directory is not searched: -P, -I or PYTHONSAFEPATH leaves it out"
    } else {
        "the current directory is not searched: a script's own directory is, in its place"
    };
    found(here, path0);
    for place in python_path() {
        let why = if surroundings.ignore_environment {
            "PYTHONPATH does not count: -E or -I ignores the environment"
        } else {
            "this entry of PYTHONPATH is no longer on sys.path"
        };
        found(place, why);
    }
    for place in other_sites() {
        let why = if surroundings.no_user_site && place.starts_with(home().join(".local")) {
            "the user's site-packages are not searched: -s, -I or PYTHONNOUSERSITE leaves them out"
                .to_owned()
        } else {
            format!(
                "{} is not on the path: it was installed for another Python. Set PYTHONPATH, or install it where \
                 togil looks (pip install --target)",
                place.display()
            )
        };
        found(place, &why);
    }
    distributions(name, searched, add);
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default()
}

/// `site-packages` of the user, of the system, and of the active environment.
fn other_sites() -> Vec<PathBuf> {
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let roots =
        [environment, Some(home().join(".local")), Some("/usr/local".into()), Some("/usr".into())];
    let libraries = roots.into_iter().flatten().map(|root| root.join("lib"));
    libraries
        .flat_map(|library| {
            let versions = names_in(&library).into_iter().filter(|name| name.contains("python"));
            versions.map(move |version| library.join(version)).collect::<Vec<_>>()
        })
        .flat_map(|version| ["site-packages", "dist-packages"].map(|name| version.join(name)))
        .filter(|place| place.is_dir())
        .collect()
}

/// What is installed has a name of its own: the distribution PyYAML has the module yaml.
fn distributions(name: &str, searched: &[PathBuf], add: Add<'_>) {
    for place in searched {
        for file in names_in(place) {
            let Some(stem) = file.strip_suffix(".dist-info") else { continue };
            let distribution = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
            if normal(distribution) != normal(name) {
                continue;
            }
            let modules = top_level(&place.join(&file));
            if !modules.is_empty() && !modules.iter().any(|module| module == name) {
                let text = format!(
                    "{distribution} is the name of what is installed ({}); its modules are {}",
                    place.join(&file).display(),
                    modules.join(", ")
                );
                add(FindingKind::Suggestion, text);
            }
        }
    }
}

/// The name as package indexes compare it (PEP 503).
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['-', '.'], "_")
}

/// The modules of a distribution: from `top_level.txt`, or from the list of its files.
fn top_level(info: &Path) -> Vec<String> {
    if let Ok(text) = std::fs::read_to_string(info.join("top_level.txt")) {
        return text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Into::into)
            .collect();
    }
    let record = std::fs::read_to_string(info.join("RECORD")).unwrap_or_default();
    let mut modules: Vec<String> = record
        .lines()
        .filter_map(|line| {
            let file = line.split(',').next()?;
            match file.split_once('/') {
                Some((package, "__init__.py")) => Some(package.to_owned()),
                None => file.strip_suffix(".py").map(str::to_owned),
                _ => None,
            }
        })
        .collect();
    modules.dedup();
    modules
}
