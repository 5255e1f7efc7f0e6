//! The sites of instrumented code, as threads look at them: each thread has its own list, so that none
//! waits for another to look a site up.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyStrInterned;

use crate::race::SiteId;
use crate::race::site::SiteKind;
use crate::race::sites::{self, Known};

/// Counts up when code was instrumented, or an attribute was stored by a name that is not in the code.
static ROUND: AtomicU64 = AtomicU64::new(1);

pub(super) fn count_round() {
    ROUND.fetch_add(1, Ordering::Release);
}

/// A site.
pub(super) struct Watched {
    pub(super) known: Arc<Known>,
    /// Of an attribute.
    pub(super) name: Option<&'static PyStrInterned>,
    /// When it was last found that nobody stores the attribute.
    unstored: AtomicU64,
}

impl Watched {
    /// Whether somebody stores the attribute: reading another, a method for the most part, is no access.
    pub(super) fn is_stored(&self) -> bool {
        let round = ROUND.load(Ordering::Acquire);
        if self.unstored.load(Ordering::Relaxed) == round {
            return false;
        }
        let stored = sites::is_stored(self.known.field);
        if !stored {
            self.unstored.store(round, Ordering::Relaxed);
        }
        stored
    }
}

/// One thread's list. The sites themselves live as long as the process.
#[derive(Default)]
pub(super) struct List(Vec<&'static Watched>);

impl List {
    pub(super) fn get(&mut self, site: SiteId, vm: &VirtualMachine) -> Option<&'static Watched> {
        static ALL: Mutex<Vec<&'static Watched>> = Mutex::new(Vec::new());
        let index = site.0.checked_sub(1)? as usize;
        if index >= self.0.len() {
            let mut names = HashMap::new();
            let mut all = ALL.lock();
            while let Some(known) = sites::get(SiteId(all.len() as u32 + 1)) {
                let name = match &known.site.kind {
                    SiteKind::LoadAttr(name)
                    | SiteKind::StoreAttr(name)
                    | SiteKind::DeleteAttr(name) => {
                        let name = name.clone();
                        Some(
                            *names
                                .entry(name)
                                .or_insert_with_key(|name| vm.ctx.intern_str(name.as_str())),
                        )
                    }
                    _ => None,
                };
                all.push(Box::leak(Box::new(Watched { known, name, unstored: AtomicU64::new(0) })));
            }
            self.0.clone_from(&all);
        }
        self.0.get(index).copied()
    }
}
