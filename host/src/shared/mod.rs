//! State that threads share: the `togil` module for Python scripts.
//!
//! `togil run` has it. Who builds an [`Interpreter`](crate::Interpreter) adds it with [`add_to`].
//! Under `--cfg togil_loom` only [`core`] is compiled, the types without Python.

pub mod core;

#[cfg(not(togil_loom))]
mod arguments;
#[cfg(not(togil_loom))]
mod atomic_int;
#[cfg(not(togil_loom))]
mod channel;
#[cfg(not(togil_loom))]
mod class;
#[cfg(not(togil_loom))]
mod dict;
#[cfg(not(togil_loom))]
mod module;
#[cfg(not(togil_loom))]
mod rw_lock;
#[cfg(not(togil_loom))]
mod select;
#[cfg(not(togil_loom))]
mod wait;

#[cfg(not(togil_loom))]
pub use module::add_to;
