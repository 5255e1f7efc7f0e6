//! `rustpython-vm` under a lock discipline: one global interpreter lock, or free-threaded.
//!
//! The VM has no GIL of its own. Built with the feature `gil`, this crate adds one that
//! switches threads where CPython 3.14's does; without it, threads run in parallel. See
//! `ARCHITECTURE.md` in the repository for the way of a GIL request through the modules.
//!
//! | module | what is in it |
//! |---|---|
//! | [`lock`] | the GIL as a lock protocol; knows no Python |
//! | `mode` | how this crate was built |
//! | `attach` | the process's GIL and the calling thread's part in it |
//! | `late` | a GIL that a module turns on at run time |
//! | `stall` | noticing a thread that sleeps with the GIL |
//! | `safepoint`, `switch_point` | asking a running thread for something, and where it may switch |
//! | [`stop`] | stopping what a thread runs |
//! | `signals`, `doorbell` | operating-system signals, for the main thread only |
//! | `patch`, [`blocking`] | the VM's blocking calls, wrapped so that they give the GIL up |
//! | `threads`, `fork` | threads that Python starts; the child of a fork |
//! | `activity`, [`timeline`], [`sampling`] | what each thread does; when it did it, and on which lines |
//! | `immortal` | objects that threads share without counting references |
//! | `frozen`, `ast` | the standard library that is part of the program; a module of it that can wait |
//! | [`bytecode`] | compiled code that is kept: `.pyc` files, sources that interpreters share |
//! | `identity` | what `sys` and `sysconfig` say |
//! | [`imports`] | how threads import the same modules |
//! | `import_lock` | the process's import lock, when an interpreter ends |
//! | `modules` | modules that a host lends to scripts |
//! | `interpreter`, `subinterpreter`, `streams`, `python` | the Rust API |

pub mod lock;

#[cfg(not(togil_loom))]
mod activity;
#[cfg(not(togil_loom))]
mod ast;
#[cfg(not(togil_loom))]
mod attach;
#[cfg(not(togil_loom))]
pub mod blocking;
#[cfg(not(togil_loom))]
pub mod bytecode;
#[cfg(not(togil_loom))]
mod collector;
#[cfg(not(togil_loom))]
mod doorbell;
#[cfg(not(togil_loom))]
mod extension_modules;
#[cfg(not(togil_loom))]
mod fork;
#[cfg(not(togil_loom))]
mod frozen;
#[cfg(not(togil_loom))]
mod identity;
#[cfg(not(togil_loom))]
mod immortal;
#[cfg(not(togil_loom))]
mod import_lock;
pub mod imports;
#[cfg(not(togil_loom))]
mod interpreter;
#[cfg(not(togil_loom))]
mod late;
#[cfg(not(togil_loom))]
mod mode;
#[cfg(not(togil_loom))]
mod modules;
#[cfg(not(togil_loom))]
mod patch;
#[cfg(not(togil_loom))]
mod python;
pub mod race;
#[cfg(not(togil_loom))]
mod safepoint;
#[cfg(not(togil_loom))]
pub mod sampling;
#[cfg(not(togil_loom))]
mod signals;
#[cfg(not(togil_loom))]
mod stall;
#[cfg(not(togil_loom))]
pub mod stop;
#[cfg(not(togil_loom))]
mod streams;
#[cfg(not(togil_loom))]
mod subinterpreter;
#[cfg(not(togil_loom))]
mod switch_point;
#[cfg(not(togil_loom))]
pub mod threads;
#[cfg(not(togil_loom))]
pub mod timeline;

#[cfg(not(togil_loom))]
pub use {
    attach::{detached, gil_enabled, gil_handoff, gil_stats},
    interpreter::{BuildError, Handle, Interpreter, InterpreterBuilder},
    late::{GilSwitch, gil_enabled_by},
    mode::{GilRequest, GilRequired, LOCK_MODE, LockMode},
    modules::{Contents, NativeModule},
    python::Python,
    rustpython_vm as vm,
    subinterpreter::SubInterpreter,
};
