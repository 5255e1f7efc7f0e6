//! Finds races, deadlocks and broken invariants in threaded Python: runs a model under schedules that it
//! chooses itself, and tells the ones that fail.

mod core;
mod explore;
mod lab;
mod report;
mod search;
mod witness;

pub use lab::{Lab, RaceError};
pub use report::{Finding, GilVerdict, REPLAYS, Replayed, Report, Verdict};
pub use search::{Limits, Search, StrategyKind};
pub use togil_interp::race::{Blocked, Discipline, End, Failure};
pub use witness::{Row, Witness, place};
