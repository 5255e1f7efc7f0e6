//! The rules of who gets the GIL next that a process can choose from.

/// Who gets the GIL next, and whether it is given or merely left. The same threads can be run under
/// each of them, to see what the rule is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Handoff {
    /// togil's: threads that use the GIL briefly go first, within bounds; see
    /// [`policy`](super::policy).
    #[default]
    Togil,
    /// CPython's: a waiter asks after a switch interval in which the GIL did not change hands, and
    /// a GIL that is given up by itself is whoever's comes first. `take_gil` and `drop_gil` of
    /// CPython 3.14's Python/ceval_gil.c; waiters are woken in the order in which they came,
    /// where CPython leaves that to the system.
    Cpython,
    /// A ticket lock's: strictly in the order of coming, and each gives it to the next. The next
    /// asks after a switch interval.
    Fifo,
}

impl Handoff {
    /// All of them, togil's first.
    pub const ALL: [Self; 3] = [Self::Togil, Self::Cpython, Self::Fifo];

    /// `"togil"`, `"cpython"` or `"fifo"`, as `-X gil_handoff` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Togil => "togil",
            Self::Cpython => "cpython",
            Self::Fifo => "fifo",
        }
    }

    /// Whether threads that use the GIL briefly have a queue of their own.
    pub(super) const fn prefers_brief(self) -> bool {
        matches!(self, Self::Togil)
    }

    /// Whether a thread that comes by may take the GIL before those that wait.
    pub(super) const fn lets_barge(self) -> bool {
        !matches!(self, Self::Fifo)
    }

    /// Whether a slice begins anew when a thread that did not wait takes the GIL.
    pub(super) const fn restarts_slice(self) -> bool {
        matches!(self, Self::Cpython)
    }
}
