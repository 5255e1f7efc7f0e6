//! What is named on the command line.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::race::Target;

/// Where the models are.
#[derive(Debug, Args)]
pub(super) struct Targets {
    /// Files with models (functions `race_*` that start threads, join them and assert), or directories that
    /// are searched for them. With -m or --script: arguments, behind `--` if they begin with a hyphen
    #[arg(value_name = "TARGET", required_unless_present_any = ["module", "script"])]
    targets: Vec<String>,
    /// Explore the models of a module; `-m unittest NAMES` and `-m pytest ARGUMENTS` the tests that start
    /// threads
    #[arg(short, long, value_name = "MODULE", conflicts_with = "script")]
    module: Option<String>,
    /// Explore an unmodified script: it must always print the same and exit with the same status
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Look into a package as well that is not below the target's directory, or into a module of the
    /// standard library (may be given more than once)
    #[arg(long, value_name = "NAME")]
    pub(super) include: Vec<String>,
}

impl Targets {
    /// Reads what is to be explored.
    pub(super) fn read(&self) -> Result<Vec<Target>, String> {
        let arguments = || self.targets.clone();
        match (&self.module, &self.script) {
            (Some(module), _) => Ok(vec![match module.as_str() {
                "unittest" => Target::Unittest(arguments()),
                "pytest" => Target::Pytest(arguments()),
                _ if self.targets.is_empty() => Target::Module(module.clone()),
                _ => return Err(format!("the models of '{module}' take no arguments")),
            }]),
            (_, Some(path)) => {
                let (path, text) = (path.clone(), text_of(path)?);
                Ok(vec![Target::Script { path, text, arguments: arguments() }])
            }
            _ => {
                let mut found = Vec::new();
                for path in self.targets.iter().map(Path::new) {
                    match path.is_dir() {
                        true => search(path, &mut found)?,
                        false => found.push(file(path)?),
                    }
                }
                Ok(found)
            }
        }
    }

    /// The script to watch, and its arguments.
    pub(super) fn watched(&self) -> Result<(PathBuf, &[String]), String> {
        match (&self.script, self.targets.as_slice()) {
            (Some(script), arguments) => Ok((script.clone(), arguments)),
            (None, [script, arguments @ ..]) => Ok((script.into(), arguments)),
            (None, []) => Err("--watch takes a script".to_owned()),
        }
    }

    /// What names it on the command line of `togil race`, for a shell.
    pub(super) fn command(&self) -> String {
        let mut words = Vec::new();
        if let Some(module) = &self.module {
            words.extend(["-m".to_owned(), quoted(module)]);
        }
        if let Some(script) = &self.script {
            words.extend(["--script".to_owned(), quoted(&script.to_string_lossy())]);
        }
        words.extend(self.include.iter().map(|name| format!("--include {}", quoted(name))));
        if self.targets.iter().any(|target| target.starts_with('-')) {
            words.push("--".to_owned());
        }
        words.extend(self.targets.iter().map(|target| quoted(target)));
        words.join(" ")
    }

    /// What all of it is called.
    pub(super) fn name(&self) -> String {
        let script = self.script.as_ref().map(|path| path.display().to_string());
        self.module.clone().or(script).unwrap_or_else(|| self.targets.join(" "))
    }
}

/// One word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Whether most of its models may start no threads.
pub(super) fn is_of_tests(target: &Target) -> bool {
    let is_test = |path: &Path| {
        path.file_stem().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("test") || name.ends_with("_test")
        })
    };
    match target {
        Target::Unittest(_) | Target::Pytest(_) => true,
        Target::File { path, .. } => is_test(path),
        _ => false,
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read '{}': {error}", path.display()))
}

fn file(path: &Path) -> Result<Target, String> {
    Ok(Target::File { path: path.to_owned(), text: text_of(path)? })
}

/// The files with models below a directory, by name.
fn search(directory: &Path, found: &mut Vec<Target>) -> Result<(), String> {
    let cannot = |error| format!("cannot read '{}': {error}", directory.display());
    let entries: Result<Vec<_>, _> = std::fs::read_dir(directory).map_err(cannot)?.collect();
    let mut paths: Vec<_> = entries.map_err(cannot)?.iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "__pycache__" {
                search(&path, found)?;
            }
        } else if name.ends_with(".py")
            && let Ok(text) = text_of(&path)
            && has_models(&text)
        {
            found.push(Target::File { path, text });
        }
    }
    Ok(())
}

/// Whether a file looks as if it had models. Executing it to find out might do anything.
fn has_models(text: &str) -> bool {
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    begins("def race_")
        || text.lines().any(|line| line.starts_with('@') && line.contains("race.model"))
        || (begins("def setup(") && begins("workers"))
}

#[cfg(test)]
mod tests {
    use super::{has_models, quoted};

    #[test]
    fn a_shell_reads_a_quoted_word_as_one() {
        assert_eq!(quoted("a/b-c_1.py"), "a/b-c_1.py");
        assert_eq!(quoted("it's a $x.py"), r"'it'\''s a $x.py'");
    }

    #[test]
    fn models_are_told_by_their_first_lines() {
        assert!(has_models("import x\ndef race_a(): pass\n"));
        assert!(has_models("@togil.race.model\ndef a(): pass\n"));
        assert!(has_models("def setup(): pass\nworkers = []\n"));
        assert!(!has_models("x = 'def race_a(): pass'\n"));
        assert!(!has_models("def setup(): pass\n"));
    }
}
