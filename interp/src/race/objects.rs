//! Numbers for the objects that the threads of an execution touch.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustpython_vm::builtins::{PyTypeRef, PyWeak};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef};

use super::{ObjectId, ThreadId, deaths};

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

/// What is left of an object that has a number.
pub(crate) enum Kept {
    Object(PyObjectRef),
    /// It has died. It was of this class.
    Gone(PyTypeRef),
    /// It was not to be kept.
    Not,
}

/// Numbers objects by the order of first touches, and keeps them alive until nobody else has them, so
/// that an address stands for one object.
#[derive(Default)]
pub(crate) struct Objects {
    numbers: HashMap<usize, ObjectId, BuildHasherDefault<AddressHasher>>,
    alive: Vec<Kept>,
    /// Those that nobody else has, and who was the last to let go of them.
    last: Vec<(ObjectId, ThreadId)>,
    /// Weak references to objects that have died, by address, and the objects.
    dead: HashMap<usize, (PyRef<PyWeak>, ObjectId)>,
    /// What containers of weak references have, or have had.
    members: Vec<(ObjectId, ObjectId)>,
    /// Whose attributes the dicts hold that were asked for as `__dict__`, by address.
    attributes_of: HashMap<usize, PyObjectRef>,
}

impl Objects {
    pub(crate) fn number(&mut self, object: &PyObject) -> ObjectId {
        let next = ObjectId(self.alive.len() as u32);
        let alive = &mut self.alive;
        *self.numbers.entry(object.get_id()).or_insert_with(|| {
            // Where nobody looks for the ends of objects, one that somebody watches die must be able to.
            // Its address may come again then: two objects with one number only seem to depend on
            // each other.
            let watched = || object.weak_count().is_some_and(|count| count > 0);
            let not = !deaths::can_be_told() && watched();
            alive.push(if not { Kept::Not } else { Kept::Object(object.to_owned()) });
            next
        })
    }

    /// The object with a number, if it lives and is kept.
    pub(crate) fn get(&self, number: ObjectId) -> Option<&PyObject> {
        match self.alive.get(number.0 as usize) {
            Some(Kept::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The number of what a weak reference refers to, or has referred to. Whoever asks has the object
    /// from then on.
    pub(crate) fn referent(&mut self, weak: &Py<PyWeak>) -> Option<(ObjectId, PyTypeRef)> {
        if let Some(object) = weak.upgrade() {
            let number = self.number(&object);
            self.last.retain(|(other, _)| *other != number);
            return Some((number, object.class().to_owned()));
        }
        let (_, number) = self.dead.get(&weak.as_object().get_id())?;
        match &self.alive[number.0 as usize] {
            Kept::Gone(class) => Some((*number, class.clone())),
            _ => None,
        }
    }

    /// A container of weak references has an object.
    pub(crate) fn add_member(&mut self, container: ObjectId, member: ObjectId) {
        if !self.members.contains(&(container, member)) {
            self.members.push((container, member));
        }
    }

    /// What a container of weak references has, or has had, and the classes.
    pub(crate) fn members_of(&self, container: ObjectId) -> Vec<(ObjectId, PyTypeRef)> {
        let all = self.members.iter().filter(|(other, _)| *other == container);
        let with_class = all.filter_map(|(_, member)| match &self.alive[member.0 as usize] {
            Kept::Object(object) => Some((*member, object.class().to_owned())),
            Kept::Gone(class) => Some((*member, class.clone())),
            Kept::Not => None,
        });
        with_class.collect()
    }

    /// An object that nobody else has, and that the thread, which runs, was the last to let go of.
    pub(crate) fn last_of(&mut self, me: ThreadId) -> Option<ObjectId> {
        for (index, kept) in self.alive.iter().enumerate() {
            let number = ObjectId(index as u32);
            if let Kept::Object(object) = kept
                && self.is_last(object)
                && self.last.iter().all(|(other, _)| *other != number)
            {
                self.last.push((number, me));
            }
        }
        let mine = self.last.iter().filter(|(_, thread)| *thread == me);
        let mut mine = mine.map(|(number, _)| *number);
        mine.find(|number| self.get(*number).is_some_and(|object| self.is_last(object)))
    }

    fn is_last(&self, object: &PyObject) -> bool {
        let mut ours = 1;
        if !self.attributes_of.is_empty() {
            ours += self.attributes_of.values().filter(|owner| owner.is(object)).count();
        }
        object.strong_count() == ours
    }

    /// Forgets an object that nobody else has, and gives it back: to be dropped where a destructor may run.
    pub(crate) fn release(&mut self, number: ObjectId) -> Vec<PyObjectRef> {
        let Some(object) = self.get(number).map(ToOwned::to_owned) else { return Vec::new() };
        for weak in object.get_weak_references().unwrap_or_default() {
            self.dead.insert(weak.as_object().get_id(), (weak, number));
        }
        self.numbers.remove(&object.get_id());
        self.last.retain(|(other, _)| *other != number);
        self.alive[number.0 as usize] = Kept::Gone(object.class().to_owned());
        let owned = self.attributes_of.extract_if(|_, owner| owner.is(&object));
        let mut gone: Vec<_> = owned.map(|(_, owner)| owner).collect();
        gone.push(object);
        gone
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
    pub(crate) fn take(&mut self) -> Vec<Kept> {
        self.numbers.clear();
        self.last.clear();
        self.dead.clear();
        self.members.clear();
        let owners = self.attributes_of.drain().map(|(_, owner)| Kept::Object(owner));
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
