//! The rule played out in time: the bounds of the module's docs, measured.

use super::super::Handoff;
use super::{Class, Holder, MemberId, Policy};

const INTERVAL: u64 = 1000;
/// What a brief thread runs before it lets go: as long as it can and stay brief.
const BRIEF: u64 = INTERVAL / 5 - 1;
/// The longest time a holder needs to reach a switch point, `d` of the docs.
const DELAY: u64 = 10;

/// A process with one GIL whose brief threads come back the moment they let go, which is
/// the worst for the normal ones.
struct Play {
    policy: Policy,
    classes: Vec<Class>,
    now: u64,
    holder: Option<(MemberId, u64)>,
    /// When each thread last joined a queue.
    waiting_since: Vec<u64>,
    normal_time: u64,
    longest_normal_wait: u64,
    longest_brief_wait: u64,
}

impl Play {
    fn new(normal: usize, brief: usize) -> Self {
        Play::under(Handoff::Togil, normal, brief)
    }

    fn under(handoff: Handoff, normal: usize, brief: usize) -> Self {
        let class = |brief| Class { brief, ..Class::default() };
        let classes: Vec<_> =
            (0..normal).map(|_| class(false)).chain((0..brief).map(|_| class(true))).collect();
        let mut play = Self {
            policy: Policy::new(handoff, INTERVAL),
            waiting_since: vec![0; classes.len()],
            classes,
            now: 0,
            holder: None,
            normal_time: 0,
            longest_normal_wait: 0,
            longest_brief_wait: 0,
        };
        for id in 0..play.classes.len() {
            play.join(id);
        }
        play.take_next();
        play
    }

    fn join(&mut self, id: MemberId) {
        self.waiting_since[id] = self.now;
        self.policy.enqueue(id, self.classes[id], self.now);
    }

    fn take_next(&mut self) {
        let id = self.policy.next().expect("somebody always waits");
        let wait = self.now - self.waiting_since[id];
        let longest = if self.classes[id].brief {
            &mut self.longest_brief_wait
        } else {
            &mut self.longest_normal_wait
        };
        *longest = wait.max(*longest);
        self.policy.take(id, &mut self.classes[id], self.now);
        self.holder = Some((id, self.now));
    }

    /// Lets the holder run until it is asked or lets go, and passes the GIL on.
    fn step(&mut self) {
        let (id, since) = self.holder.expect("somebody always holds");
        let holder = Holder { class: self.classes[id], since };
        let asked = self.policy.heads().filter_map(|head| self.policy.ask_at(head, holder)).min();
        let asked = asked.map_or(u64::MAX, |at| at.max(self.now) + DELAY);
        let lets_go = if holder.class.brief { since + BRIEF } else { u64::MAX };
        let brief = holder.class.brief;
        self.now = asked.min(lets_go);
        if !brief {
            self.normal_time += self.now - since;
        }
        let voluntary = lets_go <= asked;
        self.policy.give_up(&mut self.classes[id], since, self.now, voluntary);
        if voluntary {
            // Back from a call that took no time: it waits before the next is chosen.
            self.join(id);
            self.take_next();
        } else {
            let next = self.policy.next();
            self.join(id);
            assert!(next.is_some(), "asked by nobody");
            self.take_next();
        }
    }
}

#[test]
fn normal_threads_get_half_of_the_time_whatever_the_brief_ones_do() {
    for (normal, brief) in [(1, 1), (1, 4), (3, 2), (4, 8)] {
        let mut play = Play::new(normal, brief);
        while play.now < 200 * INTERVAL {
            play.step();
            let owed = play.now.saturating_sub(2 * (INTERVAL + BRIEF + DELAY)) / 2;
            assert!(
                play.normal_time >= owed,
                "{normal} normal, {brief} brief: {} of {}",
                play.normal_time,
                play.now
            );
        }
    }
}

#[test]
fn a_normal_thread_waits_no_longer_than_the_docs_say() {
    for (normal, brief) in [(2, 0), (2, 1), (4, 1), (4, 6)] {
        let mut play = Play::new(normal, brief);
        while play.now < 400 * INTERVAL {
            play.step();
        }
        let place = normal as u64;
        let bound = 2 * place * (INTERVAL + DELAY) + INTERVAL + BRIEF + DELAY;
        let longest = play.longest_normal_wait;
        assert!(longest <= bound, "{normal} normal, {brief} brief: waited {longest} > {bound}");
    }
}

#[test]
fn one_brief_thread_waits_only_for_a_switch_point_until_its_lead_is_used_up() {
    let mut play = Play::new(4, 1);
    for _ in 0..3 {
        play.step();
    }
    assert!(play.longest_brief_wait <= DELAY, "waited {}", play.longest_brief_wait);
    while play.now < 100 * INTERVAL {
        play.step();
    }
    assert!(
        play.longest_brief_wait <= INTERVAL + DELAY,
        "waited {} for the normal threads to catch up",
        play.longest_brief_wait
    );
}

#[test]
fn a_thread_is_normal_again_once_it_has_run_for_the_brief_limit() {
    let mut policy = Policy::new(Handoff::Togil, INTERVAL);
    let mut class = Class::default();
    policy.give_up(&mut class, 0, INTERVAL / 5 - 1, true);
    assert!(class.brief);
    policy.give_up(&mut class, 0, INTERVAL / 5, true);
    assert!(!class.brief);
    // Forced switches do not make a thread brief, however short its time was.
    policy.give_up(&mut class, 0, 1, false);
    assert!(!class.brief);
}

#[test]
fn with_tickets_everybody_waits_for_everybody() {
    let mut play = Play::under(Handoff::Fifo, 4, 2);
    while play.now < 100 * INTERVAL {
        play.step();
    }
    let longest = play.longest_normal_wait.max(play.longest_brief_wait);
    assert!(longest >= 4 * INTERVAL, "nobody goes first: {longest}");
    assert!(longest <= 6 * (INTERVAL + DELAY), "{longest}");
}

#[test]
fn under_cpythons_rule_patience_counts_from_the_last_change_of_hands() {
    let mut policy = Policy::new(Handoff::Cpython, INTERVAL);
    let (mut first, mut passer) = (Class::default(), Class::default());
    policy.take(0, &mut first, 0);
    policy.enqueue(1, Class::default(), 100);
    let asks = |policy: &Policy, since| policy.ask_at(1, Holder { class: Class::default(), since });
    assert_eq!(asks(&policy, 0), Some(100 + INTERVAL));
    // Let go and taken back by the same thread: it never changed hands.
    policy.give_up(&mut first, 0, 500, true);
    policy.take(0, &mut first, 500);
    assert_eq!(asks(&policy, 500), Some(100 + INTERVAL));
    policy.give_up(&mut first, 500, 900, true);
    policy.take(2, &mut passer, 900);
    assert_eq!(asks(&policy, 900), Some(900 + INTERVAL));
}
