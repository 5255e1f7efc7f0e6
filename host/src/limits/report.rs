//! How a job was stopped.

use std::fmt;
use std::time::Duration;

/// Why a job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// `JobHandle::cancel`, or the drop of a `CancelOnDrop`.
    Cancelled,
    /// [`Limits::timeout`](crate::Limits::timeout).
    TimedOut(Duration),
    /// [`Limits::cpu_time`](crate::Limits::cpu_time).
    CpuTime(Duration),
    /// [`Limits::memory`](crate::Limits::memory), in bytes.
    Memory(usize),
    /// [`Limits::output_size`](crate::Limits::output_size), in bytes.
    Output(usize),
    /// The host shut down.
    Shutdown,
}

/// What it took, from the mildest to the harshest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StopStep {
    /// The job was still in the queue and never ran.
    Unqueued,
    /// One exception, which the job did not fight.
    Exception,
    /// The exception at every instruction: the job had caught the first, or its clean-up took longer
    /// than the grace period.
    EveryInstruction,
    /// Nothing: the thread is in native code that does not return. It was given up and its worker
    /// replaced. Until it returns, it holds up the garbage collection of everybody, which
    /// the host therefore turns off.
    GivenUp,
}

/// How a job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// Why.
    pub reason: StopReason,
    /// The step of the ladder that worked.
    pub step: StopStep,
    /// Whether the job sat in a blocking call when it was asked, and was interrupted there.
    pub in_call: bool,
    /// From the request to the end of the job.
    pub after: Duration,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("cancelled"),
            Self::TimedOut(limit) => write!(f, "time-out of {limit:?}"),
            Self::CpuTime(limit) => write!(f, "CPU time limit of {limit:?}"),
            Self::Memory(limit) => write!(f, "memory limit of {limit} bytes"),
            Self::Output(limit) => write!(f, "output limit of {limit} bytes"),
            Self::Shutdown => f.write_str("the host shut down"),
        }
    }
}

impl fmt::Display for StopReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, step, after, in_call } = self;
        let call = if *in_call { " in a blocking call" } else { "" };
        match step {
            StopStep::Unqueued => write!(f, "{reason}; it had not started"),
            StopStep::Exception => {
                write!(f, "{reason}; ended by an exception{call} after {after:.1?}")
            }
            StopStep::EveryInstruction => {
                write!(f, "{reason}; ended by an exception at every instruction after {after:.1?}")
            }
            StopStep::GivenUp => write!(
                f,
                "{reason}; given up after {after:.1?}: its thread is in native code that does not \
                 return, and its worker was replaced"
            ),
        }
    }
}
