//! Jobs: what a host runs, and how one waits for it.

mod context;
mod core;
mod handle;
mod script;
mod session;
mod spec;
mod target;

pub(crate) use core::{JobCore, Stop};
pub use handle::{CancelOnDrop, JobHandle};
pub use script::Script;
pub use session::Session;
pub use spec::Job;
pub(crate) use spec::{Bench, Ending, Queued, Typed};
pub use target::Callable;
