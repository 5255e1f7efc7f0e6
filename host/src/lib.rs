//! Run Python in a Rust app, with the GIL as a build-time switch.
//!
//! Built with the feature `gil`, Python threads run under one global interpreter lock;
//! without it they run in parallel. Everything else is the same.
//!
//! ```
//! use togil::Interpreter;
//!
//! let interpreter = Interpreter::builder().build()?;
//! interpreter.attach(|py| {
//!     let scope = py.new_scope_with_builtins();
//!     py.run_string(scope, "import sys; assert sys.version_info >= (3, 14)", "<example>")
//!         .expect("the script runs");
//! });
//! assert_eq!(interpreter.finalize(None), 0);
//! # Ok::<(), togil::BuildError>(())
//! ```

#[cfg(not(togil_loom))]
mod class;
#[cfg(all(feature = "cli", not(togil_loom)))]
#[doc(hidden)]
pub mod cli;
#[cfg(not(togil_loom))]
mod error;
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
pub mod shared;
#[cfg(not(togil_loom))]
pub mod value;

#[cfg(not(togil_loom))]
pub use {
    class::{BorrowError, Class, ClassBuilder, Construct, Instance, New},
    error::{Error, HostError, PythonError, SyntaxError},
    function::{
        Arguments, BoxFuture, ExceptionClass, Function, FunctionBuilder, IntoPython, Raise, Return,
        Spawner, panic_exception_class,
    },
    host::{Host, HostBuilder, HostStats, ImportPolicy, QueueFull, Shutdown},
    job::{Callable, CancelOnDrop, Job, JobHandle, Script, Session},
    limits::{CountingAllocator, Limits, StopReason, StopReport, StopStep},
    module::{Module, ModuleBuilder, ModuleError},
    output::{Captured, Output, Stream},
    value::{
        BigInt, Bytes, ConversionError, PyHandle, from_python, from_python_borrowed, to_python,
    },
};

#[cfg(not(togil_loom))]
pub use togil_interp::{
    BuildError, GilRequest, GilRequired, GilSwitch, Handle, Interpreter, InterpreterBuilder,
    LOCK_MODE, LockMode, NativeModule, Python, blocking, gil_enabled, gil_enabled_by, gil_stats,
    lock, vm,
};
