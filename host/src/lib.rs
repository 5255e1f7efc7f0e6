//! Run Python in a Rust app, with the GIL as a build-time switch.
//!
//! Built with the feature `gil`, Python threads run under one global interpreter lock;
//! without it they run in parallel. Everything else is the same.
//!
//! ```
//! use togil::Host;
//!
//! let host = Host::new()?;
//! let primes: Vec<u32> = host.eval("[n for n in range(2, 20) if all(n % d for d in range(2, n))]")?;
//! assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | run scripts on worker threads | [`Host`], [`Job`], [`JobHandle`], [`Script`], [`Session`] |
//! | limit and stop them | [`Limits`], [`StopReport`] |
//! | pass values | [`value`], [`PyHandle`] |
//! | lend Rust to scripts | [`Module`], [`Function`], [`Class`] |
//! | share state between threads of scripts | [`shared`] |
//! | know why a module is not imported | [`Host::explain_import`], [`explain_import()`], [`ProgramWatch`] |
//! | have one interpreter and attach threads yourself | [`Interpreter`], [`Python`] |

#[cfg(not(togil_loom))]
mod bundled;
#[cfg(not(togil_loom))]
mod class;
#[cfg(all(feature = "cli", not(togil_loom)))]
#[doc(hidden)]
pub mod cli;
#[cfg(not(togil_loom))]
mod error;
#[cfg(not(togil_loom))]
mod explain;
#[cfg(not(togil_loom))]
mod function;
#[cfg(not(togil_loom))]
mod host;
#[cfg(not(togil_loom))]
mod job;
#[cfg(not(togil_loom))]
mod limits;
#[cfg(not(togil_loom))]
mod module;
#[cfg(not(togil_loom))]
mod output;
pub mod race;
pub mod shared;
#[cfg(not(togil_loom))]
mod spin;
#[cfg(not(togil_loom))]
pub mod value;

#[cfg(not(togil_loom))]
pub use {
    class::{BorrowError, Class, ClassBuilder, Construct, Instance, New},
    error::{Error, HostError, PythonError, SyntaxError},
    explain::{
        CacheNote, CacheState, Cause, Compile, EntryNote, Execute, Failure, Find, FinderNote,
        Finding, FindingKind, GilReport, GilUser, ImportReport, Lookup, LookupState, Loser,
        ModuleReport, Place, ProgramReport, ProgramWatch, Spec, SpecKind, explain_import,
    },
    function::{
        Arguments, BoxFuture, ExceptionClass, Function, FunctionBuilder, IntoPython, Raise, Return,
        Spawner, panic_exception_class,
    },
    host::{
        Host, HostBuilder, HostStats, ImportPolicy, QueueFull, Shutdown, WorkerGil, WorkerStats,
    },
    job::{Callable, CancelOnDrop, Job, JobHandle, Script, Session},
    limits::{CountingAllocator, Limits, StopReason, StopReport, StopStep},
    module::{Module, ModuleBuilder, ModuleError},
    output::{Captured, Output, Stream},
    value::{
        BigInt, Bytes, ConversionError, PyHandle, from_python, from_python_borrowed, to_python,
    },
};

#[cfg(not(togil_loom))]
pub use togil_interp::bytecode::shared::{Sharing, sharing};
#[cfg(not(togil_loom))]
pub use togil_interp::{
    BuildError, GilRequest, GilRequired, GilSwitch, Handle, Interpreter, InterpreterBuilder,
    LOCK_MODE, LockMode, NativeModule, Python, blocking, gil_enabled, gil_enabled_by, gil_handoff,
    gil_stats, lock, vm,
};

/// The README's examples, as doc tests.
#[cfg(all(doctest, not(togil_loom)))]
#[doc = include_str!("../../README.md")]
struct Readme;
