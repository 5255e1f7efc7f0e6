//! What the threads of a program that hangs are doing, from `/proc`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// One line for each thread of each process in the group, and its kernel stack if it may be read.
pub(super) fn report(group: i32) -> String {
    let mut text = String::new();
    for process in numbered(Path::new("/proc")).filter(|path| group_of(path) == Some(group)) {
        let _ = writeln!(text, "{}: {}", process.display(), command_line(&process));
        for task in numbered(&process.join("task")) {
            let read = |name| fs::read_to_string(task.join(name)).unwrap_or_default();
            let id = task.file_name().unwrap_or_default().to_string_lossy();
            let (comm, wchan, syscall) = (read("comm"), read("wchan"), read("syscall"));
            let state = stat(&task).and_then(|fields| fields.into_iter().next());
            let state = state.unwrap_or_default();
            let _ = writeln!(
                text,
                "  {id} {:<20} {state} {:<24} syscall {}",
                comm.trim(),
                wchan,
                syscall.trim()
            );
            for line in read("stack").lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
    }
    text
}

/// The processes that this one has started, and those that they have.
#[allow(dead_code, reason = "the suite's harness kills by process group; `cargo verify` has none")]
pub(super) fn descendants(process: u32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = numbered(Path::new("/proc"))
        .filter_map(|path| {
            let id = path.file_name()?.to_str()?.parse().ok()?;
            Some((id, stat(&path)?.get(1)?.parse().ok()?))
        })
        .collect();
    let mut found = vec![process as i32];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(id, _)| id));
        next += 1;
    }
    found.split_off(1)
}

fn numbered(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
        .map(|entry| entry.path())
}

/// The fields of `stat` after the name: state, parent, group, ...
fn stat(process: &Path) -> Option<Vec<String>> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

pub(super) fn group_of(process: &Path) -> Option<i32> {
    stat(process)?.get(2)?.parse().ok()
}

fn command_line(process: &Path) -> String {
    let line = fs::read_to_string(process.join("cmdline")).unwrap_or_default();
    line.split('\0').map(|arg| arg.lines().next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}
