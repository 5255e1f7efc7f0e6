//! The `site` module, or what it comes to where it has nothing to do.
//!
//! `site` looks for directories of packages and for two modules of the user's, and puts six names
//! into `builtins`. It imports `os` for that, half of an empty script's time. Where there is
//! nothing to be found, only the names are put there, in the state in which `site` leaves them.
//! A script that imports `site` later gets it whole.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::args::Target;
use super::env::Resolved;
use crate::Python;
use crate::vm::version::{MAJOR, MINOR};
use crate::vm::{AsObject, PyObjectRef, PyResult};

/// Does what `import site` does at the start.
pub(super) fn set_up(py: Python<'_>, resolved: &Resolved, what: &Target) -> PyResult<()> {
    let prompts = resolved.inspect || matches!(what, Target::Stdin);
    if prompts || has_work(py, resolved)? {
        py.import("site", 0)?;
        return match venv(py, resolved)? {
            Some(venv) => add_venv(py, &venv),
            None => Ok(()),
        };
    }
    add_builtins(py)
}

/// Whether `site` could find anything, or would change `sys.path`.
fn has_work(py: Python<'_>, resolved: &Resolved) -> PyResult<bool> {
    let vm = py.vm();
    let text = |name: &'static str| -> PyResult<PathBuf> {
        Ok(py.sys_module.get_attr(name, vm)?.str(vm)?.to_string().into())
    };
    let path: Vec<String> = py.sys_module.get_attr("path", vm)?.try_into_value(vm)?;
    let path: Vec<&Path> = path.iter().map(Path::new).collect();
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|_| !resolved.ignore_environment);
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local"));
    let user = variable("PYTHONUSERBASE").or(home).filter(|_| !resolved.no_user_site);
    let prefixes = [Some(text("prefix")?), Some(text("exec_prefix")?), user];
    Ok(variable("VIRTUAL_ENV").is_some()
        || is_venv(&text("executable")?)
        || prefixes.iter().flatten().any(|prefix| has_packages(prefix))
        || would_be_changed(&path)
        || path.iter().any(|entry| may_customize(entry)))
}

/// A `pyvenv.cfg` beside the program, or above.
fn is_venv(executable: &Path) -> bool {
    venv_of(executable).is_some()
}

/// The virtual environment that the program lies in, or is linked into.
fn venv_of(executable: &Path) -> Option<PathBuf> {
    let folders = executable.ancestors().skip(1).take(2);
    folders.map(Path::to_owned).find(|folder| folder.join("pyvenv.cfg").exists())
}

/// The virtual environment that counts: the one that the program is in or, as togil is rarely
/// installed into one, the active one.
fn venv(py: Python<'_>, resolved: &Resolved) -> PyResult<Option<PathBuf>> {
    let executable = py.sys_module.get_attr("executable", py.vm())?.str(py.vm())?.to_string();
    let active = || {
        let value = std::env::var_os("VIRTUAL_ENV").filter(|_| !resolved.ignore_environment);
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    Ok(venv_of(Path::new(&executable)).or_else(active))
}

/// Adds the packages of a virtual environment, and makes it `sys.prefix`. `site` looks only where an
/// environment of this very Python would have them.
fn add_venv(py: Python<'_>, venv: &Path) -> PyResult<()> {
    let vm = py.vm();
    let site = py.import("site", 0)?;
    let prefix = py.ctx.new_str(venv.to_string_lossy().as_ref());
    for name in ["prefix", "exec_prefix"] {
        py.sys_module.as_object().set_attr(name, prefix.clone(), vm)?;
    }
    if let Some(packages) = site_packages(venv) {
        site.get_attr("addsitedir", vm)?.call((packages.to_string_lossy().as_ref(),), vm)?;
    }
    Ok(())
}

/// Of this Python's version, or else of the newest one there: most environments are made by a
/// CPython, and pure packages rarely mind.
fn site_packages(venv: &Path) -> Option<PathBuf> {
    let own = (MAJOR, MINOR);
    let version = |folder: &Path| {
        let name = folder.file_name()?.to_str()?;
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_end_matches('t');
        let (major, minor) = digits.split_once('.')?;
        Some((major.parse::<usize>().ok()?, minor.parse::<usize>().ok()?))
    };
    let folders = std::fs::read_dir(venv.join("lib")).ok()?.flatten().map(|entry| entry.path());
    folders
        .filter(|folder| folder.join("site-packages").is_dir())
        .max_by_key(|folder| (version(folder) == Some(own), version(folder), folder.clone()))
        .map(|folder| folder.join("site-packages"))
}

/// `lib/*python3.14*/site-packages`: what comes before and after the version differs between
/// implementations, builds and systems.
fn has_packages(prefix: &Path) -> bool {
    let version = format!("python{MAJOR}.{MINOR}");
    let Ok(folders) = std::fs::read_dir(prefix.join("lib")) else { return false };
    folders.flatten().any(|folder| {
        folder.file_name().to_string_lossy().contains(&version)
            && folder.path().join("site-packages").exists()
    })
}

/// `site` makes entries absolute, and each of them unique.
fn would_be_changed(path: &[&Path]) -> bool {
    let mut seen = HashSet::new();
    path.iter().any(|entry| !entry.is_absolute() || !seen.insert(entry))
}

/// Whether `import sitecustomize` or `usercustomize` might find one there. An archive may hold one.
fn may_customize(entry: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(entry) else { return entry.is_file() };
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("sitecustomize") || name.starts_with("usercustomize")
    })
}

/// What `site.setquit`, `setcopyright` and `sethelper` do.
fn add_builtins(py: Python<'_>) -> PyResult<()> {
    const EOF: &str = "Ctrl-D (i.e. EOF)";
    const CREDITS: &str = "\
Thanks to CWI, CNRI, BeOpen, Zope Corporation, the Python Software
Foundation, and a cast of thousands for supporting Python
development.  See www.python.org for more information.";
    let vm = py.vm();
    let own = py.import("_sitebuiltins", 0)?;
    let class = |name: &'static str| own.get_attr(name, vm);
    let builtins = py.builtins.as_object();
    for name in ["quit", "exit"] {
        builtins.set_attr(name, class("Quitter")?.call((name, EOF), vm)?, vm)?;
    }
    let copyright = py.sys_module.get_attr("copyright", vm)?;
    let printer = |name, data, files| printer(py, class("_Printer")?, name, data, files);
    builtins.set_attr("copyright", printer("copyright", copyright, Vec::new())?, vm)?;
    let credits = py.ctx.new_str(CREDITS).into();
    builtins.set_attr("credits", printer("credits", credits, Vec::new())?, vm)?;
    let license = py.ctx.new_str("See https://www.python.org/psf/license/").into();
    builtins.set_attr("license", printer("license", license, license_files(py)?)?, vm)?;
    builtins.set_attr("help", class("_Helper")?.call((), vm)?, vm)
}

/// A `_sitebuiltins._Printer` as its `__init__` leaves it, which imports `os` to join paths.
fn printer(
    py: Python<'_>,
    class: PyObjectRef,
    name: &'static str,
    data: PyObjectRef,
    files: Vec<String>,
) -> PyResult {
    let vm = py.vm();
    let printer = vm.call_method(&class, "__new__", (class.clone(),))?;
    let files = files.into_iter().map(|file| py.ctx.new_str(file).into()).collect();
    printer.set_attr("_Printer__name", py.ctx.new_str(name), vm)?;
    printer.set_attr("_Printer__data", data, vm)?;
    printer.set_attr("_Printer__lines", py.ctx.none(), vm)?;
    printer.set_attr("_Printer__filenames", py.ctx.new_list(files), vm)?;
    Ok(printer)
}

/// Where the licence may lie.
fn license_files(py: Python<'_>) -> PyResult<Vec<String>> {
    let vm = py.vm();
    let library = py.sys_module.get_attr("_stdlib_dir", vm)?;
    if vm.is_none(&library) {
        return Ok(Vec::new());
    }
    let library = library.str(vm)?.to_string();
    let folders = [format!("{library}/.."), library, ".".to_owned()];
    let names = ["LICENSE.txt", "LICENSE"];
    Ok(folders.iter().flat_map(|folder| names.map(|name| format!("{folder}/{name}"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn site_is_needed_where_it_would_find_something() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(!has_packages(root) && !may_customize(root) && !is_venv(&root.join("bin/python")));
        let packages = root.join(format!("lib/xpython{MAJOR}.{MINOR}t/site-packages"));
        fs::create_dir_all(packages).unwrap();
        assert!(has_packages(root));
        fs::write(root.join("usercustomize.py"), "").unwrap();
        assert!(may_customize(root));
        assert!(may_customize(&root.join("usercustomize.py")), "it could be an archive");
        fs::write(root.join("pyvenv.cfg"), "").unwrap();
        assert!(is_venv(&root.join("bin/python")));
    }

    #[test]
    fn packages_are_those_of_this_version_or_of_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let make = |version: &str| {
            fs::create_dir_all(root.join("lib").join(version).join("site-packages")).unwrap();
        };
        let found = || Some(site_packages(root)?.parent()?.file_name()?.to_str()?.to_owned());
        assert_eq!(found(), None);
        make("python3.9");
        make("python3.13");
        fs::create_dir_all(root.join("lib/python3.20")).unwrap();
        assert_eq!(found().as_deref(), Some("python3.13"));
        make("python3.99");
        let own = format!("python{MAJOR}.{MINOR}t");
        make(&own);
        assert_eq!(found(), Some(own));
    }

    #[test]
    fn site_is_needed_where_it_would_change_the_path() {
        let changed =
            |path: &[&str]| would_be_changed(&path.iter().map(Path::new).collect::<Vec<_>>());
        assert!(!changed(&["/a", "/b"]));
        assert!(changed(&["/a", "b"]) && changed(&["/a", "/a"]) && changed(&[""]));
    }
}
