//! What is remembered of all objects that are touched.
//!
//! An object is kept alive while it is remembered: else its address could come again, and two objects would
//! look like one. One that nobody else has is forgotten when its table has doubled. An object that somebody
//! watches die, by a weak reference or a destructor, is only watched here, too.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use rustpython_vm::builtins::PyWeak;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, VirtualMachine};

use super::clock::VectorClock;
use super::variable::{Access, Mode, Variable};
use crate::race::objects::AddressHasher;

/// What tells whether an object is still the one at its address.
enum Alive {
    Kept(PyObjectRef),
    Watched(PyRef<PyWeak>),
}

impl Alive {
    fn of(object: &PyObject, vm: &VirtualMachine) -> Self {
        let has_destructor = object.class().slots.del.load().is_some();
        let is_watched = object.weak_count().is_some_and(|count| count > 0);
        if (has_destructor || is_watched)
            && let Ok(weak) = object.downgrade(None, vm)
        {
            return Self::Watched(weak);
        }
        Self::Kept(object.to_owned())
    }

    fn is_forgotten(&self) -> bool {
        match self {
            Self::Kept(object) => object.strong_count() == 1,
            Self::Watched(weak) => weak.upgrade().is_none(),
        }
    }
}

/// Most objects have few variables that are touched.
enum Variables {
    Few(Vec<(u64, Variable)>),
    Many(HashMap<u64, Variable>),
}

const FEW: usize = 8;

impl Variables {
    fn get(&mut self, part: u64) -> &mut Variable {
        if let Self::Few(few) = self
            && few.len() == FEW
            && few.iter().all(|(known, _)| *known != part)
        {
            *self = Self::Many(std::mem::take(few).into_iter().collect());
        }
        match self {
            Self::Few(few) => {
                let at = few.iter().position(|(known, _)| *known == part);
                let at = at.unwrap_or_else(|| {
                    few.push((part, Variable::default()));
                    few.len() - 1
                });
                &mut few[at].1
            }
            Self::Many(many) => many.entry(part).or_default(),
        }
    }
}

struct Object {
    alive: Alive,
    /// The stack at which it was first touched.
    made: u32,
    variables: Variables,
}

#[derive(Default)]
struct Shard {
    objects: HashMap<usize, Object, BuildHasherDefault<AddressHasher>>,
    /// Size at which to look for forgotten ones.
    sweep_at: usize,
}

/// The smallest table that is swept.
const SMALL: usize = 64;
const SHARDS: usize = 64;

/// All objects.
pub(super) struct Shadow {
    shards: Vec<Mutex<Shard>>,
    sweeps: AtomicU64,
}

/// What has come of an access.
#[derive(Default)]
pub(super) struct Outcome {
    /// An earlier access that it races with, and the stack at which the object was first touched.
    pub(super) race: Option<(Access, Mode, u32)>,
    /// Whether the object stays at its address until the next sweep.
    pub(super) is_kept: bool,
    /// To be dropped where destructors may run.
    pub(super) garbage: Vec<PyObjectRef>,
}

impl Shadow {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, sweeps: AtomicU64::new(0) }
    }

    /// Counts up when objects are forgotten.
    pub(super) fn sweeps(&self) -> u64 {
        self.sweeps.load(Ordering::Relaxed)
    }

    fn shard(&self, address: usize) -> MutexGuard<'_, Shard> {
        self.shards[(address >> 4) % SHARDS].lock()
    }

    /// Remembers an access to a part of an object.
    pub(super) fn access(
        &self,
        object: &PyObject,
        part: u64,
        (access, mode): (Access, Mode),
        clock: &VectorClock,
        vm: &VirtualMachine,
    ) -> Outcome {
        let address = object.get_id();
        let mut outcome = Outcome::default();
        let mut shard = self.shard(address);
        let known = shard.objects.get(&address);
        // A weak reference that lives is to this very object, which is alive: nothing ends here.
        let is_stale =
            known.is_none_or(|o| matches!(&o.alive, Alive::Watched(w) if w.upgrade().is_none()));
        let mut replaced = None;
        if is_stale {
            // Outside of the lock: it may have the garbage collected.
            drop(shard);
            let alive = Alive::of(object, vm);
            shard = self.shard(address);
            if shard.objects.len() >= shard.sweep_at.max(SMALL) {
                self.sweep(&mut shard, &mut outcome.garbage);
            }
            let variables = Variables::Few(Vec::new());
            let new = Object { alive, made: access.told.stack, variables };
            replaced = shard.objects.insert(address, new);
        }
        let known = shard.objects.get_mut(&address).expect("it was added");
        outcome.is_kept = matches!(known.alive, Alive::Kept(_));
        let race = known.variables.get(part).access(access, mode, clock);
        outcome.race = race.map(|(other, how)| (other, how, known.made));
        drop(shard);
        drop(replaced);
        outcome
    }

    fn sweep(&self, shard: &mut Shard, garbage: &mut Vec<PyObjectRef>) {
        // Before an address can come again.
        self.sweeps.fetch_add(1, Ordering::SeqCst);
        let forgotten = shard.objects.extract_if(|_, object| object.alive.is_forgotten());
        garbage.extend(forgotten.filter_map(|(_, object)| match object.alive {
            Alive::Kept(object) => Some(object),
            Alive::Watched(_) => None,
        }));
        shard.sweep_at = shard.objects.len() * 2;
    }
}
