//! What is remembered of the accesses to one variable, and which of them a new one races with.
//!
//! FastTrack (Flanagan and Freund, PLDI 2009): the last write is an epoch, and so are the reads
//! while they are ordered. Added is that some operations are atomic by contract: they race with
//! plain ones, and not with each other, so that several unordered ones must be remembered. The look and the
//! update are one critical section of the caller's, as in VerifiedFT (Wilcox, Flanagan, Freund, PPoPP 2018).

use super::clock::{Epoch, VectorClock};

/// How a variable is accessed. Two accesses conflict if one writes and one is plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Read,
    Write,
    AtomicRead,
    AtomicWrite,
}

impl Mode {
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::AtomicWrite)
    }

    /// Whether two unordered ones are a race.
    #[cfg(test)]
    pub(crate) fn conflicts_with(self, other: Self) -> bool {
        let is_plain = |mode| matches!(mode, Self::Read | Self::Write);
        (self.writes() || other.writes()) && (is_plain(self) || is_plain(other))
    }
}

/// One access, with what reports say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) epoch: Epoch,
    pub(crate) told: Told,
}

/// What reports say of an access, by numbers of what is interned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// The place in the code.
    pub(crate) site: u32,
    pub(crate) stack: u32,
    /// The locks that were held.
    pub(crate) locks: u32,
    /// The thread; unlike slots these are never given again.
    pub(crate) thread: u32,
}

/// Unordered accesses of a kind: none, one for most variables, or some.
#[derive(Debug, Default)]
enum Last {
    #[default]
    None,
    One(Access),
    Many(Vec<Access>),
}

impl Last {
    /// One that `clock` does not know of.
    fn unordered(&self, clock: &VectorClock) -> Option<Access> {
        match self {
            Self::None => None,
            Self::One(access) => (!clock.covers(access.epoch)).then_some(*access),
            Self::Many(all) => all.iter().find(|access| !clock.covers(access.epoch)).copied(),
        }
    }

    /// Adds one, which stands for those that happened before it.
    fn add(&mut self, access: Access, clock: &VectorClock) {
        match self {
            Self::None => *self = Self::One(access),
            Self::One(last) if clock.covers(last.epoch) => *last = access,
            Self::One(last) => *self = Self::Many(vec![*last, access]),
            Self::Many(all) => {
                all.retain(|last| !clock.covers(last.epoch));
                all.push(access);
            }
        }
    }
}

/// What is remembered of one variable.
#[derive(Debug, Default)]
pub(crate) struct Variable {
    write: Option<Access>,
    reads: Last,
    /// Most variables have none.
    atomic: Option<Box<Atomic>>,
}

#[derive(Debug, Default)]
struct Atomic {
    reads: Last,
    writes: Last,
}

impl Variable {
    /// Remembers an access by a thread whose clock is `clock`. Returns an earlier one that it races with, and
    /// how that was.
    pub(crate) fn access(
        &mut self,
        access: Access,
        mode: Mode,
        clock: &VectorClock,
    ) -> Option<(Access, Mode)> {
        let race = self.race(mode, clock);
        match mode {
            Mode::Read => self.reads.add(access, clock),
            // What races with an earlier access and not with this one happened after that access, too.
            Mode::Write => {
                *self = Self { write: Some(access), reads: Last::None, atomic: None };
            }
            Mode::AtomicRead => self.atomic.get_or_insert_default().reads.add(access, clock),
            Mode::AtomicWrite => self.atomic.get_or_insert_default().writes.add(access, clock),
        }
        race
    }

    fn race(&self, mode: Mode, clock: &VectorClock) -> Option<(Access, Mode)> {
        let with = |last: &Last, mode| last.unordered(clock).map(|access| (access, mode));
        let write = self.write.filter(|write| !clock.covers(write.epoch));
        let write = write.map(|write| (write, Mode::Write));
        let atomic = self.atomic.as_deref();
        let atomic_write = || atomic.and_then(|a| with(&a.writes, Mode::AtomicWrite));
        let atomic_read = || atomic.and_then(|a| with(&a.reads, Mode::AtomicRead));
        let read = || with(&self.reads, Mode::Read);
        match mode {
            Mode::Read => write.or_else(atomic_write),
            Mode::Write => write.or_else(read).or_else(atomic_write).or_else(atomic_read),
            Mode::AtomicRead => write,
            Mode::AtomicWrite => write.or_else(read),
        }
    }
}
