//! What a step does to what threads synchronise by, to time, and to those that wait for a change.

use std::time::Duration;

use super::{MAX_TURNS, State};
use crate::race::outcome::End;
use crate::race::turn_calls::TurnCalls;
use crate::race::{Access, Discipline, Event, SiteId, Step, Sync, ThreadId, Turn, progress};

impl State {
    /// Notes a step as done, and tells it.
    pub(super) fn perform(&mut self, turn: Turn, step: Step, continues: bool) {
        let units = self.apply(turn, &step);
        self.trace.push(Event { turn, step, units, continues });
    }

    /// Does what a step does to what threads synchronise by. Returns the units that there were.
    pub(super) fn apply(&mut self, turn: Turn, step: &Step) -> u32 {
        progress::stepped(turn.thread, step.site);
        let units = match step.sync {
            Some(Sync::Acquire(object) | Sync::TryAcquire(object)) => {
                let units = self.units_of(object);
                if units > 0 && !turn.times_out {
                    self.set_units(object, units - 1, Some(turn.thread));
                }
                units
            }
            Some(Sync::Look(object)) => self.units_of(object),
            Some(Sync::Release(object)) => {
                let units = self.units_of(object);
                // Of a lock that is free: an error, which the primitive raises.
                self.set_units(object, 1, None);
                units
            }
            _ => 0,
        };
        let me = turn.thread.0 as usize;
        let thread = &mut self.threads[me];
        thread.timed_out = turn.times_out;
        if turn.times_out {
            self.now += thread.timeout.unwrap_or_default();
        }
        let was_blocked = thread.spin.was_blocked();
        thread.spin.did(step);
        let written = step.accesses.iter().filter(|access| access.write);
        if was_blocked {
            thread.owes = written.copied().filter(|_| !turn.times_out).collect();
        } else {
            written.for_each(|access| self.others_see(turn.thread, access));
        }
        self.had_units = units > 0;
        units
    }

    /// Wakes those who wait for a change of this.
    pub(super) fn others_see(&mut self, me: ThreadId, access: &Access) {
        let others = self.threads.iter_mut().enumerate();
        let others = others.filter(|(other, _)| *other != me.0 as usize);
        others.for_each(|(_, thread)| thread.spin.others_wrote(access));
    }

    /// The native call in which the thread was woken, if it was in one, has gone through.
    pub(super) fn settle(&mut self, me: ThreadId) {
        let owed = std::mem::take(&mut self.threads[me.0 as usize].owes);
        owed.iter().for_each(|access| self.others_see(me, access));
    }

    /// The thread waits until another one writes to what it is about to read.
    pub(crate) fn block(&mut self, me: ThreadId, read: Vec<Access>) {
        let thread = &mut self.threads[me.0 as usize];
        thread.spin.block(read);
        thread.owes.clear();
    }

    /// Whether others can tell what the thread is about to do. What they cannot need not be
    /// announced.
    pub(crate) fn is_seen(&mut self, me: ThreadId, site: SiteId, step: &Step) -> bool {
        if self.live == 1 {
            return false;
        }
        let shared = self.watch.is_shared(me, site, &step.accesses);
        let spin = &mut self.threads[me.0 as usize].spin;
        if !shared && !spin.waits() {
            spin.did(step);
            return false;
        }
        true
    }

    /// Whether there are several threads.
    pub(crate) fn has_several(&self) -> bool {
        self.live > 1
    }

    /// Whether threads keep a GIL from one place to switch to the next.
    pub(crate) fn is_gil(&self) -> bool {
        self.discipline == Discipline::Gil
    }

    /// Under a GIL: the thread is where it may be switched.
    pub(crate) fn pass_switch_point(&mut self, me: ThreadId) {
        self.threads[me.0 as usize].may_switch = true;
    }

    /// What the thread has called in the turn of the loop that it is in, if the loop stores nothing.
    pub(crate) fn calls_in_loop(&mut self, me: ThreadId) -> Option<&mut TurnCalls> {
        self.threads[me.0 as usize].spin.calls()
    }

    /// A loop of the thread has come to the end of a turn.
    pub(crate) fn end_turn_of_loop(&mut self, me: ThreadId, site: SiteId, pure: bool) {
        self.turns += 1;
        if self.turns > MAX_TURNS {
            self.end.get_or_insert(End::TooLong);
        }
        let spin = &mut self.threads[me.0 as usize].spin;
        spin.turn(site, pure);
        self.cut |= spin.waits() && !spin.is_exact();
    }

    /// Virtual time passes.
    pub(crate) fn advance(&mut self, by: Duration) -> Duration {
        self.now += by;
        self.now
    }
}
