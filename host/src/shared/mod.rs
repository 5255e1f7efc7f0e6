//! State that threads share: the `togil` module for Python scripts.
pub mod core;
