//! Epochs and vector clocks.
//!
//! Mattern, "Virtual Time and Global States of Distributed Systems", 1989; epochs are from FastTrack (Flanagan
//! and Freund, PLDI 2009).

/// A moment of one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Epoch {
    /// The thread's slot in vector clocks. A slot is given again when its thread has ended.
    pub(crate) slot: u32,
    /// Counts what the thread has told others. 0 is before its start.
    pub(crate) time: u64,
}

/// Up to which moment of each thread everything is known to have happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VectorClock(Vec<u64>);

impl VectorClock {
    pub(crate) fn time(&self, slot: u32) -> u64 {
        self.0.get(slot as usize).copied().unwrap_or(0)
    }

    /// Whether the moment happened before.
    pub(crate) fn covers(&self, epoch: Epoch) -> bool {
        epoch.time <= self.time(epoch.slot)
    }

    pub(crate) fn set(&mut self, epoch: Epoch) {
        let index = epoch.slot as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, 0);
        }
        self.0[index] = epoch.time;
    }

    /// Learns all that `other` knows.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }
}
