//! One run and its figures.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::arm::Arm;
use super::captured::{self, Captured};
use super::ending::Ending;
use super::json_file::read_if_whole;
use super::library::Work;
use super::lock_stats::LockStats;
use super::outputs::RunFiles;
use super::plan::Round;
use super::process::Finished;

/// What was measured of one run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    /// What ran.
    #[serde(rename = "mode")]
    pub(super) arm: Arm,
    /// Which run it was.
    #[serde(flatten)]
    pub(super) round: Round,
    /// From the start of the process to its end, in seconds; for a workload of the library
    /// form only what its threads took for the work. So are the next two.
    pub(super) wall_s: f64,
    /// CPU time in its own code, in seconds.
    pub(super) user_s: f64,
    /// CPU time in the kernel on its behalf, in seconds.
    pub(super) sys_s: f64,
    /// From the start of the process to its end, in seconds.
    pub(super) process_s: f64,
    /// Most memory held at a time.
    pub(super) max_rss_bytes: u64,
    /// How often a thread gave up its core to wait for something.
    pub(super) kernel_voluntary_switches: u64,
    /// How often the kernel took a core away from a thread.
    pub(super) kernel_involuntary_switches: u64,
    /// Pages that the kernel had to give it, without reading any.
    pub(super) minor_page_faults: u64,
    /// Pages that were read from a disk.
    pub(super) major_page_faults: u64,
    /// How it ended.
    pub(super) ending: Ending,
    /// What it printed.
    pub(super) stdout: Captured,
    /// The last line on its standard error.
    pub(super) stderr_last_line: Option<String>,
    /// What its locks did; nothing if the process died before it could tell.
    pub(super) locks: Option<LockStats>,
    /// File with its standard output.
    #[serde(skip)]
    pub(super) stdout_file: PathBuf,
}

impl Sample {
    /// Gathers the figures of a finished run.
    ///
    /// # Errors
    ///
    /// When what the run wrote cannot be read back.
    pub(super) fn new(
        arm: Arm,
        round: Round,
        finished: &Finished,
        files: &RunFiles,
    ) -> anyhow::Result<Self> {
        let usage = &finished.usage;
        let unreadable =
            || format!("can't read back the output of a run, '{}'", files.stdout.display());
        let process_s = finished.wall.as_secs_f64();
        let work = read_if_whole(&files.work).with_context(unreadable)?;
        let work = work.unwrap_or(Work {
            wall_s: process_s,
            user_s: usage.user.as_secs_f64(),
            sys_s: usage.system.as_secs_f64(),
        });
        Ok(Sample {
            arm,
            round,
            wall_s: work.wall_s,
            user_s: work.user_s,
            sys_s: work.sys_s,
            process_s,
            max_rss_bytes: usage.max_rss_bytes,
            kernel_voluntary_switches: usage.voluntary_switches,
            kernel_involuntary_switches: usage.involuntary_switches,
            minor_page_faults: usage.minor_page_faults,
            major_page_faults: usage.major_page_faults,
            ending: finished.ending,
            stdout: Captured::read(&files.stdout).with_context(unreadable)?,
            stderr_last_line: captured::last_line(&files.stderr).with_context(unreadable)?,
            locks: read_if_whole(&files.statistics).with_context(unreadable)?,
            stdout_file: files.stdout.clone(),
        })
    }

    /// Whether its figures count: it is not a warm-up, and it ended well.
    pub(super) fn counts(&self) -> bool {
        !self.round.warmup && self.ending.is_success()
    }

    /// How many cores it kept busy on average.
    pub(super) fn cores_used(&self) -> f64 {
        // No process takes no time at all.
        (self.user_s + self.sys_s) / self.wall_s.max(Duration::from_nanos(1).as_secs_f64())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::mode::Mode;
    use super::*;
    use std::fs;

    /// A run as good as any, to be changed by a test.
    pub(in super::super) fn sample(arm: impl Into<Arm>, number: u32, wall_s: f64) -> Sample {
        let arm = arm.into();
        Sample {
            arm,
            round: Round { number, warmup: false },
            wall_s,
            user_s: wall_s,
            sys_s: 0.0,
            process_s: wall_s,
            max_rss_bytes: 8 << 20,
            kernel_voluntary_switches: 5,
            kernel_involuntary_switches: 3,
            minor_page_faults: 700,
            major_page_faults: 0,
            ending: Ending::Exited { status: 0 },
            stdout: printed("ok\n"),
            stderr_last_line: None,
            locks: None,
            stdout_file: PathBuf::from(format!("/tmp/{}-run-{number}.stdout", arm.short())),
        }
    }

    /// An output, as if read back.
    pub(in super::super) fn printed(text: &str) -> Captured {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Captured::read(file.path()).unwrap()
    }

    #[test]
    fn cores_used_is_cpu_time_over_wall_time() {
        let mut run = sample(Mode::Free, 1, 2.0);
        (run.user_s, run.sys_s) = (2.5, 0.5);
        assert_eq!(run.cores_used(), 1.5);
    }

    #[test]
    fn warm_ups_and_failures_do_not_count() {
        let mut run = sample(Mode::Gil, 1, 1.0);
        assert!(run.counts());
        run.ending = Ending::Signal { signal: 6 };
        assert!(!run.counts());
        run = sample(Mode::Gil, 1, 1.0);
        run.round.warmup = true;
        assert!(!run.counts());
    }
}
