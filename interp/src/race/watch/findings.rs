//! What a watched script was found to do.

/// A place in the user's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As the code object names it.
    pub file: String,
    /// 1 for the first line.
    pub line: u32,
    /// The qualified name of the function.
    pub function: String,
}

/// Places in the user's code, the innermost first.
pub type Stack = Vec<Place>;

/// One of the two accesses of a data race.
#[derive(Debug, Clone)]
pub struct Side {
    /// The thread's name.
    pub thread: String,
    /// What is done, such as `write of Account.balance`.
    pub operation: String,
    /// Whether it changes something.
    pub writes: bool,
    /// Where.
    pub stack: Stack,
    /// For each lock that the thread held, where that was made.
    pub locks: Vec<Stack>,
}

/// Two accesses of which one writes, and that nothing puts into an order.
#[derive(Debug, Clone)]
pub struct DataRace {
    /// What is touched, such as `Account.balance`.
    pub what: String,
    /// Where the object was first touched.
    pub made: Stack,
    /// The access that happened to come first.
    pub first: Side,
    /// The one that was found to race with it.
    pub second: Side,
    /// How often these two places were seen to race.
    pub count: u64,
}

/// A thread that takes a lock while it holds another.
#[derive(Debug, Clone)]
pub struct Nesting {
    /// The thread's name.
    pub thread: String,
    /// Where the lock that it holds was made, and where it took it.
    pub holds: (Stack, Stack),
    /// Where the lock that it takes was made, and where it takes it.
    pub takes: (Stack, Stack),
}

/// A thread that waits for ever.
#[derive(Debug, Clone)]
pub struct Waits {
    /// The thread's name.
    pub thread: String,
    /// For what, in words.
    pub waits_for: String,
    /// Who has it, if it is a lock.
    pub holder: Option<String>,
    /// Where.
    pub stack: Stack,
}

/// All that was found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Data races, in the order in which they were found.
    pub races: Vec<DataRace>,
    /// Locks that are taken in orders that can come to a deadlock, each by its threads.
    pub cycles: Vec<Vec<Nesting>>,
    /// Threads that did wait for each other, or for nobody, until they were given up.
    pub hangs: Vec<Vec<Waits>>,
}
