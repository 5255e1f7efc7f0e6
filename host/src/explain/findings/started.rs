//! Whether a file is younger than the process.

use std::time::{Duration, SystemTime};

/// Whether a file was changed after this process started; `None` if that cannot be known.
pub(super) fn changed_since(file: &str) -> Option<bool> {
    let changed = std::fs::metadata(file).ok()?.modified().ok()?;
    // The boot time is told in whole seconds, so the start may seem that much too early.
    Some(changed > process_start()? + Duration::from_secs(1))
}

/// From the kernel's account (proc(5)): the boot time, and the start in ticks after it.
fn process_start() -> Option<SystemTime> {
    let about = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, in parentheses, and may hold spaces.
    let ticks: u64 = about.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let boot = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    let boot = Duration::from_secs(boot.trim().parse().ok()?);
    // The kernel counts in hundredths of a second for every program.
    Some(SystemTime::UNIX_EPOCH + boot + Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_older_or_younger_than_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new");
        std::fs::write(&file, "").unwrap();
        let modified = |time: SystemTime| {
            std::fs::File::open(&file).unwrap().set_modified(time).unwrap();
            changed_since(&file.display().to_string())
        };
        let minute = Duration::from_secs(60);
        assert_eq!(modified(SystemTime::now() - 60 * minute), Some(false));
        assert_eq!(modified(SystemTime::now() + minute), Some(true));
        assert_eq!(changed_since("/no/such/file"), None);
    }
}
