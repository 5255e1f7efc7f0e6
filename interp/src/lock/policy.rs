//! Who gets the GIL next, and when a waiter may ask the holder for it. No locks here:
//! [`Gil`](super::Gil) calls this with its state lock held.
//!
//! # The rule
//!
//! With a switch interval *I* (5 ms by default) and a *brief* limit *B = I / 5*:
//!
//! 1. A thread is **brief** if between its last two voluntary releases it ran for less than
//!    *B*, until it has run for *B* since; otherwise it is **normal**. A new thread is normal.
//! 2. Normal waiters form a FIFO queue. Each, when its turn comes, gets a slice of *I*;
//!    its successor asks it for the GIL when the slice is over, as in CPython.
//! 3. A brief waiter asks a normal holder at once and goes before the normal waiters.
//!    The holder it displaces goes to the front of its queue with the rest of its slice.
//! 4. The brief threads' **lead** is the GIL time they took while a normal thread
//!    waited (of each turn at most *B*: what runs longer is no longer brief), less what the
//!    normal threads have run since. While it exceeds *I*, rule 3 is suspended: the normal
//!    threads go first.
//! 5. A thread that gave the GIL up by itself may take it back, as may any newcomer, while no
//!    waiter has come for it (barging). The slice goes on meanwhile, and a brief waiter asks
//!    after *I* at the latest, so a chain of such takes is bounded.
//!
//! # Why nobody starves
//!
//! Call *d* the longest time a holder needs to reach a switch point. By rule 4 any stretch
//! of time *t* in which a normal thread waits gives the normal threads at least
//! *t / 2 - (I + B + d)* of it: the lead rises only with brief time and falls only with normal
//! time, above *I* only normal time is granted, and it is known a turn late. By rule 2 the
//! thread at place *k* of the normal queue is served after at most *k* slices of normal time,
//! so it waits at most *2 k (I + d) + I + B + d*. A brief thread waits for the brief threads
//! before it, each at most *B + d*, and for normal time of at most *I + d* whenever
//! the lead is used up. `policy/tests.rs` plays this out.

//!
//! These are the rules of [`Handoff::Togil`]. Under the others no thread is brief, so rules 1, 3
//! and 4 say nothing; what they do instead is with each of them.

use std::collections::VecDeque;

use super::Handoff;

/// A member's place in the table of members.
pub(super) type MemberId = usize;

/// What the policy remembers of one thread.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Class {
    /// Run less than the brief limit since it last released by itself (rule 1).
    pub(super) brief: bool,
    /// Time it has run since then.
    run: u64,
    /// The rest of a slice that a brief thread cut short (rule 3).
    rest: Option<u64>,
}

/// The holder as the policy sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) class: Class,
    pub(super) since: u64,
}

#[derive(Debug)]
pub(super) struct Policy {
    handoff: Handoff,
    interval: u64,
    normal: VecDeque<MemberId>,
    /// With the time at which each joined.
    brief: VecDeque<(MemberId, u64)>,
    /// When the head of the normal queue may ask for the GIL.
    slice_end: u64,
    lead: u64,
    /// Who took it last.
    last: Option<MemberId>,
}

impl Policy {
    pub(super) fn new(handoff: Handoff, interval: u64) -> Self {
        Self {
            handoff,
            interval,
            normal: VecDeque::new(),
            brief: VecDeque::new(),
            slice_end: 0,
            lead: 0,
            last: None,
        }
    }

    pub(super) fn handoff(&self) -> Handoff {
        self.handoff
    }

    pub(super) fn interval(&self) -> u64 {
        self.interval
    }

    /// A new interval counts at once: the slice in progress ends by it, too.
    pub(super) fn set_interval(&mut self, interval: u64, now: u64) {
        self.interval = interval;
        self.slice_end = self.slice_end.min(now.saturating_add(interval));
    }

    fn brief_limit(&self) -> u64 {
        self.interval / 5
    }

    pub(super) fn is_empty(&self) -> bool {
        self.normal.is_empty() && self.brief.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.normal.len() + self.brief.len()
    }

    /// Puts a waiter into the queue of its class.
    pub(super) fn enqueue(&mut self, id: MemberId, class: Class, now: u64) {
        if class.brief {
            self.brief.push_back((id, now));
            return;
        }
        if self.normal.is_empty() {
            self.slice_end = now.saturating_add(self.interval);
        }
        if class.rest.is_some() {
            self.normal.push_front(id);
        } else {
            self.normal.push_back(id);
        }
    }

    /// Takes a waiter out of its queue; `false` if it was in none.
    pub(super) fn remove(&mut self, id: MemberId) -> bool {
        let before = self.len();
        self.normal.retain(|&other| other != id);
        self.brief.retain(|&(other, _)| other != id);
        self.len() < before
    }

    /// The waiters who keep a timer: the head of each queue.
    pub(super) fn heads(&self) -> impl Iterator<Item = MemberId> + use<> {
        [self.brief_head().map(|(id, _)| id), self.normal.front().copied()].into_iter().flatten()
    }

    /// Who is next (rules 3 and 4).
    pub(super) fn next(&self) -> Option<MemberId> {
        let (brief, normal) = (self.brief_head().map(|(id, _)| id), self.normal.front().copied());
        if self.lead > self.interval { normal.or(brief) } else { brief.or(normal) }
    }

    fn brief_head(&self) -> Option<(MemberId, u64)> {
        self.brief.front().copied()
    }

    /// When the waiter `id` may ask `holder` for the GIL; `None` while it is not its turn to ask.
    pub(super) fn ask_at(&self, id: MemberId, holder: Holder) -> Option<u64> {
        if let Some((head, joined)) = self.brief_head()
            && head == id
        {
            let grace = if holder.class.brief {
                self.brief_limit().saturating_sub(holder.class.run)
            } else {
                self.lead.saturating_sub(self.interval)
            };
            let at = holder.since + grace;
            // The second bound is for a chain of brief threads that barge (rule 5).
            let bound = joined.saturating_add(self.interval);
            return Some(if holder.class.brief { at.min(bound) } else { at });
        }
        (self.normal.front() == Some(&id)).then_some(self.slice_end)
    }

    /// `id` takes the GIL. Starts, resumes or goes on with a slice (rules 2, 3 and 5).
    pub(super) fn take(&mut self, id: MemberId, class: &mut Class, now: u64) {
        let queued = self.remove(id);
        let rest = class.rest.take();
        if queued {
            let slice =
                if class.brief { self.brief_limit() } else { rest.unwrap_or(self.interval) };
            self.slice_end = now.saturating_add(slice);
        } else if self.handoff.restarts_slice() && self.last != Some(id) {
            self.slice_end = now.saturating_add(self.interval);
        }
        self.last = Some(id);
    }

    /// The holder gives the GIL up: `voluntary` around a blocking call, otherwise because
    /// it was asked to. Brings its class and the lead up to date.
    pub(super) fn give_up(&mut self, class: &mut Class, since: u64, now: u64, voluntary: bool) {
        let held = now.saturating_sub(since);
        let was_brief = class.brief;
        if !was_brief {
            self.lead = self.lead.saturating_sub(held);
        } else if !self.normal.is_empty() {
            self.lead += held.min(self.brief_limit());
        }
        class.run += held;
        class.brief = self.handoff.prefers_brief()
            && class.run < self.brief_limit()
            && (voluntary || class.brief);
        if voluntary {
            class.run = 0;
        } else if self.handoff.prefers_brief() && !was_brief && now < self.slice_end {
            class.rest = Some(self.slice_end - now);
        }
    }
}

#[cfg(test)]
mod tests;
