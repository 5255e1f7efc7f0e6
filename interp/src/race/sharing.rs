//! Which steps others can tell at all.
//!
//! What only one thread touches, or all only read while there are several, can be left out: its order
//! does not matter. That is learnt while exploring, by site: a site is local until it is seen to touch
//! something that two threads touch and one changes. An exploration during which that happened
//! has looked too coarsely and begins anew; one during which it did not has looked at every
//! step that matters, since each of its executions was seen to have no other.

use std::collections::HashSet;

use super::{Access, ObjectId, SiteId, ThreadId};

/// What is known of a program's sites, over its executions.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    shared: HashSet<SiteId>,
    /// The classes of which an object has died while there were several threads, by numbers.
    dying: HashSet<u64>,
    /// Every site counts as shared.
    all: bool,
    /// Whether a site was found to be shared since this was last taken.
    grew: bool,
}

impl Sharing {
    /// Takes every site to be shared: the same steps are announced whatever is known. That is an
    /// execution to be shown, so what its steps read and write is noted, too.
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Whether a site was found to be shared since the last call.
    pub fn take_grew(&mut self) -> bool {
        std::mem::take(&mut self.grew)
    }

    /// Whether the next call of [`take_grew`](Self::take_grew) will say so.
    pub fn has_grown(&self) -> bool {
        self.grew
    }

    /// Whether it is [`all`](Self::all).
    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    /// Something was taken for no step that is one.
    pub(crate) fn grow(&mut self) {
        self.grew = true;
    }

    /// Whether it matters who is the last to let go of an object of a class.
    pub(crate) fn is_dying(&self, class: u64) -> bool {
        self.dying.contains(&class)
    }

    /// An object of a class has died while there were several threads.
    pub(crate) fn dies(&mut self, class: u64) {
        self.grew |= !self.all && self.dying.insert(class);
    }

    fn contains(&self, site: SiteId) -> bool {
        self.all || self.shared.contains(&site)
    }

    fn add(&mut self, site: SiteId) {
        self.grew |= !self.all && self.shared.insert(site);
    }
}

/// Who has touched an object in an execution, while there were several threads.
#[derive(Debug, Default)]
struct Touches {
    thread: Option<ThreadId>,
    by_several: bool,
    written: bool,
    sites: Vec<SiteId>,
}

/// Sees who touches what in an execution. Objects are looked at as a whole: that is coarser than
/// their attributes and items, and never wrong.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) sharing: Sharing,
    /// By the numbers of the objects.
    touches: Vec<Touches>,
}

impl Watch {
    pub(crate) fn new(sharing: Sharing) -> Self {
        Self { sharing, touches: Vec::new() }
    }

    /// Whether another thread was the last to touch an object.
    pub(crate) fn is_of_another(&self, object: ObjectId, thread: ThreadId) -> bool {
        let touches = self.touches.get(object.0 as usize);
        touches.and_then(|touches| touches.thread).is_some_and(|other| other != thread)
    }

    /// Notes what a thread does at a site. Returns whether others can tell.
    pub(crate) fn is_shared(
        &mut self,
        thread: ThreadId,
        site: SiteId,
        accesses: &[Access],
    ) -> bool {
        for access in accesses {
            let index = access.object.0 as usize;
            if index >= self.touches.len() {
                self.touches.resize_with(index + 1, Touches::default);
            }
            let touches = &mut self.touches[index];
            touches.by_several |= touches.thread.is_some_and(|other| other != thread);
            touches.thread = Some(thread);
            touches.written |= access.write;
            if !touches.sites.contains(&site) {
                touches.sites.push(site);
            }
            if touches.by_several && touches.written {
                touches.sites.drain(..).for_each(|site| self.sharing.add(site));
            }
        }
        self.sharing.contains(site)
    }
}
