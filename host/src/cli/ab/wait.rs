//! The system calls to wait for a child process and to kill its group.
//!
//! std can wait as well, but does not tell what the child has used.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use libc::{c_int, pid_t, rusage, siginfo_t, timeval};

/// What a process and the children it has waited for have used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// CPU time in its own code.
    pub(super) user: Duration,
    /// CPU time in the kernel on its behalf.
    pub(super) system: Duration,
    /// Most memory held at a time by one of these processes, in bytes. On Linux
    /// never less than what togil itself held when it started the process.
    pub(super) max_rss_bytes: u64,
    /// How often a thread gave up its core to wait for something.
    pub(super) voluntary_switches: u64,
    /// How often the kernel took a core away from a thread.
    pub(super) involuntary_switches: u64,
    /// Pages that the kernel had to give it, without reading any.
    pub(super) minor_page_faults: u64,
    /// Pages that were read from a disk.
    pub(super) major_page_faults: u64,
}

/// Blocks until the child has ended, and leaves it as a zombie, so that its
/// number still belongs to it and to its group.
pub(super) fn until_end(pid: pid_t) -> io::Result<()> {
    let mut info = MaybeUninit::<siginfo_t>::zeroed();
    retried(|| {
        // SAFETY: `info` is a writable siginfo_t that outlives the call.
        unsafe {
            libc::waitid(
                libc::P_PID,
                pid.unsigned_abs(),
                info.as_mut_ptr(),
                libc::WEXITED | libc::WNOWAIT,
            )
        }
    })
    .map(drop)
}

/// Waits for the child, takes it off the process table, and tells how it ended
/// and what it used. Its number may belong to another process afterwards.
pub(super) fn reap(pid: pid_t) -> io::Result<(ExitStatus, Usage)> {
    let mut status: c_int = 0;
    let mut used = MaybeUninit::<rusage>::zeroed();
    retried(|| {
        // SAFETY: both pointers are to writable values of the types that wait4 fills in.
        unsafe { libc::wait4(pid, &mut status, 0, used.as_mut_ptr()) }
    })?;
    // SAFETY: wait4 succeeded and has filled it in; all zeroes would be valid as well.
    let used = unsafe { used.assume_init() };
    Ok((ExitStatus::from_raw(status), Usage::from(used)))
}

/// Kills every process of the group that the child leads. The child must not
/// have been reaped yet: until then no other group can have its number.
pub(super) fn kill_group(leader: pid_t) {
    // SAFETY: kill takes no pointers. An error means that there is nobody left to kill.
    unsafe { libc::kill(-leader, libc::SIGKILL) };
}

/// Calls again when a signal came in between.
fn retried(mut call: impl FnMut() -> c_int) -> io::Result<c_int> {
    loop {
        match call() {
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            value => return Ok(value),
        }
    }
}

impl From<rusage> for Usage {
    fn from(used: rusage) -> Self {
        // Linux counts in KiB, the BSDs do too, macOS in bytes.
        let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        Usage {
            user: duration(used.ru_utime),
            system: duration(used.ru_stime),
            max_rss_bytes: count(used.ru_maxrss) * unit,
            voluntary_switches: count(used.ru_nvcsw),
            involuntary_switches: count(used.ru_nivcsw),
            minor_page_faults: count(used.ru_minflt),
            major_page_faults: count(used.ru_majflt),
        }
    }
}

fn duration(time: timeval) -> Duration {
    Duration::from_secs(count(time.tv_sec)) + Duration::from_micros(count(time.tv_usec))
}

fn count(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(0)
}
