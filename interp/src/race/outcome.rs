//! What an execution can come to.

use serde::{Deserialize, Serialize};

use super::{ObjectId, SiteId, ThreadId};

/// How an execution has ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum End {
    /// All threads have ended, and nothing was found.
    Finished,
    /// An exception that nobody handled, in a thread or in the model itself.
    Failed(Failure),
    /// Every thread that is left waits for another of them.
    Deadlock(Vec<Blocked>),
    /// Threads are left in loops that wait for what nobody will write.
    Livelock(Vec<Blocked>),
    /// A thread ran on after the model had returned.
    Outlived,
    /// It has come to its end, and to something else than another execution. Said by whoever compares.
    Differs {
        /// What the first execution came to.
        first: String,
        /// What this one came to.
        this: String,
    },
    /// More steps than an execution may have.
    TooLong,
    /// The strategy has seen enough of it.
    GivenUp,
}

/// An exception that nobody handled.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// Where it was raised.
    pub thread: ThreadId,
    /// The class of the exception.
    pub class: String,
    /// The class and the message, in one line.
    pub message: String,
    /// As Python prints it.
    pub traceback: String,
}

/// A thread that waits for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Blocked {
    /// Who.
    pub thread: ThreadId,
    /// Where.
    pub site: SiteId,
    /// The lock that it waits for; `None` for the end of a thread, or in a loop.
    pub object: Option<ObjectId>,
    /// Who has the lock, or which thread's end it waits for.
    pub holder: Option<ThreadId>,
    /// It goes round in a loop.
    pub spins: bool,
}
