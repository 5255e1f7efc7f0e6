//! Numbers for the objects that the threads of an execution touch.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use super::ObjectId;

/// What the modules of the user hold: an execution that changes it leaves its traces.
static OWNED: Mutex<Option<HashSet<usize>>> = Mutex::new(None);
static IS_CHANGED: AtomicBool = AtomicBool::new(true);

/// Looks from now on whether one of these objects, named by their addresses, is changed.
pub(crate) fn own(addresses: HashSet<usize>) {
    *OWNED.lock() = Some(addresses);
    IS_CHANGED.store(false, Ordering::Relaxed);
}

/// An object is changed.
pub(crate) fn change(object: &PyObject) {
    if !is_changed() && OWNED.lock().as_ref().is_none_or(|owned| owned.contains(&object.get_id())) {
        change_unseen();
    }
}

/// Something may have been changed that nobody has announced.
pub(crate) fn change_unseen() {
    IS_CHANGED.store(true, Ordering::Relaxed);
}

/// Whether an object that is looked at was changed.
pub(crate) fn is_changed() -> bool {
    IS_CHANGED.load(Ordering::Relaxed)
}

/// Numbers objects by the order of first touches, and keeps them alive, so that no address is
/// used twice in an execution.
#[derive(Default)]
pub(crate) struct Objects {
    numbers: HashMap<usize, ObjectId, BuildHasherDefault<AddressHasher>>,
    alive: Vec<Option<PyObjectRef>>,
    /// Whose attributes the dicts hold that were asked for as `__dict__`, by address.
    attributes_of: HashMap<usize, PyObjectRef>,
}

impl Objects {
    pub(crate) fn number(&mut self, object: &PyObject) -> ObjectId {
        let next = ObjectId(self.alive.len() as u32);
        let alive = &mut self.alive;
        *self.numbers.entry(object.get_id()).or_insert_with(|| {
            // One that somebody watches die must be able to. Its address may come again then: two
            // objects with one number only seem to depend on each other.
            let watched = object.weak_count().is_some_and(|count| count > 0);
            alive.push((!watched).then(|| object.to_owned()));
            next
        })
    }

    /// From now on what is done to the dict is done to the attributes of its owner.
    pub(crate) fn holds_attributes(&mut self, dict: &PyObject, owner: &PyObject) {
        self.attributes_of.insert(dict.get_id(), owner.to_owned());
    }

    /// Whose attributes a dict holds.
    pub(crate) fn owner_of(&self, dict: &PyObject) -> Option<PyObjectRef> {
        self.attributes_of.get(&dict.get_id()).cloned()
    }

    /// Forgets all, and gives back what it kept: to be dropped where destructors may run.
    pub(crate) fn take(&mut self) -> Vec<Option<PyObjectRef>> {
        self.numbers.clear();
        let owners = self.attributes_of.drain().map(|(_, owner)| Some(owner));
        let mut kept = std::mem::take(&mut self.alive);
        kept.extend(owners);
        kept
    }
}

/// Addresses of objects differ in their middle bits.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        // The golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}
