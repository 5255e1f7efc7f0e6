//! Python threads under a scheduler of ours: one runs at a time, and each says what it is about to do
//! before it does it. `schedule` knows no Python and compiles alone, so that who chooses among the threads can be
//! tested without the VM.

#[cfg(not(togil_loom))]
use serde::{Deserialize, Serialize};

#[cfg(not(togil_loom))]
mod accesses;
#[cfg(not(togil_loom))]
mod calls;
#[cfg(not(togil_loom))]
mod deaths;
#[cfg(not(togil_loom))]
mod execution;
#[cfg(not(togil_loom))]
mod hook;
#[cfg(not(togil_loom))]
mod instrument;
#[cfg(not(togil_loom))]
mod kernel;
#[cfg(not(togil_loom))]
mod lab;
#[cfg(not(togil_loom))]
mod objects;
#[cfg(not(togil_loom))]
mod outcome;
#[cfg(not(togil_loom))]
mod outside;
#[cfg(not(togil_loom))]
mod places;
#[cfg(not(togil_loom))]
mod pool;
#[cfg(not(togil_loom))]
mod progress;
mod schedule;
#[cfg(not(togil_loom))]
mod sharing;
#[cfg(not(togil_loom))]
mod site;
#[cfg(not(togil_loom))]
mod sites;
#[cfg(not(togil_loom))]
mod spin;
#[cfg(not(togil_loom))]
pub(crate) mod stepping;
#[cfg(not(togil_loom))]
mod table;
#[cfg(not(togil_loom))]
mod turn_calls;
#[cfg(not(togil_loom))]
mod values;
pub mod watch;

#[cfg(not(togil_loom))]
use lab::MODELS;
#[cfg(not(togil_loom))]
pub use {
    lab::{Lab, Run},
    outcome::{Blocked, End, Failure},
    outside::{
        Touch, access_outside, call_outside, is_exploring, know_objects_of_host, wait_outside,
    },
    progress::{Progress, progress},
    sharing::Sharing,
    site::{Site, SiteKind},
    values::Noted,
};

pub use schedule::{
    Access, Event, ObjectId, Part, Pending, Point, SiteId, Step, Strategy, Sync, ThreadId, Turn,
};

/// Where threads may be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(not(togil_loom), derive(Serialize, Deserialize))]
pub enum Discipline {
    /// Between any two steps that others can see: free-threaded, or under a GIL that may be given away at any
    /// instruction.
    #[default]
    FreeThreaded,
    /// Where CPython 3.14 looks whether somebody wants its GIL: at the entry of functions, at the end
    /// of a loop's turn, after calls but for a few (`_CHECK_PERIODIC` in Python/bytecodes.c), and
    /// where a thread waits.
    Gil,
    /// Before any instruction of the code that is explored, whether it is known to do something that others see
    /// or not: with a GIL, as up to CPython 3.9. What is atomic for C code is atomic here.
    AnyBytecode,
}

/// The site with a number; `None` for that of a step outside of instrumented code.
#[cfg(not(togil_loom))]
pub fn site(id: SiteId) -> Option<Site> {
    sites::get(id).map(|known| known.site.clone())
}

/// Numbers a site that is not in code of this process: of what another one has found.
#[cfg(not(togil_loom))]
pub fn add_site(site: Site) -> SiteId {
    sites::add(site)
}
