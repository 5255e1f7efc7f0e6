//! The bundled workloads: Python scripts that are part of this program.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::plan::Row;

/// One bundled script.
#[derive(Debug)]
struct Workload {
    name: &'static str,
    source: &'static str,
}

macro_rules! workloads {
    ($($name:literal),* $(,)?) => {
        [$(Workload { name: $name, source: include_str!(concat!("../../../workloads/", $name, ".py")) }),*]
    };
}

/// All of them, in the order of the report: what the GIL should hold up most first.
const WORKLOADS: [Workload; 15] = workloads![
    "cpu_loops",
    "cpu_fib",
    "cpu_dicts",
    "cpu_json",
    "cpu_regex",
    "mixed_agent",
    "mixed_scrape",
    "io_sleep",
    "io_sockets",
    "io_files",
    "io_pipes",
    "contended_counter",
    "contended_queue",
    "contended_dict",
    "convoy",
];

/// Here `--threads` is load beside the work, not hands for it.
const DOES_NOT_SHARE_WORK: &str = "convoy";

/// Writes the scripts into `directory` and makes a row of each with each number
/// of threads.
///
/// # Errors
///
/// When the directory cannot be written to.
pub(super) fn rows(directory: &Path, threads: &[u32], scale: f64) -> anyhow::Result<Vec<Row>> {
    fs::create_dir_all(directory)
        .with_context(|| format!("can't create '{}'", directory.display()))?;
    let mut rows = Vec::new();
    for workload in &WORKLOADS {
        let script = directory.join(workload.name).with_extension("py");
        fs::write(&script, workload.source)
            .with_context(|| format!("can't write '{}'", script.display()))?;
        rows.extend(threads.iter().map(|threads| Row {
            name: workload.name.to_owned(),
            script: script.clone(),
            args: arguments(*threads, scale),
            threads: Some(*threads),
            shares_work: workload.name != DOES_NOT_SHARE_WORK,
        }));
    }
    Ok(rows)
}

/// The number of threads when the user has not asked for any: one for each core,
/// but no more than 4, so that reports from larger machines can be compared.
pub(super) fn default_threads(cores: usize) -> u32 {
    cores.clamp(2, 4) as u32
}

fn arguments(threads: u32, scale: f64) -> Vec<OsString> {
    ["--threads".to_owned(), threads.to_string(), "--scale".to_owned(), scale.to_string()]
        .map(OsString::from)
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_bears_its_name() {
        for workload in &WORKLOADS {
            let line = format!("NAME = \"{}\"", workload.name);
            assert!(workload.source.contains(&line), "{}", workload.name);
        }
        assert!(WORKLOADS.iter().any(|workload| workload.name == DOES_NOT_SHARE_WORK));
    }

    #[test]
    fn all_scripts_of_the_directory_are_bundled() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads");
        let scripts = fs::read_dir(directory).unwrap().filter(|entry| {
            entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "py")
        });
        assert_eq!(scripts.count(), WORKLOADS.len());
    }

    #[test]
    fn a_row_for_each_number_of_threads() {
        let directory = tempfile::tempdir().unwrap();
        let rows = rows(directory.path(), &[1, 4], 0.5).unwrap();
        assert_eq!(rows.len(), 30);
        assert_eq!(rows[1].args, ["--threads", "4", "--scale", "0.5"]);
        assert!(rows[1].script.is_file());
    }
}
