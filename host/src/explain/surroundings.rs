//! What a search depends on: the path, where its entries come from, and what is on the disk.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The interpreter's part of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Surroundings {
    /// `sys.path`
    pub(super) path: Vec<String>,
    prefix: Option<String>,
    /// `3.14`
    pub(super) version: String,
    /// `sys.stdlib_module_names`
    stdlib: Vec<String>,
    /// Modules that are part of the program.
    pub(super) known: Vec<String>,
    /// `__main__.__file__`, or nothing.
    script: String,
    pub(super) safe_path: bool,
    pub(super) ignore_environment: bool,
    pub(super) no_user_site: bool,
    pub(super) gil: bool,
}

impl Surroundings {
    /// Whether CPython's standard library has a module of this name.
    pub(super) fn is_stdlib(&self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or(name);
        self.stdlib.iter().any(|known| known == top)
    }

    /// Why nothing can be found in an entry.
    pub(super) fn fault(&self, entry: &str) -> Option<&'static str> {
        let path = directory(entry);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Some("may not be read")
            }
            // A part of an archive: `app.zip/lib`.
            Err(_) if path.ancestors().skip(1).any(Path::is_file) => None,
            Err(_) => Some("does not exist"),
            Ok(about) if about.is_dir() => match std::fs::read_dir(&path) {
                Ok(_) => None,
                Err(_) => Some("may not be read"),
            },
            Ok(_) if is_zip(&path) => None,
            Ok(_) => Some("is neither a directory nor a zip archive"),
        }
    }

    /// Where an entry of `sys.path` comes from.
    pub(super) fn origin(&self, entry: &str) -> String {
        let path = directory(entry);
        let is_script_dir = || {
            let script = std::fs::canonicalize(&self.script).ok();
            !self.script.is_empty() && script.as_deref().and_then(Path::parent) == Some(&path)
        };
        if entry.is_empty() || !is_script_dir() && is_current(&path) {
            return "the current directory".into();
        }
        if self.path.first().is_some_and(|first| first == entry) && is_script_dir() {
            return "the script's directory".into();
        }
        if let Some((file, line)) = self.pth_lines().find_map(|(file, number, target)| {
            (target == path).then(|| (file.display().to_string(), number))
        }) {
            return format!("added by {file}:{line}");
        }
        if path.ends_with("site-packages") || path.ends_with("dist-packages") {
            return "site-packages".into();
        }
        if !self.ignore_environment && python_path().any(|from| from == path) {
            return "from PYTHONPATH".into();
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let library = format!("python{}", self.version);
        if path.starts_with(prefix) && path.iter().any(|part| part == OsStr::new(&library))
            || entry.ends_with(&format!("python{}.zip", self.version.replace('.', "")))
        {
            return "the standard library's place".into();
        }
        if is_script_dir() {
            return "the script's directory".into();
        }
        "added by a program".into()
    }

    /// The lines of `.pth` files that name directories: file, number of the line, directory.
    pub(super) fn pth_lines(&self) -> impl Iterator<Item = (PathBuf, usize, PathBuf)> + '_ {
        let sites = self.path.iter().map(|entry| directory(entry));
        let sites =
            sites.filter(|path| path.ends_with("site-packages") || path.ends_with("dist-packages"));
        sites.flat_map(|site| {
            let files = names_in(&site).into_iter().filter(|name| name.ends_with(".pth"));
            files
                .flat_map({
                    let site = site.clone();
                    move |name| {
                        let file = site.join(name);
                        let text = std::fs::read_to_string(&file).unwrap_or_default();
                        lines_of_pth(&site, &file, &text)
                    }
                })
                .collect::<Vec<_>>()
        })
    }
}

fn lines_of_pth(site: &Path, file: &Path, text: &str) -> Vec<(PathBuf, usize, PathBuf)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines
        .filter(|(_, line)| {
            let is_code = line.starts_with("import ") || line.starts_with("import\t");
            !line.is_empty() && !line.starts_with('#') && !is_code
        })
        .map(|(number, line)| (file.to_owned(), number, normal(&site.join(line))))
        .collect()
}

/// An entry of a path as a directory: the empty one is the current one.
pub(super) fn directory(entry: &str) -> PathBuf {
    if entry.is_empty() {
        return std::env::current_dir().unwrap_or_default();
    }
    normal(Path::new(entry))
}

fn normal(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components().collect()
}

fn is_current(path: &Path) -> bool {
    std::env::current_dir().is_ok_and(|here| here == path)
}

/// The directories in the variable, whether it counts or not.
pub(super) fn python_path() -> impl Iterator<Item = PathBuf> {
    let value = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let entries: Vec<PathBuf> =
        std::env::split_paths(&value).filter(|entry| !entry.as_os_str().is_empty()).collect();
    entries.into_iter().map(|entry| normal(&entry))
}

/// The names in a directory, sorted; none if it cannot be read.
pub(super) fn names_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn is_zip(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"PK\x03\x04"
}
