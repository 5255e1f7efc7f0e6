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

mod class;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod error;
mod function;
mod host;
mod job;
mod limits;
mod module;
mod output;
pub mod value;

pub use class::{BorrowError, Class, ClassBuilder, Construct, Instance, New};
pub use error::{Error, HostError, PythonError, SyntaxError};
pub use function::{
    Arguments, BoxFuture, ExceptionClass, Function, FunctionBuilder, IntoPython, Raise, Return,
    Spawner, panic_exception_class,
};
pub use host::{Host, HostBuilder, HostStats, ImportPolicy, QueueFull, Shutdown};
pub use job::{Callable, CancelOnDrop, Job, JobHandle, Script, Session};
pub use limits::{CountingAllocator, Limits, StopReason, StopReport, StopStep};
pub use module::{Module, ModuleBuilder, ModuleError};
pub use output::{Captured, Output, Stream};
pub use value::{
    BigInt, Bytes, ConversionError, PyHandle, from_python, from_python_borrowed, to_python,
};

pub use togil_interp::{
    BuildError, GilRequest, GilRequired, GilSwitch, Handle, Interpreter, InterpreterBuilder,
    LOCK_MODE, LockMode, NativeModule, Python, blocking, gil_enabled, gil_enabled_by, gil_stats,
    lock, vm,
};
