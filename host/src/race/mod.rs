//! Finds races, deadlocks and broken invariants in threaded Python: runs a model under schedules that it
//! chooses itself, and tells the ones that fail.

#[cfg(not(togil_loom))]
mod confirm;
#[cfg(not(togil_loom))]
mod core;
#[cfg(not(togil_loom))]
mod display;
#[cfg(not(togil_loom))]
mod embedded;
#[cfg(not(togil_loom))]
mod exact;
#[cfg(not(togil_loom))]
mod exploration;
// Nothing else of this module is there under loom.
#[cfg_attr(togil_loom, allow(dead_code))]
mod explore;
#[cfg(not(togil_loom))]
mod lab;
#[cfg(not(togil_loom))]
mod report;
#[cfg(not(togil_loom))]
mod search;
#[cfg(not(togil_loom))]
mod target;
#[cfg(not(togil_loom))]
mod witness;

#[cfg(not(togil_loom))]
pub(crate) use core::use_nth_core;
#[cfg(not(togil_loom))]
pub use embedded::explore;
#[cfg(not(togil_loom))]
pub use lab::{Lab, RaceError};
#[cfg(not(togil_loom))]
pub use report::{Finding, GilVerdict, REPLAYS, Replayed, Report, Verdict};
#[cfg(not(togil_loom))]
pub use search::{Limits, Search, Share, StrategyKind};
#[cfg(not(togil_loom))]
pub use target::Target;
#[cfg(not(togil_loom))]
pub use togil_interp::race::SiteId;
#[cfg(not(togil_loom))]
pub use togil_interp::race::{Blocked, Discipline, End, Failure, Progress, progress};
#[cfg(not(togil_loom))]
pub(crate) use witness::line_of_another_process;
#[cfg(not(togil_loom))]
pub use witness::{LockStep, Row, Witness, line, place};
