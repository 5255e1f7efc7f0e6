//! The shared types without Python: generic over what they hold, and compiled alone under
//! `--cfg togil_loom`, where `tests/tests/loom/shared_*.rs` model them.
//!
//! Three rules make them fit for a VM whose threads can be stopped. No lock is held while
//! code of the caller runs (comparing, waiting, dropping what was stored). Nothing is stored or
//! taken out while the thread is detached, so a collector that stopped the world sees
//! a container at rest. And a thread that waits holds nothing but its own [`Event`].
//!
//! Not crossbeam's channel: it has neither `close` with items left in it, nor a way to end
//! somebody's wait, and it moves items while its threads are detached.

pub mod atomic;
pub mod channel;
pub mod rw_lock;
mod sync;
pub mod table;

pub use sync::Event;
