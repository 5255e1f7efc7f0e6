//! Rust types as Python classes.

mod awaitable;
mod builder;
mod definition;
mod instance;
mod iterate;
mod method;
mod object;

pub(crate) use awaitable::make_awaitable;
pub use builder::{Class, ClassBuilder, Construct};
pub(crate) use definition::AnyClass;
pub use instance::{Instance, New};
pub(crate) use method::method_type;
pub use object::BorrowError;
pub(crate) use object::HostObject;
