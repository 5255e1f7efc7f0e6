//! Which threads wait for something without a time-out, and whether all do: then nobody will end it.

use std::collections::HashMap;

use super::findings::Waits;

/// Looks in vain that each thread must have taken since anything has changed. They are 50 ms apart.
const LOOKS: u32 = 10;

struct Wait {
    waits: Waits,
    looks: u32,
    /// When nothing changed since.
    since: u64,
}

/// All threads, and what they wait for.
#[derive(Default)]
pub(super) struct Waiting {
    /// Those that were begun and have not ended; whether they are daemons.
    alive: HashMap<u32, bool>,
    waits: HashMap<u32, Wait>,
    /// Those that are to give up.
    hung: Vec<u32>,
    hangs: Vec<Vec<Waits>>,
    changes: u64,
}

impl Waiting {
    pub(super) fn begin(&mut self, thread: u32, daemon: bool) {
        self.changes += 1;
        self.alive.insert(thread, daemon);
    }

    pub(super) fn end(&mut self, thread: u32) {
        self.changes += 1;
        self.alive.remove(&thread);
    }

    pub(super) fn wait(&mut self, thread: u32, waits: Waits) {
        self.changes += 1;
        self.waits.insert(thread, Wait { waits, looks: 0, since: self.changes });
    }

    pub(super) fn wake(&mut self, thread: u32) {
        self.changes += 1;
        self.waits.remove(&thread);
        self.hung.retain(|other| *other != thread);
    }

    /// A thread that waits has looked in vain. Returns whether it will always do so.
    pub(super) fn is_hung(&mut self, thread: u32) -> bool {
        if self.hung.contains(&thread) {
            return true;
        }
        let changes = self.changes;
        if let Some(wait) = self.waits.get_mut(&thread) {
            if wait.since != changes {
                (wait.since, wait.looks) = (changes, 0);
            }
            wait.looks += 1;
        }
        let looked = |thread: &u32| {
            let wait = self.waits.get(thread);
            wait.is_some_and(|wait| wait.since == changes && wait.looks >= LOOKS)
        };
        // Daemons alone keep nobody.
        let all = self.alive.keys().all(looked) && self.alive.values().any(|daemon| !daemon);
        if all {
            let mut hang: Vec<_> = self.waits.iter().collect();
            hang.sort_by_key(|(thread, _)| **thread);
            self.hangs.push(hang.iter().map(|(_, wait)| wait.waits.clone()).collect());
            self.hung = self.waits.keys().copied().collect();
        }
        all
    }

    pub(super) fn take_hangs(&mut self) -> Vec<Vec<Waits>> {
        std::mem::take(&mut self.hangs)
    }
}
