//! A bounded queue that threads wait on.
//!
//! A thread that finds nothing to take (or no room) queues an [`Event`] and waits for it; the
//! next send (or receive) wakes the first in the queue, which looks again. Whoever leaves such a
//! queue, for whatever reason, passes on a wake-up that it has no use for: as long as there is an
//! item and somebody who waits for one, one of those who wait is on its way.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use super::sync::{Arc, Event, Mutex};

/// A bounded queue of `T`, first in, first out, for any number of senders and receivers.
#[derive(Debug)]
pub struct Channel<T> {
    capacity: NonZeroUsize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
    receivers: Line,
    senders: Line,
}

/// Why nothing was sent. The item comes back where it is to be dropped or sent again.
#[derive(Debug, PartialEq, Eq)]
pub enum NotSent<T, E> {
    /// The channel is closed.
    Closed(T),
    /// There was no room in time.
    TimedOut(T),
    /// `wait` failed.
    Interrupted(T, E),
}

/// Why nothing was received.
#[derive(Debug, PartialEq, Eq)]
pub enum NotReceived<E> {
    /// All channels are closed, and nothing is left in them.
    Closed,
    /// Nothing came in time.
    TimedOut,
    /// `wait` failed.
    Interrupted(E),
}

/// The threads that wait, the one that came first in front.
#[derive(Debug, Default)]
struct Line(VecDeque<Arc<Event>>);

impl Line {
    fn wake_first(&mut self) {
        if let Some(event) = self.0.pop_front() {
            event.set();
        }
    }

    fn wake_all(&mut self) {
        for event in self.0.drain(..) {
            event.set();
        }
    }

    fn leave(&mut self, event: &Arc<Event>) {
        self.0.retain(|other| !Arc::ptr_eq(other, event));
    }
}

enum Attempt<T> {
    Done(T),
    NotNow,
    Closed,
}

impl<T> Channel<T> {
    /// An open channel with room for `capacity` items.
    pub fn new(capacity: NonZeroUsize) -> Self {
        let state = State {
            items: VecDeque::new(),
            closed: false,
            receivers: Line::default(),
            senders: Line::default(),
        };
        Self { capacity, state: Mutex::new(state) }
    }

    /// How many items there is room for.
    pub fn capacity(&self) -> NonZeroUsize {
        self.capacity
    }

    /// How many items are in it.
    pub fn len(&self) -> usize {
        self.state.lock().items.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it was closed. Items may be left in it.
    pub fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Lets no more items in, and wakes everybody who waits. What is in it can still be received.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.senders.wake_all();
        state.receivers.wake_all();
    }

    /// Puts `item` into the queue. While there is no room calls `wait`, which returns whether
    /// the event was set (`false`: the time is up).
    ///
    /// # Errors
    /// [`NotSent`], with the item.
    pub fn send<E>(
        &self,
        item: T,
        mut wait: impl FnMut(&Event) -> Result<bool, E>,
    ) -> Result<(), NotSent<T, E>> {
        let mut item = Some(item);
        let mut give_back = || item.take().expect("kept until it is sent");
        loop {
            match self.try_send(&mut give_back) {
                Attempt::Done(()) => return Ok(()),
                Attempt::Closed => return Err(NotSent::Closed(give_back())),
                Attempt::NotNow => {}
            }
            let event = Arc::new(Event::new());
            self.watch_senders(&event);
            let waited = wait(&event);
            let attempt = match waited {
                Err(_) => Attempt::NotNow,
                Ok(_) => self.try_send(&mut give_back),
            };
            self.leave_senders(&event);
            match (attempt, waited) {
                (Attempt::Done(()), _) => return Ok(()),
                (Attempt::Closed, _) => return Err(NotSent::Closed(give_back())),
                (Attempt::NotNow, Ok(true)) => {}
                (Attempt::NotNow, Ok(false)) => return Err(NotSent::TimedOut(give_back())),
                (Attempt::NotNow, Err(error)) => {
                    return Err(NotSent::Interrupted(give_back(), error));
                }
            }
        }
    }

    /// Takes the first item. While there is none calls `wait`, as in [`send`](Self::send).
    ///
    /// # Errors
    /// [`NotReceived`].
    pub fn recv<E>(
        &self,
        wait: impl FnMut(&Event) -> Result<bool, E>,
    ) -> Result<T, NotReceived<E>> {
        select(&[self], wait).map(|(_, item)| item)
    }

    /// Takes out all that is left.
    pub fn drain(&self) -> Vec<T> {
        let mut state = self.state.lock();
        state.senders.wake_all();
        state.items.drain(..).collect()
    }

    /// Shows each item. `look` must not call back.
    pub fn for_each(&self, look: impl FnMut(&T)) {
        self.state.lock().items.iter().for_each(look);
    }

    fn try_send(&self, take: &mut impl FnMut() -> T) -> Attempt<()> {
        let mut state = self.state.lock();
        if state.closed {
            return Attempt::Closed;
        }
        if state.items.len() >= self.capacity.get() {
            return Attempt::NotNow;
        }
        state.items.push_back(take());
        state.receivers.wake_first();
        Attempt::Done(())
    }

    fn try_recv(&self) -> Attempt<T> {
        let mut state = self.state.lock();
        match state.items.pop_front() {
            Some(item) => {
                state.senders.wake_first();
                Attempt::Done(item)
            }
            None if state.closed => Attempt::Closed,
            None => Attempt::NotNow,
        }
    }

    fn watch_senders(&self, event: &Arc<Event>) {
        let mut state = self.state.lock();
        if state.closed || state.items.len() < self.capacity.get() {
            event.set();
        } else {
            state.senders.0.push_back(event.clone());
        }
    }

    fn leave_senders(&self, event: &Arc<Event>) {
        let mut state = self.state.lock();
        state.senders.leave(event);
        if state.items.len() < self.capacity.get() {
            state.senders.wake_first();
        }
    }

    fn watch_receivers(&self, event: &Arc<Event>) {
        let mut state = self.state.lock();
        if !state.items.is_empty() {
            event.set();
        } else if !state.closed {
            state.receivers.0.push_back(event.clone());
        }
    }

    fn leave_receivers(&self, event: &Arc<Event>) {
        let mut state = self.state.lock();
        state.receivers.leave(event);
        if !state.items.is_empty() {
            state.receivers.wake_first();
        }
    }
}

/// Takes an item from the first of `channels` that has one, and returns that channel's index
/// with it. While none has calls `wait`, as in [`Channel::send`].
///
/// # Errors
/// [`NotReceived`]; closed only when all of them are, and without items.
pub fn select<T, E>(
    channels: &[&Channel<T>],
    mut wait: impl FnMut(&Event) -> Result<bool, E>,
) -> Result<(usize, T), NotReceived<E>> {
    loop {
        match try_select(channels) {
            Attempt::Done(found) => return Ok(found),
            Attempt::Closed => return Err(NotReceived::Closed),
            Attempt::NotNow => {}
        }
        let event = Arc::new(Event::new());
        for channel in channels {
            channel.watch_receivers(&event);
        }
        // Closed between the two looks: then nobody is left to wake us.
        if channels.iter().all(|channel| channel.is_closed()) {
            event.set();
        }
        let waited = wait(&event);
        let attempt = match waited {
            Err(_) => Attempt::NotNow,
            Ok(_) => try_select(channels),
        };
        for channel in channels {
            channel.leave_receivers(&event);
        }
        match (attempt, waited) {
            (Attempt::Done(found), _) => return Ok(found),
            (Attempt::Closed, _) => return Err(NotReceived::Closed),
            (Attempt::NotNow, Ok(true)) => {}
            (Attempt::NotNow, Ok(false)) => return Err(NotReceived::TimedOut),
            (Attempt::NotNow, Err(error)) => return Err(NotReceived::Interrupted(error)),
        }
    }
}

fn try_select<T>(channels: &[&Channel<T>]) -> Attempt<(usize, T)> {
    let mut closed = true;
    for (index, channel) in channels.iter().enumerate() {
        match channel.try_recv() {
            Attempt::Done(item) => return Attempt::Done((index, item)),
            Attempt::NotNow => closed = false,
            Attempt::Closed => {}
        }
    }
    if closed { Attempt::Closed } else { Attempt::NotNow }
}
