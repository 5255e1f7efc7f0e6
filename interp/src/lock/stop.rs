//! Stopping what a thread runs, from outside, without ever hitting what it runs next.
//!
//! A thread runs one job after the other. Whoever wants to stop a job names it by its number,
//! and number and state share one word, so a request for a job that is over changes nothing.
//!
//! | state | set by | what the thread does at its next safepoint |
//! |---|---|---|
//! | `Idle` | the thread, `end` | nothing: there is no job |
//! | `Running` | the thread, `begin` | nothing |
//! | `Asked` | a stopper, `ask` | raises once, and is `Raised` |
//! | `Raised` | the thread, `take` | nothing: the job may clean up |
//! | `Insisted` | a stopper, `insist` | raises, and does so at every safepoint until the job is over |
//!
//! What a stopper wrote before `ask` or `insist` (why, and what to raise) is visible to the thread
//! after `take`.

use std::ops::Deref;

use super::sync::{AtomicU64, Ordering};

/// How far the stopping of a job has come; see the table above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StopState {
    Idle,
    Running,
    Asked,
    Raised,
    Insisted,
}

const STATE_BITS: u32 = 3;
const STATE_MASK: u64 = (1 << STATE_BITS) - 1;

impl StopState {
    const fn from_word(word: u64) -> Self {
        match word & STATE_MASK {
            0 => Self::Idle,
            1 => Self::Running,
            2 => Self::Asked,
            3 => Self::Raised,
            _ => Self::Insisted,
        }
    }

    /// Whether the thread still has something to do about it.
    const fn is_pending(self) -> bool {
        matches!(self, Self::Asked | Self::Insisted)
    }
}

/// What [`StopCell::take`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRequest {
    /// To be raised once.
    Once,
    /// To be raised again and again.
    Always,
}

/// The stopping of one thread's jobs. `pending` counts the cells that wait for their thread, for
/// whoever keeps reminding the threads.
#[derive(Debug)]
pub struct StopCell<P> {
    word: AtomicU64,
    pending: P,
}

impl<P: Deref<Target = AtomicU64>> StopCell<P> {
    /// A thread without a job. Several cells may share a counter.
    pub fn new(pending: P) -> Self {
        Self { word: AtomicU64::new(0), pending }
    }

    /// The thread begins a job. Returns the job's number.
    pub fn begin(&self) -> u64 {
        // Only the thread itself writes the number, and nobody changes an idle cell.
        let job = (self.word.load(Ordering::Relaxed) >> STATE_BITS) + 1;
        self.word.store(word(job, StopState::Running), Ordering::Release);
        job
    }

    /// The thread is done with its job. Returns how far a stop had come.
    pub fn end(&self) -> StopState {
        let job = self.word.load(Ordering::Relaxed) >> STATE_BITS;
        let last = self.word.swap(word(job, StopState::Idle), Ordering::AcqRel);
        let last = StopState::from_word(last);
        if last.is_pending() {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
        last
    }

    /// Asks the thread to raise once. `false` if the job is over, or was asked before.
    pub fn ask(&self, job: u64) -> bool {
        self.change(job, StopState::Running, StopState::Asked)
    }

    /// Tells the thread to raise until the job is over. `false` if the job is over, was never
    /// asked, or was told before.
    pub fn insist(&self, job: u64) -> bool {
        // The thread may go from the first to the second in between, but never back.
        self.change(job, StopState::Asked, StopState::Insisted)
            || self.change(job, StopState::Raised, StopState::Insisted)
    }

    /// The thread, at a safepoint: what it has to raise.
    pub fn take(&self) -> Option<StopRequest> {
        let seen = self.word.load(Ordering::Acquire);
        match StopState::from_word(seen) {
            StopState::Insisted => Some(StopRequest::Always),
            StopState::Asked => {
                let job = seen >> STATE_BITS;
                if self.change(job, StopState::Asked, StopState::Raised) {
                    return Some(StopRequest::Once);
                }
                // A stopper lost its patience at this very moment.
                Some(StopRequest::Always)
            }
            _ => None,
        }
    }

    /// Whether the thread has something to raise.
    pub fn is_pending(&self) -> bool {
        StopState::from_word(self.word.load(Ordering::Acquire)).is_pending()
    }

    /// How far the stopping of `job` has come; `Idle` once it is over.
    pub fn state(&self, job: u64) -> StopState {
        let seen = self.word.load(Ordering::Acquire);
        if seen >> STATE_BITS == job { StopState::from_word(seen) } else { StopState::Idle }
    }

    fn change(&self, job: u64, from: StopState, to: StopState) -> bool {
        // Counted first and taken back: whoever reads the counter may see one too many for
        // a moment, never one too few.
        let more = to.is_pending() && !from.is_pending();
        let less = from.is_pending() && !to.is_pending();
        if more {
            self.pending.fetch_add(1, Ordering::Relaxed);
        }
        let changed = self
            .word
            .compare_exchange(word(job, from), word(job, to), Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if (more && !changed) || (less && changed) {
            self.pending.fetch_sub(1, Ordering::Relaxed);
        }
        changed
    }
}

const fn word(job: u64, state: StopState) -> u64 {
    (job << STATE_BITS) | state as u64
}
