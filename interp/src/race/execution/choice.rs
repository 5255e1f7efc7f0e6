//! Who can go on, and who goes next.

use std::sync::Arc;
use std::time::Duration;

use super::State;
use crate::lock::Seat;
use crate::race::outcome::{Blocked, End};
use crate::race::{Discipline, ObjectId, Pending, Point, Step, Sync, ThreadId};

impl State {
    pub(super) fn announce(&mut self, me: ThreadId, mut step: Step, timeout: Option<Duration>) {
        let thread = &mut self.threads[me.0 as usize];
        thread.timeout = timeout;
        // It waits for a change of anything that the loop reads.
        thread.spin.add_reads(&mut step);
        let place = self.pending.partition_point(|pending| pending.thread < me);
        let held = thread.held;
        let pending = Pending { thread: me, step, ready: false, may_time_out: false, held };
        self.pending.insert(place, pending);
    }

    /// Whether there is no other thread whose steps this one could be before or after.
    pub(super) fn is_alone(&self, me: ThreadId, step: &Step) -> bool {
        self.live == 1
            && !self.threads[me.0 as usize].spin.is_blocked()
            && !matches!(step.sync, Some(Sync::Start(_) | Sync::Join(_)))
            && self.is_possible(step)
    }

    /// Under a GIL a thread keeps it from one place to switch to the next, if it need not wait.
    pub(super) fn must_go_on(&mut self, me: ThreadId, step: &Step) -> bool {
        let thread = &mut self.threads[me.0 as usize];
        thread.held = false;
        if thread.spin.is_blocked() {
            return false;
        }
        thread.held = self.discipline == Discipline::Gil && !std::mem::take(&mut thread.may_switch);
        thread.held && self.is_possible(step)
    }

    pub(super) fn is_possible(&self, step: &Step) -> bool {
        match step.sync {
            Some(Sync::Acquire(object)) => self.units_of(object) > 0,
            Some(Sync::Join(thread)) => self.threads[thread.0 as usize].ended,
            _ => true,
        }
    }

    pub(super) fn units_of(&self, object: ObjectId) -> u32 {
        self.units.get(object.0 as usize).copied().unwrap_or(1)
    }

    pub(super) fn set_units(&mut self, object: ObjectId, units: u32, holder: Option<ThreadId>) {
        let index = object.0 as usize;
        if index >= self.units.len() {
            self.units.resize(index + 1, 1);
            self.holders.resize(index + 1, None);
        }
        self.units[index] = units;
        self.holders[index] = holder;
    }

    /// Chooses who goes next, and does its step. `None` if the execution has come to its end.
    pub(super) fn choose(&mut self) -> Option<ThreadId> {
        if self.trace.len() >= self.max_steps {
            self.end = Some(End::TooLong);
            return None;
        }
        if !self.look_who_can() {
            return None;
        }
        let point = Point { trace: &self.trace, pending: &self.pending };
        let chosen = self.strategy.choose(point).and_then(|turn| {
            let index = self.pending.binary_search_by_key(&turn.thread, |p| p.thread).ok()?;
            let pending = &self.pending[index];
            let may_time_out = pending.may_time_out && !pending.ready;
            let fits = if turn.times_out { may_time_out } else { pending.ready };
            fits.then_some((turn, index))
        });
        let Some((turn, index)) = chosen else {
            self.end = Some(End::GivenUp);
            return None;
        };
        let step = self.pending.remove(index).step;
        self.perform(turn, step, false);
        Some(turn.thread)
    }

    /// Notes which of the pending steps can be done. Returns whether any can; if none, the
    /// execution has ended.
    pub(super) fn look_who_can(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.pending.len() {
            let pending = &self.pending[index];
            let thread = &self.threads[pending.thread.0 as usize];
            let possible = self.is_possible(&pending.step);
            let ready = possible && !thread.spin.waits();
            let may_time_out = thread.timeout.is_some();
            any |= ready || may_time_out;
            self.pending[index].ready = ready;
            self.pending[index].may_time_out = may_time_out;
        }
        any || self.let_a_loop_go_on() || {
            self.end = Some(self.stuck());
            false
        }
    }

    /// Nobody can go on but loops that wait and count. Whoever does so may come to the end of its
    /// count.
    pub(super) fn let_a_loop_go_on(&mut self) -> bool {
        let threads = &mut self.threads;
        let mut found = false;
        for pending in &mut self.pending {
            if threads[pending.thread.0 as usize].spin.go_on() {
                pending.ready = true;
                found = true;
            }
        }
        self.cut |= found;
        found
    }

    pub(super) fn stuck(&self) -> End {
        let blocked = self.pending.iter().map(|pending| {
            let (object, holder) = match pending.step.sync {
                Some(Sync::Acquire(object)) => {
                    (Some(object), self.holders.get(object.0 as usize).copied().flatten())
                }
                Some(Sync::Join(thread)) => (None, Some(thread)),
                _ => (None, None),
            };
            let thread = &self.threads[pending.thread.0 as usize];
            Blocked {
                thread: pending.thread,
                site: pending.step.site,
                object,
                holder,
                spins: thread.spin.waits() && !thread.spin.is_blocked(),
            }
        });
        let blocked: Vec<_> = blocked.collect();
        match blocked.iter().any(|blocked| blocked.spins) {
            true => End::Livelock(blocked),
            false => End::Deadlock(blocked),
        }
    }

    pub(super) fn only_daemons(&self) -> bool {
        self.threads.iter().all(|thread| thread.ended || thread.daemon)
    }

    /// Somebody who has not ended. All of them wait.
    pub(super) fn next_to_unwind(&self) -> Option<ThreadId> {
        let index = self.threads.iter().position(|thread| !thread.ended)?;
        Some(ThreadId(index as u32))
    }

    /// Where the next thread sits; the execution has ended where there is none, and somebody is told.
    pub(super) fn seat_of(&self, next: Option<ThreadId>) -> Arc<Seat> {
        let next = next.or_else(|| self.next_to_unwind()).unwrap_or(ThreadId(0));
        self.threads[next.0 as usize].seat.clone()
    }
}
