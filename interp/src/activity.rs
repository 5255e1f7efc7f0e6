//! What the calling thread does, and who wants to know. While nobody does, it costs one relaxed
//! load wherever a thread changes its state.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::{sampling, timeline};

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activity {
    /// It is attached to no interpreter.
    Away,
    /// It runs Python, or native code on its behalf. With a GIL, only its holder does.
    Running,
    /// It waits for the GIL.
    Waiting,
    /// It is in a call that may block, without the GIL.
    Blocked,
    /// It collects garbage; the others stand still.
    Collecting,
}

impl Activity {
    /// As in traces and profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Running => "running",
            Self::Waiting => "waiting for the GIL",
            Self::Blocked => "blocked",
            Self::Collecting => "collecting garbage",
        }
    }
}

/// Somebody who wants to know; a bit in [`WATCHED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watcher {
    Timeline = 1,
    Sampler = 2,
}

static WATCHED: AtomicU8 = AtomicU8::new(0);

thread_local! {
    /// Kept while somebody watches.
    static CURRENT: Cell<Activity> = const { Cell::new(Activity::Away) };
}

impl Watcher {
    pub(crate) fn start(self) {
        WATCHED.fetch_or(self as u8, Ordering::Relaxed);
    }

    pub(crate) fn stop(self) {
        WATCHED.fetch_and(!(self as u8), Ordering::Relaxed);
    }

    pub(crate) fn watches(self) -> bool {
        WATCHED.load(Ordering::Relaxed) & self as u8 != 0
    }
}

/// The calling thread does something else from now on. Returns what it did before.
#[inline]
pub(crate) fn to(activity: Activity) -> Activity {
    if WATCHED.load(Ordering::Relaxed) == 0 { activity } else { change(activity) }
}

#[cold]
fn change(activity: Activity) -> Activity {
    // A thread that is being torn down has nothing more to tell.
    let Ok(before) = CURRENT.try_with(|current| current.replace(activity)) else { return activity };
    if before != activity {
        if Watcher::Sampler.watches() {
            sampling::ended(before);
        }
        if Watcher::Timeline.watches() {
            timeline::began(activity);
        }
    }
    before
}

/// What the calling thread does.
pub(crate) fn current() -> Activity {
    CURRENT.try_with(Cell::get).unwrap_or(Activity::Away)
}
