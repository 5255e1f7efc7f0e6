//! A limit for what a step may take: a test that hangs must not take its report with it.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

#[path = "../../../tests/suite/harness/hang.rs"]
mod hang;

/// For a build. One from nothing on two busy cores takes half of it.
pub(crate) const BUILD: Duration = Duration::from_secs(45 * 60);

/// For tests that are built. They take five minutes.
pub(crate) const TESTS: Duration = Duration::from_secs(20 * 60);

/// Runs a command and says whether it succeeded. After the limit it tells what everything in our
/// process group is doing, and ends the command with all that it has started.
pub(crate) fn succeeds(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.spawn() else { return false };
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err(_) => return false,
        }
    }
    println!("==> not done after {} minutes; what runs:", limit.as_secs() / 60);
    if let Some(ours) = hang::group_of(Path::new("/proc/self")) {
        println!("{}", hang::report(ours));
    }
    for process in hang::descendants(child.id()) {
        // Where there is a debugger. What it cannot say is not worth an error.
        let stacks = ["-batch", "-ex", "thread apply all backtrace 25", "-p"];
        let _ = Command::new("gdb").args(stacks).arg(process.to_string()).status();
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
