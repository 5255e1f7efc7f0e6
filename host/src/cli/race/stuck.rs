//! Ends the process when a thread under control waits for something that is not.

use std::time::Duration;

use crate::race::{place, progress};

/// Without a step, and without using the processor, for so long: nothing will come of it.
const PATIENCE: Duration = Duration::from_secs(8);

/// The share of a core below which the process counts as asleep.
const ASLEEP: u32 = 50;

/// Looks at the process from a thread of its own until it ends.
pub(super) fn watch() {
    // Without it the only loss is that such a thread hangs the process.
    let _ = std::thread::Builder::new().name("togil-race-watch".to_owned()).spawn(|| {
        loop {
            let before = (progress(), processor_time());
            std::thread::sleep(PATIENCE);
            let (now, used) = (progress(), processor_time().saturating_sub(before.1));
            if now.steps > 0 && now == before.0 && used < PATIENCE / ASLEEP {
                let at = place(now.site).map_or(String::new(), |place| format!(" behind {place}"));
                anstream::eprintln!(
                    "togil race: thread {}{at} waits for something that is not under control (a \
                     socket, a pipe, a file, a process): put something else in its place in the \
                     model",
                    now.thread.0
                );
                std::process::exit(i32::from(super::USAGE));
            }
        }
    });
}

/// What the whole process has used.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one `timespec`, which is there.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
