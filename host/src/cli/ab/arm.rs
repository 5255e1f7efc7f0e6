//! What takes its turn in a round: a build, or what it is compared with besides.

use serde::{Deserialize, Serialize};

use super::mode::Mode;

/// One of the compared programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Arm {
    /// The build of this mode.
    Mode(Mode),
    /// The other one with this number; see [`others`](super::others).
    Other(usize),
}

impl Arm {
    /// A name without special characters, for files.
    pub(super) fn short(self) -> String {
        match self {
            Arm::Mode(mode) => mode.short().to_owned(),
            Arm::Other(number) => format!("other-{}", number + 1),
        }
    }
}

impl From<Mode> for Arm {
    fn from(mode: Mode) -> Self {
        Arm::Mode(mode)
    }
}
