//! Python threads under a scheduler of ours: one runs at a time, and each says what it is about to do
//! before it does it.

mod accesses;
mod execution;
mod hook;
mod instrument;
mod lab;
mod objects;
mod outcome;
mod places;
mod pool;
mod schedule;
mod sharing;
mod site;
mod sites;
mod spin;
mod table;

pub use lab::{Lab, Run};
pub use outcome::{Blocked, End, Failure};
pub use schedule::{
    Access, Event, ObjectId, Part, Pending, Point, SiteId, Step, Strategy, Sync, ThreadId, Turn,
};
pub use sharing::Sharing;
pub use site::{Site, SiteKind};

/// Where threads may be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discipline {
    /// Between any two steps: free-threaded, or under a GIL that may be given away at any instruction, as
    /// up to CPython 3.9.
    #[default]
    FreeThreaded,
    /// Where CPython 3.14 looks whether somebody wants its GIL: at the entry of functions, at the end
    /// of a loop's turn, after calls but for a few (`_CHECK_PERIODIC` in Python/bytecodes.c), and
    /// where a thread waits.
    Gil,
}

/// The site with a number; `None` for that of a step outside of instrumented code.
pub fn site(id: SiteId) -> Option<Site> {
    sites::get(id).map(|known| known.site.clone())
}
