//! Runs one process to its end, and no longer than it may.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

use super::ending::Ending;
use super::group::Group;
use super::interrupt::Interrupt;
use super::library;
use super::wait::Usage;

/// How often the guard looks whether Ctrl-C was pressed. Rare enough not to
/// disturb the run, often enough to seem immediate.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Tells the binary where to write its lock statistics.
const STATISTICS_VARIABLE: &str = "TOGIL_STATS";

/// What to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    /// The program, with a slash in it: PATH is not searched.
    pub(super) program: &'a Path,
    /// Its arguments.
    pub(super) arguments: &'a [&'a OsStr],
    /// File for its standard output. A file, as a pipe would have to be emptied
    /// while the time is taken.
    pub(super) stdout: &'a Path,
    /// File for its standard error.
    pub(super) stderr: &'a Path,
    /// File for its lock statistics.
    pub(super) statistics: Option<&'a Path>,
    /// File for the times of a workload's work.
    pub(super) work: Option<&'a PathBuf>,
    /// When to kill it.
    pub(super) limit: Duration,
}

/// What became of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finished {
    /// From the start of the process to its end.
    pub(super) wall: Duration,
    /// What the process has used.
    pub(super) usage: Usage,
    /// How it ended.
    pub(super) ending: Ending,
}

/// Runs `job` in a process group of its own, and kills what is left of the group
/// afterwards. A process that left the group (`setsid`) is out of reach.
///
/// # Errors
///
/// When the process cannot be started or waited for. That it fails is not an error.
pub(super) fn run(job: &Job<'_>, interrupt: &Interrupt) -> anyhow::Result<Finished> {
    let mut command = command(job)?;
    let start = Instant::now();
    let child =
        command.spawn().with_context(|| format!("can't run '{}'", job.program.display()))?;
    let mut group = Group::led_by(&child)?;
    let (wall, killed_for) = wait_guarded(&group, start, job.limit, interrupt)?;
    let (status, usage) = group.end()?;
    Ok(Finished { wall, usage, ending: ending(status, killed_for, job.limit) })
}

fn command(job: &Job<'_>) -> anyhow::Result<Command> {
    let create = |path: &Path| {
        File::create(path)
            .with_context(|| format!("can't create '{}' for the output", path.display()))
    };
    let mut command = Command::new(job.program);
    command
        .args(job.arguments)
        .stdin(Stdio::null())
        .stdout(create(job.stdout)?)
        .stderr(create(job.stderr)?)
        .process_group(0)
        // Would be asked for in one mode and be an error in the other.
        .env_remove("PYTHON_GIL");
    match job.statistics {
        Some(path) => command.env(STATISTICS_VARIABLE, path),
        None => command.env_remove(STATISTICS_VARIABLE),
    };
    if let Some(path) = job.work {
        command.env(library::WORK_VARIABLE, path);
    }
    Ok(command)
}

/// Why the guard killed the process.
#[derive(Debug, Clone, Copy)]
enum KilledFor {
    TakingTooLong,
    Interrupt,
}

/// Blocks until the process has ended; a second thread kills it if need be. The
/// thread that takes the time does nothing but wait, so it is not late.
fn wait_guarded(
    group: &Group,
    start: Instant,
    limit: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<(Duration, Option<KilledFor>)> {
    thread::scope(|scope| {
        let (ended, end) = mpsc::channel::<()>();
        let guard = thread::Builder::new()
            .name("togil-ab-guard".to_owned())
            .spawn_scoped(scope, move || guard(group, &end, start, limit, interrupt))
            .context("can't start the thread that watches the time limit")?;
        let waited = group.wait();
        let wall = start.elapsed();
        drop(ended);
        let killed_for =
            guard.join().map_err(|_| anyhow!("the thread that watches the time limit panicked"))?;
        waited.context("can't wait for the process")?;
        Ok((wall, killed_for))
    })
}

fn guard(
    group: &Group,
    end: &mpsc::Receiver<()>,
    start: Instant,
    limit: Duration,
    interrupt: &Interrupt,
) -> Option<KilledFor> {
    loop {
        let left = limit.saturating_sub(start.elapsed());
        let reason = if interrupt.signal().is_some() {
            KilledFor::Interrupt
        } else if left.is_zero() {
            KilledFor::TakingTooLong
        } else {
            match end.recv_timeout(left.min(LOOK_EVERY)) {
                Err(RecvTimeoutError::Timeout) => continue,
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return None,
            }
        };
        group.kill();
        return Some(reason);
    }
}

/// A process that may have ended by itself in the moment it was to be killed
/// counts as ended by itself.
fn ending(status: ExitStatus, killed_for: Option<KilledFor>, limit: Duration) -> Ending {
    match (Ending::from(status), killed_for) {
        (Ending::Signal { signal: libc::SIGKILL }, Some(KilledFor::TakingTooLong)) => {
            Ending::TimedOut { after_s: limit.as_secs_f64() }
        }
        (Ending::Signal { .. }, Some(KilledFor::Interrupt)) => Ending::Interrupted,
        (own, _) => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Runs a shell script; returns what became of it and what it printed.
    fn shell(script: &str, limit: Duration, interrupt: &Interrupt) -> (Finished, String) {
        let directory = tempfile::tempdir().unwrap();
        let stdout = directory.path().join("out");
        let job = Job {
            program: Path::new("/bin/sh"),
            arguments: &[OsStr::new("-c"), OsStr::new(script)],
            stdout: &stdout,
            stderr: &directory.path().join("err"),
            statistics: Some(Path::new("/stats here")),
            work: None,
            limit,
        };
        let finished = run(&job, interrupt).unwrap();
        (finished, fs::read_to_string(stdout).unwrap())
    }

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(300);

    #[test]
    fn ends_are_told_apart() {
        let ending = |script| shell(script, LONG, &Interrupt::default()).0.ending;
        assert_eq!(ending("exit 0"), Ending::Exited { status: 0 });
        assert_eq!(ending("exit 3"), Ending::Exited { status: 3 });
        assert_eq!(ending("kill -SEGV $$"), Ending::Signal { signal: libc::SIGSEGV });
    }

    #[test]
    fn the_child_gets_its_surroundings() {
        let script = "echo \"$TOGIL_STATS ${PYTHON_GIL-unset}\"; read line || echo no input";
        let (_, printed) = shell(script, LONG, &Interrupt::default());
        assert_eq!(printed, "/stats here unset\nno input\n");
    }

    #[test]
    fn a_run_is_killed_at_its_limit() {
        let (finished, printed) = shell("echo started; sleep 60", SHORT, &Interrupt::default());
        assert_eq!(finished.ending, Ending::TimedOut { after_s: 0.3 });
        assert!(finished.wall >= SHORT && finished.wall < LONG / 2, "{:?}", finished.wall);
        assert_eq!(printed, "started\n");
    }

    #[test]
    fn an_interrupt_ends_the_run() {
        let interrupt = Interrupt::default();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SHORT);
                interrupt.press();
            });
            let (finished, _) = shell("sleep 60", LONG, &interrupt);
            assert_eq!(finished.ending, Ending::Interrupted);
            assert!(finished.wall < LONG / 2);
        });
    }

    #[test]
    fn cpu_time_and_memory_are_measured() {
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2";
        let (finished, _) = shell(script, LONG, &Interrupt::default());
        let busy = finished.usage.user + finished.usage.system;
        assert!(!busy.is_zero() && busy < finished.wall, "{finished:?}");
        assert!(finished.usage.max_rss_bytes > 100_000, "{finished:?}");
    }

    /// The state in /proc, where a killed process whose new parent is slow may stay as a zombie.
    #[cfg(target_os = "linux")]
    fn is_alive(pid: &str) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
            .ok()
            .and_then(|stat| stat.rsplit(") ").next().and_then(|rest| rest.chars().next()))
            .is_some_and(|state| state != 'Z' && state != 'X')
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_grandchild_survives() {
        let cases = [("sleep 1000 & echo $!; wait", SHORT), ("sleep 1000 & echo $!", LONG)];
        for (script, limit) in cases {
            let (_, pid) = shell(script, limit, &Interrupt::default());
            let patience = Instant::now() + Duration::from_secs(10);
            while is_alive(&pid) {
                assert!(Instant::now() < patience, "process {pid} survived: {script}");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
