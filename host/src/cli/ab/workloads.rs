//! The bundled workloads: Python scripts that are part of this program.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::library;
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
const WORKLOADS: [Workload; 39] = workloads![
    "cpu_loops",
    "cpu_fib",
    "cpu_dicts",
    "cpu_json",
    "cpu_regex",
    "cpu_image_filter",
    "cpu_mandelbrot",
    "cpu_wordcount",
    "mixed_agent",
    "mixed_scrape",
    "mixed_sqlite_queue",
    "io_sleep",
    "io_sockets",
    "io_files",
    "io_pipes",
    "io_logs",
    "contended_counter",
    "contended_queue",
    "contended_dict",
    "contended_counter_sharded",
    "convoy",
    "convoy_tail",
    "alloc_cycles",
    "alloc_objects",
    "alloc_strings",
    "alloc_tree",
    "scaling_cmodule_function",
    "scaling_create_closure",
    "scaling_create_dict",
    "scaling_create_pyobject",
    "scaling_generator",
    "scaling_load_string_const",
    "scaling_load_tuple_const",
    "scaling_module_function",
    "scaling_mult_constant",
    "scaling_object_cfunction",
    "scaling_pyfunction",
    "scaling_pymethod",
    "scaling_thread_local_read",
];

/// The groups: what the names begin with.
pub(super) const GROUPS: [&str; 7] =
    ["cpu", "mixed", "io", "contended", "convoy", "alloc", "scaling"];

/// Many small ones, for those who look into scaling: not run unless asked for.
const ON_REQUEST: &str = "scaling";

impl Workload {
    fn group(&self) -> &'static str {
        self.name.split('_').next().unwrap_or(self.name)
    }

    fn is_in(&self, groups: &[String]) -> bool {
        match groups {
            [] => self.group() != ON_REQUEST,
            _ => groups.iter().any(|group| group == self.group()),
        }
    }
}

/// The group in which `--threads` is load beside the work, not hands for it.
const DOES_NOT_SHARE_WORK: &str = "convoy";

/// Writes the scripts of these groups (none: the default) into `directory` and makes a row of each
/// with each number of threads.
///
/// # Errors
///
/// When the directory cannot be written to.
pub(super) fn rows(
    directory: &Path,
    groups: &[String],
    threads: &[u32],
    scale: f64,
) -> anyhow::Result<Vec<Row>> {
    fs::create_dir_all(directory)
        .with_context(|| format!("can't create '{}'", directory.display()))?;
    let runner = library::write_runner(directory)?;
    let mut rows = Vec::new();
    for workload in WORKLOADS.iter().filter(|workload| workload.is_in(groups)) {
        let script = directory.join(workload.name).with_extension("py");
        fs::write(&script, workload.source)
            .with_context(|| format!("can't write '{}'", script.display()))?;
        rows.extend(threads.iter().map(|threads| Row {
            name: workload.name.to_owned(),
            script: script.clone(),
            runner: library::has_form(workload.source).then(|| runner.clone()),
            args: arguments(*threads, scale),
            threads: Some(*threads),
            shares_work: workload.group() != DOES_NOT_SHARE_WORK,
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
        assert!(WORKLOADS.iter().any(|workload| workload.group() == DOES_NOT_SHARE_WORK));
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
    fn groups_are_chosen_by_name() {
        let names = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            let chosen = WORKLOADS.iter().filter(|workload| workload.is_in(&groups));
            chosen.map(|workload| workload.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["convoy"]), ["convoy", "convoy_tail"]);
        assert_eq!(names(&["scaling", "convoy"]).len(), 15);
        assert_eq!(names(&[]).len(), WORKLOADS.len() - 13);
    }

    #[test]
    fn a_row_for_each_number_of_threads() {
        let directory = tempfile::tempdir().unwrap();
        let groups = GROUPS.map(str::to_owned);
        let rows = rows(directory.path(), &groups, &[1, 4], 0.5).unwrap();
        assert_eq!(rows.len(), 2 * WORKLOADS.len(), "every workload is of a group");
        assert_eq!(rows[1].args, ["--threads", "4", "--scale", "0.5"]);
        assert!(rows[1].script.is_file());
        let with_runner = rows.iter().filter(|row| row.runner.is_some()).count();
        assert!(with_runner > 0 && with_runner < rows.len(), "both forms are there");
    }
}
