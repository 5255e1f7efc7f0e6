//! Whether a file is younger than the process.

use std::time::{Duration, SystemTime};

/// Whether a file was changed after this process started; `None` if that cannot be known.
pub(super) fn changed_since(file: &str) -> Option<bool> {
    let changed = std::fs::metadata(file).ok()?.modified().ok()?;
    Some(changed > process_start()?)
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
        assert_eq!(changed_since("/proc/self/exe"), Some(false));
        let later = SystemTime::now() + Duration::from_secs(60);
        std::fs::File::open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(changed_since(&file.display().to_string()), Some(true));
        assert_eq!(changed_since("/no/such/file"), None);
    }
}
