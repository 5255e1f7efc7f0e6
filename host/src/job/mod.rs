//! Jobs: what a host runs, and how one waits for it.

mod call;
mod context;
mod core;
mod crew;
mod handle;
mod recursion;
mod script;
mod session;
mod spec;
mod target;

pub(crate) use core::{JobCore, Stop};
pub(crate) use crew::install as install_crews;
pub use handle::{CancelOnDrop, JobHandle};
pub use script::Script;
pub use session::Session;
pub use spec::Job;
pub(crate) use spec::{Bench, Ending, Queued, Typed};
pub use target::Callable;
