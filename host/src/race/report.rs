//! What exploring a model can come to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use togil_interp::race::{Discipline, End};

use super::search::Search;
use super::witness::Witness;

/// The short answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// It holds in every execution.
    Holds,
    /// It held in all executions that were run, and there are others.
    Bounded,
    /// An exception that nobody handled.
    Fails,
    /// Threads wait for each other, or for what nobody does.
    Deadlock,
    /// Threads go round in loops that wait for what nobody writes.
    Livelock,
    /// A thread runs on after the model has returned.
    Outlived,
    /// What a script prints, or its exit status, depends on the schedule.
    Differs,
    /// An execution had more steps than allowed.
    TooLong,
}

impl Verdict {
    /// What an execution's end says; `None` if it says nothing against the model.
    pub(super) fn of(end: &End) -> Option<Self> {
        match end {
            End::Finished | End::GivenUp => None,
            End::Failed(_) => Some(Self::Fails),
            End::Deadlock(_) => Some(Self::Deadlock),
            End::Livelock(_) => Some(Self::Livelock),
            End::Outlived => Some(Self::Outlived),
            End::Differs { .. } => Some(Self::Differs),
            End::TooLong => Some(Self::TooLong),
        }
    }

    /// Whether nothing was found.
    pub fn is_clean(self) -> bool {
        matches!(self, Self::Holds | Self::Bounded)
    }

    /// One word, for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Bounded => "bounded",
            Self::Fails => "fails",
            Self::Deadlock => "deadlock",
            Self::Livelock => "livelock",
            Self::Outlived => "outlived",
            Self::Differs => "differs",
            Self::TooLong => "too_long",
        }
    }
}

/// Whether a GIL would have hidden a failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GilVerdict {
    /// With CPython 3.14's GIL nothing fails: every execution was run.
    Hidden {
        /// How many there are.
        executions: usize,
    },
    /// It fails with that GIL, too.
    Possible {
        /// How many executions it took to find that.
        executions: usize,
        /// How one ends that fails.
        end: End,
        /// That one.
        witness: Witness,
    },
    /// Nothing failed in so many executions with that GIL, and there are others.
    NotFound {
        /// How many were run.
        executions: usize,
    },
}

/// A failing execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    /// How it ended.
    pub end: End,
    /// The schedule: what [`Lab::replay`](super::Lab::replay) takes.
    pub token: String,
    /// The execution for people to read.
    pub witness: Witness,
    /// What it printed.
    pub output: String,
    /// The steps of the execution in which it was found.
    pub steps_found: usize,
    /// How often a thread that could go on is taken off; `None` if it could not be shown again.
    pub preemptions: Option<usize>,
    /// Whether it does not show with fewer.
    pub is_fewest: bool,
    /// How many of [`REPLAYS`] replays came to exactly the same.
    pub replayed: usize,
    /// Found free-threaded: whether a GIL hides it.
    pub gil: Option<GilVerdict>,
}

/// How often a failing execution is run again.
pub const REPLAYS: usize = 10;

/// What was found out about a model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// What the model is in.
    pub target: String,
    /// The name of the model.
    pub model: String,
    /// What was asked for.
    pub search: Search,
    /// The answer.
    pub verdict: Verdict,
    /// Executions that were run to their end.
    pub executions: usize,
    /// The threads of an execution, at most. With one there was nothing to explore.
    pub threads: usize,
    /// The steps of all of them.
    pub steps: usize,
    /// How long the exploration took, without what was done with a finding.
    pub elapsed: Duration,
    /// What the model returned, as Python shows it, and in how many executions.
    pub outcomes: BTreeMap<String, usize>,
    /// How an execution that was run twice was not the same: the model depends on something besides its
    /// schedule, and executions may be missing.
    pub inexact: Option<String>,
    /// The first execution that failed.
    pub finding: Option<Finding>,
}

impl Report {
    /// Where threads could be switched, in words.
    pub fn granularity(&self) -> &'static str {
        match self.search.discipline {
            Discipline::FreeThreaded => "free-threaded",
            Discipline::Gil => "with CPython 3.14's GIL",
            Discipline::AnyBytecode => "with switches before any instruction",
        }
    }
}

/// A recorded execution, run again.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The name of the model.
    pub model: String,
    /// What is wrong; `None` if nothing is any more.
    pub verdict: Option<Verdict>,
    /// How it ended.
    pub end: End,
    /// The execution for people to read.
    pub witness: Witness,
    /// The choices in the recording.
    pub turns: usize,
    /// The choice, from 0 on, from which it did not fit any more.
    pub left_at: Option<usize>,
    /// Whether the file is not the one that was recorded.
    pub is_edited: bool,
}
