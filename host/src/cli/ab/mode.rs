//! The two builds that are compared.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which lock discipline a binary was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// With a global interpreter lock.
    #[serde(rename = "gil")]
    Gil,
    /// Without one.
    #[serde(rename = "free-threaded")]
    Free,
}

impl Mode {
    /// Both modes in the order in which they take turns.
    pub(super) const TURNS: [Mode; 2] = [Mode::Gil, Mode::Free];

    /// The mode that this program itself was built in.
    pub(super) fn own() -> Mode {
        if cfg!(feature = "gil") { Mode::Gil } else { Mode::Free }
    }

    /// The one to compare it with.
    pub(super) fn other(self) -> Mode {
        match self {
            Mode::Gil => Mode::Free,
            Mode::Free => Mode::Gil,
        }
    }

    /// A name without special characters: of files, environment variables and options.
    pub(super) fn short(self) -> &'static str {
        match self {
            Mode::Gil => "gil",
            Mode::Free => "free",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Gil => "gil",
            Mode::Free => "free-threaded",
        })
    }
}

/// One thing for each mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ByMode<T> {
    /// For the build with the GIL.
    pub(super) gil: T,
    /// For the free-threaded build.
    pub(super) free: T,
}

impl<T> ByMode<T> {
    /// Makes the thing for each mode, the one for the GIL first.
    pub(super) fn each(mut make: impl FnMut(Mode) -> T) -> Self {
        ByMode { gil: make(Mode::Gil), free: make(Mode::Free) }
    }

    /// The thing for `mode`, to be changed.
    pub(super) fn of_mut(&mut self, mode: Mode) -> &mut T {
        match mode {
            Mode::Gil => &mut self.gil,
            Mode::Free => &mut self.free,
        }
    }

    /// The thing for `mode`.
    pub(super) fn of(&self, mode: Mode) -> &T {
        match mode {
            Mode::Gil => &self.gil,
            Mode::Free => &self.free,
        }
    }
}

impl<T, E> ByMode<Result<T, E>> {
    /// Both things, or the first error.
    pub(super) fn transpose(self) -> Result<ByMode<T>, E> {
        Ok(ByMode { gil: self.gil?, free: self.free? })
    }
}
