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

#[cfg(all(feature = "cli", not(togil_loom)))]
#[doc(hidden)]
pub mod cli;
#[cfg(not(togil_loom))]
mod error;
pub mod shared;
#[cfg(not(togil_loom))]
pub mod value;

#[cfg(not(togil_loom))]
pub use {
    error::{Error, PythonError},
    value::{ConversionError, PyHandle},
};

#[cfg(not(togil_loom))]
pub use togil_interp::{
    BuildError, GilRequest, GilRequired, Handle, Interpreter, InterpreterBuilder, LOCK_MODE,
    LockMode, Python, blocking, gil_enabled, gil_stats, lock, vm,
};
