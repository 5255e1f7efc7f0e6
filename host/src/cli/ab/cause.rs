//! Where the time goes, in words: what kind of work it is, and what costs most.

use std::fmt;

use serde::Serialize;

use super::mode::ByMode;
use super::plan::Row;
use super::summary::Summary;

/// What a script does most of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// It computes.
    CpuBound,
    /// It waits for something outside.
    IoBound,
    /// Both.
    Mixed,
}

/// With the GIL and all threads together, in cores.
const COMPUTES: f64 = 0.8;
const WAITS: f64 = 0.4;

impl Kind {
    pub(super) fn of(summaries: &ByMode<Option<Summary>>) -> Option<Self> {
        Some(match summaries.gil.as_ref()?.cores_used {
            COMPUTES.. => Kind::CpuBound,
            ..WAITS => Kind::IoBound,
            _ => Kind::Mixed,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::CpuBound => "CPU-bound",
            Kind::IoBound => "I/O-bound",
            Kind::Mixed => "part CPU-bound, part I/O-bound",
        })
    }
}

/// What costs most, in the mode that it holds up. Shown as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Cause {
    /// Waiting outside, the same in both modes.
    Io {
        /// Cores kept busy without the GIL.
        cores_used: f64,
    },
    /// Waiting for the GIL.
    GilWait {
        /// Of the time for which threads wanted to run Python with the GIL (0 to 1).
        share: f64,
    },
    /// Without the GIL: all threads stopped, to collect garbage for the most part.
    Stops {
        /// Of the wall time (0 to 1).
        share: f64,
    },
    /// Without the GIL: the same work takes more CPU time, because reference counts and the locks
    /// of objects travel between cores.
    SharedObjects {
        /// CPU time without the GIL over CPU time with it.
        cpu_ratio: f64,
    },
    /// Without the GIL: threads sleep, to be woken by each other.
    LockWaits {
        /// How often, in a second.
        per_s: f64,
        /// Cores kept busy.
        cores_used: f64,
    },
}

// Below these a cost is not worth its name.
const LEAST_GAIN: f64 = 1.1;
const LEAST_WAIT: f64 = 0.1;
const LEAST_STOP: f64 = 0.05;
const LEAST_CPU_RATIO: f64 = 1.25;
const LEAST_SLEEPS_PER_S: f64 = 1000.0;
/// Of the cores that the threads could keep busy; where they wait for I/O, of one.
const IDLE: f64 = 0.7;

impl Cause {
    /// Nothing for a single thread, or if no cost stands out.
    pub(super) fn of(row: &Row, summaries: &ByMode<Option<Summary>>, cores: usize) -> Option<Self> {
        if row.threads == Some(1) {
            return None;
        }
        let (gil, free) = (summaries.gil.as_ref()?, summaries.free.as_ref()?);
        let hands = row.threads.map_or(cores, |threads| cores.min(threads as usize)) as f64;
        let gain = gil.wall_s.median / free.wall_s.median;
        let waited = gil.gil.as_ref().and_then(|gil| gil.wait_share).unwrap_or(0.0);
        let gil_wait = (waited >= LEAST_WAIT).then_some(Cause::GilWait { share: waited });
        if gain >= LEAST_GAIN && gil_wait.is_some() {
            return gil_wait;
        }
        let stopped = free.stopped_s.unwrap_or(0.0) / free.wall_s.median;
        if stopped >= LEAST_STOP {
            return Some(Cause::Stops { share: stopped });
        }
        let cpu_ratio = (free.user_s + free.sys_s) / (gil.user_s + gil.sys_s).max(1e-9);
        let cores_used = free.cores_used;
        if cpu_ratio >= LEAST_CPU_RATIO && cores_used > WAITS {
            return Some(Cause::SharedObjects { cpu_ratio });
        }
        let per_s = free.kernel_voluntary_switches / free.wall_s.median;
        if per_s >= LEAST_SLEEPS_PER_S && cores_used < IDLE * hands {
            return Some(Cause::LockWaits { per_s, cores_used });
        }
        if gil.cores_used < IDLE && cores_used < IDLE {
            return Some(Cause::Io { cores_used });
        }
        gil_wait
    }

    /// A word or two, for a table.
    pub(super) fn short(&self) -> &'static str {
        match self {
            Cause::Io { .. } => "I/O",
            Cause::GilWait { .. } => "GIL wait",
            Cause::Stops { .. } => "GC stops",
            Cause::SharedObjects { .. } => "shared objects",
            Cause::LockWaits { .. } => "locks",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io { cores_used } => {
                write!(f, "waiting outside of Python ({cores_used:.1} cores busy without the GIL)")
            }
            Cause::GilWait { share } => {
                write!(
                    f,
                    "waiting for the GIL, {:.0} % of the threads' running time",
                    share * 100.0
                )
            }
            Cause::Stops { share } => write!(
                f,
                "stops of all threads without the GIL (garbage collection), {:.0} % of the time",
                share * 100.0
            ),
            Cause::SharedObjects { cpu_ratio } => write!(
                f,
                "objects that the threads share: without the GIL the same work takes {cpu_ratio:.1}x the CPU time"
            ),
            Cause::LockWaits { per_s, cores_used } => write!(
                f,
                "threads that wait for each other: without the GIL they go to sleep {per_s:.0} times a second and keep {cores_used:.1} cores busy"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::result;
    use super::*;

    fn cause(change: impl FnOnce(&mut Summary, &mut Summary)) -> Option<&'static str> {
        let mut result = result("a", Some(2), &[(1.0, 1.0); 5]);
        let (gil, free) = (&mut result.summaries.gil, &mut result.summaries.free);
        let (gil, free) = (gil.as_mut().unwrap(), free.as_mut().unwrap());
        free.user_s = 1.0;
        gil.gil.as_mut().unwrap().wait_share = Some(0.0);
        change(gil, free);
        Cause::of(&result.row, &result.summaries, 2).map(|cause| cause.short())
    }

    #[test]
    fn each_cost_is_told_by_its_figures() {
        assert_eq!(cause(|_, _| ()), None);
        assert_eq!(
            cause(|gil, free| {
                gil.gil.as_mut().unwrap().wait_share = Some(0.5);
                free.wall_s.median = 0.5;
            }),
            Some("GIL wait")
        );
        assert_eq!(cause(|_, free| free.stopped_s = Some(0.2)), Some("GC stops"));
        assert_eq!(cause(|_, free| free.user_s = 1.9), Some("shared objects"));
        assert_eq!(
            cause(|_, free| {
                free.kernel_voluntary_switches = 9000.0;
                free.cores_used = 0.9;
            }),
            Some("locks")
        );
        assert_eq!(
            cause(|gil, free| {
                gil.cores_used = 0.2;
                free.cores_used = 0.2;
            }),
            Some("I/O")
        );
        // It costs, although there is no gain to show for it.
        assert_eq!(
            cause(|gil, _| gil.gil.as_mut().unwrap().wait_share = Some(0.4)),
            Some("GIL wait")
        );
    }

    #[test]
    fn the_kind_is_told_by_the_cores_in_use() {
        let kind = |cores_used| {
            let mut result = result("a", Some(2), &[(1.0, 1.0); 5]);
            result.summaries.gil.as_mut().unwrap().cores_used = cores_used;
            Kind::of(&result.summaries).unwrap()
        };
        assert_eq!([1.0, 0.6, 0.1].map(kind), [Kind::CpuBound, Kind::Mixed, Kind::IoBound]);
    }
}
