//! All sites of the process's instrumented code.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use rustpython_vm::builtins::PyCode;
use rustpython_vm::{Py, PyObjectRef, PyRef, VirtualMachine};

use super::SiteId;
use super::accesses::field;
pub(crate) use super::instrument::What;
use super::instrument::{self, Sites};
use super::places;
use super::site::{Site, SiteKind};

/// A site, and the number of the name in it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) site: Site,
    pub(crate) field: u64,
    /// Whether it is in code of the user's, and not in the standard library's.
    pub(crate) theirs: bool,
}

static KNOWN: RwLock<Vec<Arc<Known>>> = RwLock::new(Vec::new());

/// The attributes that some instrumented code stores. Reading any other one, a method for the most
/// part, is no step.
static STORED: RwLock<Option<HashSet<u64>>> = RwLock::new(None);

/// What the instrumenter numbers them by. Locked while code is instrumented.
static ALL: Mutex<Option<Sites>> = Mutex::new(None);

/// Instruments code, and gets to know its sites.
pub(crate) fn instrument(
    code: &Py<PyCode>,
    hook: &PyObjectRef,
    what: &What,
    vm: &VirtualMachine,
) -> PyRef<PyCode> {
    let mut all = ALL.lock();
    let all = all.get_or_insert_default();
    let code = instrument::instrument(code, hook, all, what, vm);
    let mut known = KNOWN.write();
    while let Some(site) = all.get(SiteId(known.len() as u32 + 1)) {
        known.push(Arc::new(Known::new(site.clone())));
    }
    code
}

impl Known {
    fn new(site: Site) -> Self {
        let field = match &site.kind {
            SiteKind::LoadAttr(name)
            | SiteKind::StoreAttr(name)
            | SiteKind::DeleteAttr(name)
            | SiteKind::LoadGlobal(name)
            | SiteKind::StoreGlobal(name)
            | SiteKind::DeleteGlobal(name) => field(name),
            _ => 0,
        };
        if let SiteKind::StoreAttr(_) | SiteKind::DeleteAttr(_) = site.kind {
            STORED.write().get_or_insert_default().insert(field);
        }
        let theirs = places::is_theirs(&site.file);
        Self { site, field, theirs }
    }
}

/// Adds a site that the instrumenter has not seen.
pub(crate) fn add(site: Site) -> SiteId {
    let id = ALL.lock().get_or_insert_default().push(site.clone());
    let mut known = KNOWN.write();
    known.push(Arc::new(Known::new(site)));
    debug_assert_eq!(known.len(), id.0 as usize);
    id
}

/// The site with a number.
pub(crate) fn get(site: SiteId) -> Option<Arc<Known>> {
    KNOWN.read().get(site.0.checked_sub(1)? as usize).cloned()
}

/// Whether some code stores attributes by names that are not in it.
static STORES_ANY: AtomicBool = AtomicBool::new(false);

/// Code stores an attribute whose name nobody knows beforehand. Returns whether that is new: then
/// reads were taken for nothing so far.
pub(crate) fn store_any() -> bool {
    !STORES_ANY.swap(true, Ordering::Relaxed)
}

/// Whether instrumented code stores an attribute of this name.
pub(crate) fn is_stored(field: u64) -> bool {
    STORES_ANY.load(Ordering::Relaxed)
        || STORED.read().as_ref().is_some_and(|stored| stored.contains(&field))
}

/// Some code stores an attribute by a name that it has made. Returns whether that is new.
pub(crate) fn store(field: u64) -> bool {
    !is_stored(field) && STORED.write().get_or_insert_default().insert(field)
}
