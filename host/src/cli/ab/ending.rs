//! How a run can end.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use serde::{Deserialize, Serialize};

/// How a process ended. Shown as a few words: "the run failed (exit status 1)".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Ending {
    /// By itself.
    Exited {
        /// 0 for success.
        status: i32,
    },
    /// By a signal that was not ours.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// By us, at the time limit.
    TimedOut {
        /// The limit in seconds.
        after_s: f64,
    },
    /// By us, as the user pressed Ctrl-C.
    Interrupted,
}

impl Ending {
    /// Whether its figures may be used.
    pub(super) fn is_success(self) -> bool {
        self == Ending::Exited { status: 0 }
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(status), _) => Ending::Exited { status },
            (None, Some(signal)) => Ending::Signal { signal },
            // Stopped or continued: not asked for, so it cannot come.
            (None, None) => Ending::Exited { status: -1 },
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Exited { status } => write!(f, "exit status {status}"),
            Ending::Signal { signal } => match signal_hook::low_level::signal_name(*signal) {
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
            Ending::TimedOut { after_s } => write!(f, "hung, killed after {after_s} s"),
            Ending::Interrupted => f.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_in_words() {
        assert_eq!(Ending::Exited { status: 3 }.to_string(), "exit status 3");
        assert_eq!(Ending::Signal { signal: 11 }.to_string(), "killed by SIGSEGV");
        assert_eq!(Ending::Signal { signal: 63 }.to_string(), "killed by signal 63");
        assert_eq!(Ending::TimedOut { after_s: 2.5 }.to_string(), "hung, killed after 2.5 s");
    }
}
