//! How threads import. The VM's import system is CPython's Python code, whose locks count on
//! the GIL here and there; its decisions are made here instead, for both lock modes.
//!
//! [`ModuleLocks`] and [`Importer`] know no Python and compile alone, so that loom can check them
//! (`tests/tests/loom/imports.rs`). `load` is what they decide about, `library` says where the standard library is searched, `statement` is `__import__`, and `install`
//! puts both into an interpreter.

mod find;
#[cfg(not(togil_loom))]
mod install;
#[cfg(not(togil_loom))]
mod library;
#[cfg(not(togil_loom))]
mod load;
mod locks;
#[cfg(not(togil_loom))]
mod statement;
#[cfg(not(togil_loom))]
mod world;

pub use find::{Importer, Modules};
pub use locks::{Doing, ModuleLocks, Name, NotHeld, Refused, Still};

#[cfg(not(togil_loom))]
pub(crate) use {
    install::install,
    library::find_frozen,
    world::{abandon, hold_still},
};
