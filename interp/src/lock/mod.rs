//! The lock protocol of the GIL. Knows no Python and compiles alone, so that loom can
//! check it (`tests/tests/loom`, run by `cargo verify`).
//!
//! [`StopCell`] is a protocol of its own: how the job of a thread is stopped from outside. So is [`Seat`]: how
//! threads that run one at a time give each other the turn. [`Event`] is what a thread waits for that others can stop.
//!
//! Read [`policy`] for the rule of who is next and why nobody starves, and [`Gil`] for how
//! a turn passes from thread to thread. [`Roll`] is for a GIL that is turned on late. `sync` decides between std and loom.

mod clock;
mod event;
mod gil;
mod handoff;
pub mod policy;
mod roll;
mod seat;
mod stats;
mod stop;
pub(crate) mod sync;

pub use clock::{Clock, MonotonicClock};
pub use event::Event;
pub use gil::{Closed, ForkGuard, Gil, Member, Probe};
pub use handoff::Handoff;
pub use roll::{AtWork, Roll, RollGuard, Ticket};
pub use seat::Seat;
pub use stats::GilStats;
pub use stop::{StopCell, StopRequest, StopState};
