//! The figures of the last release, in the repository: a small part of TOML, so that the runner
//! needs no crate for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// Where they are.
pub(super) const FILE: &str = "benches/counts.toml";

const HEADER: &str = "\
# Instructions for each operation of the hot paths, by mode. `cargo verify --perf` compares with
# them, `cargo verify --perf=keep` counts them anew: at a release, and with a change that is meant
# to cost something.
";

/// What is kept.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Kept {
    /// What the figures depend on besides the source: the compiler, say.
    circumstances: BTreeMap<String, String>,
    /// By mode and path.
    counts: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Kept {
    /// Reads the file of the repository.
    ///
    /// # Errors
    /// That there is none, or that it is not of this form.
    pub(super) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(FILE).map_err(|error| {
            format!("{FILE}: {error}; run it in the repository, where --perf=keep writes this file")
        })?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut kept = Self::default();
        let mut mode = None;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let wrong = || format!("{FILE}, line {number}: '{line}' is not NAME = VALUE");
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                mode = Some(name.to_owned());
                continue;
            }
            // A name may have a `=` in it; a value has none.
            let (name, value) = line.rsplit_once('=').ok_or_else(wrong)?;
            let (name, value) = (name.trim().trim_matches('"'), value.trim());
            match &mode {
                None => {
                    let text = value.trim_matches('"').to_owned();
                    kept.circumstances.insert(name.to_owned(), text);
                }
                Some(mode) => kept.put(mode, name, value.parse().map_err(|_| wrong())?),
            }
        }
        Ok(kept)
    }

    /// Nothing counted yet, on this machine and day.
    pub(super) fn of_today(valgrind: String) -> Self {
        let mut kept = Self::default();
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        for (name, value) in [
            ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
            ("date", answer("date", &["-u", "+%F"])),
            ("rustc", answer("rustc", &["--version"])),
            ("libc", answer("getconf", &["GNU_LIBC_VERSION"])),
            ("valgrind", Some(valgrind)),
            // The libc has functions of its own for each kind.
            ("processor", processor),
        ] {
            let value = value.unwrap_or_else(|| "unknown".to_owned());
            kept.circumstances.insert(name.to_owned(), value);
        }
        kept
    }

    /// The count of a path.
    pub(super) fn get(&self, mode: &str, path: &str) -> Option<f64> {
        self.counts.get(mode)?.get(path).copied()
    }

    /// Adds the count of a path.
    pub(super) fn put(&mut self, mode: &str, path: &str, count: f64) {
        self.counts.entry(mode.to_owned()).or_default().insert(path.to_owned(), count);
    }

    /// Modes and paths that are here and not there.
    pub(super) fn paths_not_in<'a>(&'a self, other: &Self) -> Vec<(&'a str, &'a str)> {
        let all = self
            .counts
            .iter()
            .flat_map(|(mode, paths)| paths.keys().map(move |path| (mode.as_str(), path.as_str())));
        all.filter(|(mode, path)| other.get(mode, path).is_none()).collect()
    }

    /// Says of which release the figures are, and what has changed since besides the source.
    pub(super) fn print_other_circumstances(&self, now: &Self) {
        let of = |name: &str| self.circumstances.get(name).map_or("unknown", String::as_str);
        println!("kept: of togil {}, counted on {}", of("version"), of("date"));
        for (name, value) in &now.circumstances {
            if of(name) != value && !["version", "date"].contains(&name.as_str()) {
                println!("another {name}: {}, now {value}; a change may be due to that", of(name));
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        // Writing to a string never fails.
        for (name, value) in &self.circumstances {
            let _ = writeln!(text, "{name} = \"{value}\"");
        }
        for (mode, paths) in &self.counts {
            let _ = writeln!(text, "\n[{mode}]");
            for (path, count) in paths {
                let _ = writeln!(text, "\"{path}\" = {count:.1}");
            }
        }
        text
    }

    /// Writes the file of the repository.
    ///
    /// # Errors
    /// That it cannot be written.
    pub(super) fn write(&self) -> Result<(), String> {
        fs::write(FILE, self.text())
            .map_err(|error| format!("{FILE} cannot be written: {error}; run it in the repository"))
    }
}

/// What a program prints.
fn answer(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut kept = Kept::default();
        kept.circumstances.insert("rustc".into(), "rustc 1.95.0 (5980 2026-04-14)".into());
        kept.put("gil", "blocking call/time.sleep(0)", 1234.5);
        kept.put("gil", "a = b", 2.0);
        kept.put("free-threaded", "lock/Lock", 10.25);
        let read = Kept::parse(&kept.text()).unwrap();
        assert_eq!(read.circumstances, kept.circumstances);
        assert_eq!(read.get("gil", "blocking call/time.sleep(0)"), Some(1234.5));
        assert_eq!(read.get("gil", "a = b"), Some(2.0));
        assert_eq!(read.get("free-threaded", "a = b"), None);
        assert_eq!(read.paths_not_in(&kept), []);
        assert_eq!(kept.paths_not_in(&Kept::default()).len(), 3);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = Kept::parse("# ok\n[gil]\n\"a\" = 1,5\n").unwrap_err();
        assert_eq!(error, "benches/counts.toml, line 3: '\"a\" = 1,5' is not NAME = VALUE");
        assert!(Kept::parse("nonsense").is_err());
    }

    #[test]
    fn the_kept_figures_can_be_read() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let kept = Kept::parse(&fs::read_to_string(root.join(FILE)).unwrap()).unwrap();
        assert!(kept.counts.values().all(|paths| paths.values().all(|count| *count > 0.0)));
        assert_eq!(kept.counts.keys().collect::<Vec<_>>(), ["free-threaded", "gil"]);
    }
}
