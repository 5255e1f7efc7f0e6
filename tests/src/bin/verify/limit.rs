//! A limit for what a step may take: a test that hangs must not take its report with it.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[path = "../../../tests/suite/harness/hang.rs"]
mod hang;

/// A build from nothing on two busy cores takes half of it.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// Runs a command and says whether it succeeded. After the limit it tells what everything in our
/// process group is doing, and ends the command with all that it has started.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let Ok(mut child) = command.spawn() else { return false };
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err(_) => return false,
        }
    }
    println!("==> not done after {} minutes; what runs:", LIMIT.as_secs() / 60);
    if let Some(ours) = hang::group_of(Path::new("/proc/self")) {
        println!("{}", hang::report(ours));
    }
    kill(&mut child);
    false
}

/// Ends a command with all that it has started.
pub(crate) fn kill(child: &mut Child) {
    let all = hang::descendants(child.id());
    let _ = Command::new("kill").arg("-9").args(all.iter().map(i32::to_string)).status();
    let _ = child.kill();
    let _ = child.wait();
}
