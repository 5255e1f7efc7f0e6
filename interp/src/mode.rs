//! How this crate was built, and what that means at run time. The only module that asks
//! for the `gil` feature.

use std::fmt;

/// A lock discipline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockMode {
    /// One global interpreter lock: no two threads execute bytecode at once.
    Gil,
    /// No such lock: threads run Python in parallel, each object guards itself.
    FreeThreaded,
}

impl LockMode {
    /// `"gil"` or `"free-threaded"`, as in reports and `togil mode`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gil => "gil",
            Self::FreeThreaded => "free-threaded",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The discipline chosen when this crate was built. Whether a GIL is in force in this
/// process can differ, as in CPython 3.14t with `-X gil=1`: see [`gil_enabled`](crate::gil_enabled).
pub const LOCK_MODE: LockMode =
    if cfg!(feature = "gil") { LockMode::Gil } else { LockMode::FreeThreaded };

/// What `-X gil` or `PYTHON_GIL` asked for (PEP 703).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GilRequest {
    /// Nothing: the build decides.
    #[default]
    Default,
    /// `-X gil=1`: a GIL, in a free-threaded build too.
    Enable,
    /// `-X gil=0`: no GIL. A gil build refuses.
    Disable,
}

/// A gil build was asked to run without its GIL. The text is CPython's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Disabling the GIL is not supported by this build")]
pub struct GilRequired;

impl GilRequest {
    /// Whether this request gives the process a GIL.
    ///
    /// # Errors
    /// [`GilRequired`] if a gil build was asked to do without.
    pub const fn resolve(self) -> Result<bool, GilRequired> {
        match (self, LOCK_MODE) {
            (Self::Disable, LockMode::Gil) => Err(GilRequired),
            (Self::Disable | Self::Default, LockMode::FreeThreaded) => Ok(false),
            (Self::Enable, _) | (Self::Default, LockMode::Gil) => Ok(true),
        }
    }
}
