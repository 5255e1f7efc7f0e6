//! Finds data races and possible deadlocks in a script whose threads run as they like: each access and each
//! primitive is noted, and two accesses that nothing puts into an order are a race, however
//! they happened to fall this time.
//!
//! `clock`, `thread`, `variable` and `order` know no Python and no locks, and compile alone.

mod clock;
mod order;
mod thread;
mod variable;

#[cfg(test)]
mod tests;
