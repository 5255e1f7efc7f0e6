//! The protocol: who holds the GIL, how it is asked for, handed over and taken back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Handoff;
use super::clock::{Clock, MonotonicClock};
use super::policy::{Class, Holder, MemberId, Policy};
use super::stats::GilStats;
use super::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering, SPIN_NS, spin_hint};

/// The state of the GIL, one of
///
/// | turn | who may take it | how it got there |
/// |---|---|---|
/// | `Free` | anyone | a voluntary release; the next waiter, if any, was woken |
/// | `Held(m)` | nobody | `m` took it |
/// | `Granted(m)` | `m` alone | a release that was asked for: `m` was next |
///
/// Invariant: with a waiter in a queue the turn is `Held`, or `Granted`, or `Free` with
/// the next waiter woken and not yet back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Free,
    Held(MemberId),
    Granted(MemberId),
}

/// Says, from another thread, whether a member sleeps in the system.
pub type Probe = Box<dyn Fn() -> bool + Send + Sync>;

/// A thread's membership in the GIL's table; see [`Gil::join`].
pub struct Member {
    id: MemberId,
    group: u64,
    /// The number of this thread's current or last tenure.
    tenure: AtomicU64,
    /// 1 from the moment someone wakes this waiter until it looks at the state again.
    woken: AtomicU64,
    /// 1 from the moment the GIL was taken away from this thread until it notices.
    evicted: AtomicU64,
    parked: Condvar,
    probe: Probe,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("id", &self.id).field("group", &self.group).finish()
    }
}

#[derive(Debug)]
struct Record {
    member: Arc<Member>,
    class: Class,
    stats: GilStats,
    /// Waits on its condition variable (and not in a spin, or in a queue for the state lock).
    parked: bool,
    /// The time until which it sleeps if nobody wakes it.
    timer: u64,
}

#[derive(Debug)]
struct State {
    turn: Turn,
    since: u64,
    tenure: u64,
    policy: Policy,
    members: Vec<Option<Record>>,
    /// Groups whose threads may no longer run, each with the one thread that still may.
    closed: Vec<(u64, MemberId)>,
    /// The counts of the threads that have left.
    left: GilStats,
}

/// The interpreter to which a thread belongs is shutting down: this thread will never be
/// given the GIL again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the interpreter is shutting down; this thread may no longer run Python")
    }
}

impl std::error::Error for Closed {}

/// A global interpreter lock.
///
/// Knows nothing of Python: a holder promises to look at [`drop_requested`](Self::drop_requested)
/// at every switch point and to call [`hand_over`](Self::hand_over) when it is true; the
/// `bell` given to [`new`](Self::new) is how a waiter makes it look.
#[derive(Debug)]
pub struct Gil<C: Clock = MonotonicClock> {
    state: Mutex<State>,
    /// The tenure whose end was asked for. A request names its tenure, so that it can
    /// never end a later one.
    drop_request: AtomicU64,
    /// How many threads were evicted and have not noticed yet.
    at_large: AtomicU64,
    clock: C,
    bell: fn(),
}

impl<C: Clock> Gil<C> {
    /// A free GIL with the given rule and switch interval. `bell` makes the holder look at
    /// [`drop_requested`](Self::drop_requested) soon; it is called with the state lock
    /// held, so it must not block.
    pub fn new(clock: C, handoff: Handoff, interval: Duration, bell: fn()) -> Self {
        let state = State {
            turn: Turn::Free,
            since: 0,
            tenure: 0,
            policy: Policy::new(handoff, interval.as_nanos() as u64),
            members: Vec::new(),
            closed: Vec::new(),
            left: GilStats::default(),
        };
        Self {
            state: Mutex::new(state),
            drop_request: AtomicU64::new(0),
            at_large: AtomicU64::new(0),
            clock,
            bell,
        }
    }

    /// Makes the calling thread a member. `group` names the interpreter it belongs to, for
    /// [`close`](Self::close); `probe` says whether the thread sleeps, for
    /// [`evict_stalled`](Self::evict_stalled).
    pub fn join(&self, group: u64, probe: Probe) -> Arc<Member> {
        let mut state = self.state.lock();
        let id = match state.members.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                state.members.push(None);
                state.members.len() - 1
            }
        };
        let member = Member::new(id, group, probe);
        state.members[id] = Some(Record::new(member.clone()));
        member
    }

    /// Ends a membership; the thread must not hold the GIL. Its counts are kept in the total.
    pub fn leave(&self, me: &Member) {
        let mut state = self.state.lock();
        debug_assert_ne!(state.turn, Turn::Held(me.id), "a thread left while it held the GIL");
        if let Some(record) = state.members[me.id].take() {
            state.left += record.stats;
        }
    }

    /// Takes the GIL, waiting for it if need be. The thread must be detached meanwhile.
    ///
    /// # Errors
    /// [`Closed`] if the thread's group was closed; the GIL is not held then.
    pub fn acquire(&self, me: &Member) -> Result<(), Closed> {
        let mut state = self.state.lock();
        if state.is_closed_to(me) {
            return Err(Closed);
        }
        debug_assert_ne!(state.turn, Turn::Held(me.id), "a thread took the GIL twice");
        let now = self.clock.now();
        if state.turn == Turn::Free {
            self.take(&mut state, me, now, now);
            return Ok(());
        }
        let class = state.record(me.id).class;
        state.policy.enqueue(me.id, class, now);
        self.wait_for_turn(state, me, now)
    }

    /// Gives the GIL up before a call that may block, or for good.
    pub fn release(&self, me: &Member) {
        let mut state = self.state.lock();
        if self.notice_eviction(me) {
            return;
        }
        assert_eq!(state.turn, Turn::Held(me.id), "a thread released a GIL it did not hold");
        let now = self.clock.now();
        state.give_up(me.id, now, true);
        // If somebody has asked, the next waiter gets it for certain; otherwise whoever comes
        // first does, and a thread that is back from a quick system call pays no switch.
        if self.is_asked(&state) || !state.policy.handoff().lets_barge() {
            state.grant_next();
        } else {
            state.free();
        }
    }

    /// Whether a waiter asked for the end of this thread's tenure, or has ended it. Takes no
    /// lock; any thread.
    pub fn drop_requested(&self, me: &Member) -> bool {
        self.is_evicted(me)
            || self.drop_request.load(Ordering::Relaxed) == me.tenure.load(Ordering::Relaxed)
    }

    /// Whether the holder, whoever it is, has been asked and has not yet looked. For a
    /// thread that took a ring of the bell that was not meant for it.
    pub fn drop_pending(&self) -> bool {
        let state = self.state.lock();
        matches!(state.turn, Turn::Held(_)) && self.is_asked(&state)
    }

    /// Whether the GIL was taken away from this thread: it must not run Python before it has
    /// called [`hand_over`](Self::hand_over).
    pub fn is_evicted(&self, me: &Member) -> bool {
        me.evicted.load(Ordering::Relaxed) == 1
    }

    /// Whether some thread was evicted and has not noticed: whoever looks at the bell rings on.
    pub fn has_evicted(&self) -> bool {
        self.at_large.load(Ordering::Relaxed) > 0
    }

    /// Takes the GIL away from a holder that was asked for it and sleeps: it waits for a lock
    /// of the VM whose owner may be waiting for the GIL, or in a call that nobody
    /// knew to block. The next waiter gets it. Returns whether that was so.
    ///
    /// Called by waiters whose request has had no answer for a switch interval.
    pub fn evict_stalled(&self) -> bool {
        let (holder, tenure) = {
            let state = self.state.lock();
            match state.turn {
                Turn::Held(id) if self.is_asked(&state) => match &state.members[id] {
                    Some(record) => (record.member.clone(), state.tenure),
                    None => return false,
                },
                _ => return false,
            }
        };
        // Without the state lock: it looks twice, with a pause.
        if !(holder.probe)() {
            return false;
        }
        let mut state = self.state.lock();
        if state.turn != Turn::Held(holder.id) || state.tenure != tenure {
            return false;
        }
        let now = self.clock.now();
        state.give_up(holder.id, now, false);
        state.record(holder.id).stats.evictions += 1;
        holder.evicted.store(1, Ordering::Relaxed);
        self.at_large.fetch_add(1, Ordering::Relaxed);
        state.grant_next();
        true
    }

    /// Ends the eviction of `me`, if there was one.
    fn notice_eviction(&self, me: &Member) -> bool {
        let evicted = me.evicted.swap(0, Ordering::Relaxed) == 1;
        if evicted {
            self.at_large.fetch_sub(1, Ordering::Relaxed);
        }
        evicted
    }

    /// Hands the GIL to the next waiter if this thread was asked to, and waits to get it
    /// back. Returns whether it changed hands.
    ///
    /// # Errors
    /// [`Closed`] if the thread's group was closed meanwhile; the GIL is not held then.
    pub fn hand_over(&self, me: &Member) -> Result<bool, Closed> {
        let mut state = self.state.lock();
        if self.notice_eviction(me) {
            drop(state);
            return self.acquire(me).map(|()| true);
        }
        assert_eq!(state.turn, Turn::Held(me.id), "a thread handed over a GIL it did not hold");
        if !self.is_asked(&state) || state.policy.is_empty() {
            return Ok(false);
        }
        let now = self.clock.now();
        state.give_up(me.id, now, false);
        // In a queue before the next is chosen: when the brief threads' lead is used up, the
        // one to go on may be this very thread.
        let class = state.record(me.id).class;
        state.policy.enqueue(me.id, class, now);
        state.grant_next();
        self.wait_for_turn(state, me, now).map(|()| true)
    }

    /// Ends all other threads of the caller's group: whoever of them waits or comes gets
    /// [`Closed`]. The caller must hold the GIL and goes on.
    pub fn close(&self, me: &Member) {
        let mut state = self.state.lock();
        assert_eq!(state.turn, Turn::Held(me.id), "only the holder can close a group");
        state.closed.push((me.group, me.id));
        for id in 0..state.members.len() {
            if state.members[id].as_ref().is_some_and(|r| r.member.group == me.group && id != me.id)
            {
                state.policy.remove(id);
                state.wake(id);
            }
        }
        // Whoever is left must not wait behind a timer of one that went away.
        state.wake_late_heads();
    }

    /// The rule of who gets it next.
    pub fn handoff(&self) -> Handoff {
        self.state.lock().policy.handoff()
    }

    /// The switch interval.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.state.lock().policy.interval())
    }

    /// Sets the switch interval. Takes effect at once, for waiters too.
    pub fn set_interval(&self, interval: Duration) {
        let mut state = self.state.lock();
        let now = self.clock.now();
        state.policy.set_interval(interval.as_nanos() as u64, now);
        state.wake_late_heads();
    }

    /// What one thread did so far.
    pub fn stats(&self, me: &Member) -> GilStats {
        self.state.lock().record(me.id).stats
    }

    /// What all threads did so far, those that have left included.
    pub fn total_stats(&self) -> GilStats {
        let state = self.state.lock();
        let mut total = state.left;
        for record in state.members.iter().flatten() {
            total += record.stats;
        }
        total
    }

    /// How many threads wait.
    pub fn waiting(&self) -> usize {
        self.state.lock().policy.len()
    }

    /// Stops the state from changing while the guard lives. To be held across `fork`; the
    /// parent drops it, the child calls [`ForkGuard::copy_for_child`] and forgets it.
    pub fn prepare_fork(&self) -> ForkGuard<'_, C> {
        ForkGuard { gil: self, state: self.state.lock() }
    }

    fn take(&self, state: &mut State, me: &Member, now: u64, waiting_since: u64) {
        state.turn = Turn::Held(me.id);
        state.since = now;
        state.tenure += 1;
        me.tenure.store(state.tenure, Ordering::Relaxed);
        let State { policy, members, .. } = state;
        let record = members[me.id].as_mut().expect("the caller is a member");
        policy.take(me.id, &mut record.class, now);
        record.stats.acquisitions += 1;
        if now > waiting_since {
            let wait = now - waiting_since;
            record.stats.waits += 1;
            record.stats.wait_ns += wait;
            record.stats.max_wait_ns = record.stats.max_wait_ns.max(wait);
        }
        state.wake_late_heads();
    }

    fn wait_for_turn<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        me: &Member,
        since: u64,
    ) -> Result<(), Closed> {
        let mut spun = false;
        let mut asked = None;
        loop {
            me.woken.store(0, Ordering::Relaxed);
            if state.is_closed_to(me) {
                state.policy.remove(me.id);
                return Err(Closed);
            }
            let now = self.clock.now();
            let mut soon = true;
            let timer = match state.turn {
                Turn::Granted(id) if id == me.id => {
                    self.take(&mut state, me, now, since);
                    return Ok(());
                }
                Turn::Free if state.policy.next() == Some(me.id) => {
                    self.take(&mut state, me, now, since);
                    return Ok(());
                }
                Turn::Held(holder) => {
                    let timer = self.ask(&state, me.id, holder, now);
                    let (tenure, since) = *asked.get_or_insert((state.tenure, now));
                    if tenure != state.tenure || !self.is_asked(&state) {
                        asked = None;
                    } else if now >= since.saturating_add(state.policy.interval().max(1)) {
                        asked = None;
                        drop(state);
                        self.evict_stalled();
                        state = self.state.lock();
                        continue;
                    }
                    soon = state.holder_is_brief() || self.is_asked(&state);
                    timer
                }
                Turn::Free | Turn::Granted(_) => None,
            };
            // A holder that is brief, or has been asked, is about to let go.
            if soon && !spun && SPIN_NS > 0 && state.policy.heads().any(|head| head == me.id) {
                spun = true;
                drop(state);
                let end = now + SPIN_NS;
                while me.woken.load(Ordering::Acquire) == 0 && self.clock.now() < end {
                    spin_hint();
                }
                state = self.state.lock();
                continue;
            }
            let record = state.record(me.id);
            record.parked = true;
            record.timer = timer.unwrap_or(u64::MAX);
            let timeout = timer.map(|at| at.saturating_sub(now));
            state = me.parked.wait(state, timeout);
            state.record(me.id).parked = false;
        }
    }

    fn is_asked(&self, state: &State) -> bool {
        self.drop_request.load(Ordering::Relaxed) == state.tenure
    }

    /// Asks the holder for the GIL if the time has come; otherwise returns when it will.
    fn ask(&self, state: &State, id: MemberId, holder: MemberId, now: u64) -> Option<u64> {
        let at = state.policy.ask_at(id, state.holder(holder))?;
        if now < at {
            return Some(at);
        }
        self.drop_request.store(state.tenure, Ordering::Relaxed);
        // A bell is heard by whoever listens first, and that may be the wrong thread: ask
        // again after a while, until the turn changes.
        (self.bell)();
        Some(now.saturating_add(state.policy.interval().max(1)))
    }
}

impl State {
    fn record(&mut self, id: MemberId) -> &mut Record {
        self.members[id].as_mut().expect("a thread used the GIL without being a member")
    }

    fn holder(&self, id: MemberId) -> Holder {
        let class = self.members[id].as_ref().expect("the holder is a member").class;
        Holder { class, since: self.since }
    }

    fn holder_is_brief(&self) -> bool {
        matches!(self.turn, Turn::Held(id) if self.holder(id).class.brief)
    }

    fn is_closed_to(&self, me: &Member) -> bool {
        self.closed.iter().any(|&(group, survivor)| group == me.group && survivor != me.id)
    }

    fn give_up(&mut self, id: MemberId, now: u64, voluntary: bool) {
        let since = self.since;
        let Self { policy, members, .. } = self;
        let record = members[id].as_mut().expect("the holder is a member");
        policy.give_up(&mut record.class, since, now, voluntary);
        record.stats.hold_ns += now.saturating_sub(since);
        if voluntary {
            record.stats.voluntary_releases += 1;
        } else {
            record.stats.forced_switches += 1;
        }
    }

    fn free(&mut self) {
        self.turn = Turn::Free;
        if let Some(next) = self.policy.next() {
            self.wake(next);
        }
    }

    fn grant_next(&mut self) {
        match self.policy.next() {
            Some(next) => {
                self.turn = Turn::Granted(next);
                self.wake(next);
            }
            None => self.turn = Turn::Free,
        }
    }

    fn wake(&mut self, id: MemberId) {
        let record = self.record(id);
        // Whoever was woken and is on its way needs no second call.
        if record.member.woken.swap(1, Ordering::Release) == 0 && record.parked {
            record.member.parked.notify_one();
        }
    }

    /// The head of a queue keeps the timer for it. Wakes a head that would sleep past the
    /// time at which it may ask.
    fn wake_late_heads(&mut self) {
        let Turn::Held(holder) = self.turn else { return };
        let holder = self.holder(holder);
        for id in self.policy.heads() {
            let Some(at) = self.policy.ask_at(id, holder) else { continue };
            let record = self.record(id);
            if record.parked && record.timer > at {
                self.wake(id);
            }
        }
    }
}

impl Member {
    fn new(id: MemberId, group: u64, probe: Probe) -> Arc<Self> {
        Arc::new(Self {
            id,
            group,
            // No tenure has this number, so no request can be for it.
            tenure: AtomicU64::new(u64::MAX),
            woken: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            parked: Condvar::default(),
            probe,
        })
    }
}

impl Record {
    fn new(member: Arc<Member>) -> Self {
        Self {
            member,
            class: Class::default(),
            stats: GilStats::default(),
            parked: false,
            timer: 0,
        }
    }
}

/// Holds the GIL's state still across a `fork`; see [`Gil::prepare_fork`].
pub struct ForkGuard<'a, C: Clock> {
    gil: &'a Gil<C>,
    state: MutexGuard<'a, State>,
}

impl<C: Clock + Clone> ForkGuard<'_, C> {
    /// The GIL for the child, in which only the forking thread lives on: `survivor`, if it
    /// was a member, keeps its counts and the GIL if it held it. A new lock at a new
    /// address, because queues of threads that no longer exist hang on the old one.
    pub fn copy_for_child(
        &self,
        survivor: Option<(&Member, Probe)>,
    ) -> (Gil<C>, Option<Arc<Member>>) {
        let interval = Duration::from_nanos(self.state.policy.interval());
        let handoff = self.state.policy.handoff();
        let child = Gil::new(self.gil.clock.clone(), handoff, interval, self.gil.bell);
        let member = survivor.map(|(old, probe)| {
            let member = child.join(old.group, probe);
            let mut state = child.state.lock();
            if let Some(record) = &self.state.members[old.id] {
                let new = state.record(member.id);
                new.class = record.class;
                new.stats = record.stats;
            }
            if self.state.turn == Turn::Held(old.id) || self.gil.is_evicted(old) {
                let now = self.state.since;
                state.turn = Turn::Held(member.id);
                state.since = now;
                state.tenure = 1;
                member.tenure.store(1, Ordering::Relaxed);
            }
            drop(state);
            member
        });
        (child, member)
    }
}
