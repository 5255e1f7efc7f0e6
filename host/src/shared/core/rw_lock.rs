//! A lock for many readers or one writer, first come, first served.
//!
//! Who lets go hands the lock on to the head of the queue: to one writer, or to all readers
//! up to the next writer. So a reader that comes while a writer waits queues up behind it,
//! and neither kind starves.

use std::collections::{HashMap, VecDeque};

use super::sync::{Arc, Event, Mutex};

/// What a thread wants to do with what the lock guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Look at it, beside other readers.
    Read,
    /// Change it, alone.
    Write,
}

/// What the lock refuses, because it could never end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misuse {
    /// A reader wants to write: it would wait for itself.
    Upgrade,
    /// The writer wants the lock once more.
    Reentry,
    /// A thread lets go of what it does not hold in this mode.
    NotHeld,
}

/// Why a thread did not get the lock.
#[derive(Debug, PartialEq, Eq)]
pub enum NotAcquired<E> {
    /// See [`Misuse`].
    Misuse(Misuse),
    /// It was not free in time.
    TimedOut,
    /// `wait` failed.
    Interrupted(E),
}

/// A read-write lock that knows its holders by the numbers that callers give as `me`.
#[derive(Debug)]
pub struct ReadWriteLock {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many times each reader holds the lock.
    readers: HashMap<u64, usize>,
    writer: Option<u64>,
    queue: VecDeque<Request>,
}

#[derive(Debug)]
struct Request {
    who: u64,
    mode: Mode,
    event: Arc<Event>,
}

impl State {
    fn admits(&self, mode: Mode) -> bool {
        self.writer.is_none() && (mode == Mode::Read || self.readers.is_empty())
    }

    fn admit(&mut self, who: u64, mode: Mode) {
        match mode {
            Mode::Read => *self.readers.entry(who).or_default() += 1,
            Mode::Write => self.writer = Some(who),
        }
    }

    /// Lets in whoever is next, as far as they go together.
    fn hand_on(&mut self) {
        while let Some(next) = self.queue.front()
            && self.admits(next.mode)
            && let Some(next) = self.queue.pop_front()
        {
            self.admit(next.who, next.mode);
            next.event.set();
        }
    }

    fn release(&mut self, me: u64, mode: Mode) -> Result<(), Misuse> {
        match mode {
            Mode::Write if self.writer == Some(me) => self.writer = None,
            Mode::Write => return Err(Misuse::NotHeld),
            Mode::Read => {
                let count = self.readers.get_mut(&me).ok_or(Misuse::NotHeld)?;
                *count -= 1;
                if *count == 0 {
                    self.readers.remove(&me);
                }
            }
        }
        self.hand_on();
        Ok(())
    }
}

impl ReadWriteLock {
    /// A lock that nobody holds.
    pub fn new() -> Self {
        Self { state: Mutex::new(State::default()) }
    }

    /// Takes the lock for thread `me`. While it is not its turn calls `wait`, which returns
    /// whether the event was set (`false`: the time is up). A reader may take it again.
    ///
    /// # Errors
    /// [`NotAcquired`]; the lock is then not held, or as often as before.
    pub fn acquire<E>(
        &self,
        me: u64,
        mode: Mode,
        mut wait: impl FnMut(&Event) -> Result<bool, E>,
    ) -> Result<(), NotAcquired<E>> {
        let event = Arc::new(Event::new());
        {
            let mut state = self.state.lock();
            if state.writer == Some(me) {
                return Err(NotAcquired::Misuse(Misuse::Reentry));
            }
            let reads = state.readers.contains_key(&me);
            if reads && mode == Mode::Write {
                return Err(NotAcquired::Misuse(Misuse::Upgrade));
            }
            // Once more for a reader: to queue up behind a writer that waits for us is a deadlock.
            if reads || (state.queue.is_empty() && state.admits(mode)) {
                state.admit(me, mode);
                return Ok(());
            }
            state.queue.push_back(Request { who: me, mode, event: event.clone() });
        }
        loop {
            let waited = wait(&event);
            let mut state = self.state.lock();
            let place = state.queue.iter().position(|other| Arc::ptr_eq(&other.event, &event));
            match (place, waited) {
                // Not in the queue any more: it was let in, if only at the last moment.
                (None, Ok(_)) => return Ok(()),
                (None, Err(error)) => {
                    let released = state.release(me, mode);
                    debug_assert!(released.is_ok(), "what was let in is held");
                    return Err(NotAcquired::Interrupted(error));
                }
                (Some(_), Ok(true)) => {}
                (Some(place), waited) => {
                    state.queue.remove(place);
                    // Those behind may go with whoever holds it, if it was a writer that left.
                    state.hand_on();
                    return Err(
                        waited.map_or_else(NotAcquired::Interrupted, |_| NotAcquired::TimedOut)
                    );
                }
            }
        }
    }

    /// Lets go of the lock once.
    ///
    /// # Errors
    /// [`Misuse::NotHeld`] if `me` does not hold it in this mode.
    pub fn release(&self, me: u64, mode: Mode) -> Result<(), Misuse> {
        self.state.lock().release(me, mode)
    }

    /// How many threads hold it for reading.
    pub fn readers(&self) -> usize {
        self.state.lock().readers.len()
    }

    /// Whether a thread holds it for writing.
    pub fn is_writing(&self) -> bool {
        self.state.lock().writer.is_some()
    }
}

impl Default for ReadWriteLock {
    fn default() -> Self {
        Self::new()
    }
}
