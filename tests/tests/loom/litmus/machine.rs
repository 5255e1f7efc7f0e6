//! What the programs run on: objects with a lock of their own, or one GIL over all of them.

use std::sync::{Arc, Mutex, PoisonError};

use loom::sync::Mutex as LoomMutex;
use togil_interp::lock::Member;

use super::kernel::Kernel;
use crate::scene::{NONE, Scene};

/// Where threads may switch; see `tests/litmus/litmus.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discipline {
    /// Threads run at once, each object guards itself.
    Free,
    /// A GIL, and a place to switch before each operation.
    AnyBytecode,
    /// A GIL, and places to switch where CPython 3.14 has them.
    Gil,
}

impl Discipline {
    pub(crate) const ALL: [Self; 3] = [Self::Free, Self::AnyBytecode, Self::Gil];

    /// As the catalogue calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::AnyBytecode => "any_bytecode",
            Self::Gil => "gil",
        }
    }
}

/// All threads that are left wait for each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlock;

/// How a thread ends.
pub(crate) type End<T = ()> = Result<T, Deadlock>;

/// What a thread of a program does.
pub(crate) type Body<S> = fn(&Thread<'_>, &S) -> End;

/// One execution.
#[derive(Clone)]
pub(crate) struct Machine {
    discipline: Discipline,
    /// The real GIL, in which every waiter asks at once.
    scene: Option<Scene>,
    pub(super) kernel: Kernel,
}

impl Machine {
    pub(crate) fn new(discipline: Discipline) -> Self {
        let scene = (discipline != Discipline::Free).then(|| Scene::new(NONE));
        Self { discipline, scene, kernel: Kernel::new() }
    }

    pub(crate) fn object<V>(&self, value: V) -> Object<V> {
        Object(Arc::new(Shared { lock: LoomMutex::new(()), value: Mutex::new(value) }))
    }

    /// Runs these in threads, the last one in this, until all have ended.
    pub(crate) fn run<S: Clone + 'static, const N: usize>(
        &self,
        state: &S,
        bodies: [Body<S>; N],
    ) -> End {
        self.kernel.expect(N);
        let mut threads: Vec<_> = bodies.into_iter().enumerate().collect();
        let last = threads.pop();
        let others: Vec<_> = threads
            .into_iter()
            .map(|(number, body)| {
                let (machine, state) = (self.clone(), state.clone());
                loom::thread::spawn(move || machine.thread(number, body, &state))
            })
            .collect();
        let mut end = last.map_or(Ok(()), |(number, body)| self.thread(number, body, state));
        for other in others {
            end = other.join().expect("no thread panics").and(end);
        }
        end
    }

    /// Runs the same in two threads.
    pub(crate) fn twice<S: Clone + 'static>(&self, state: &S, body: Body<S>) -> End {
        self.run(state, [body, body])
    }

    fn thread<S>(&self, number: usize, body: Body<S>, state: &S) -> End {
        let Some(scene) = &self.scene else {
            let end = body(&Thread { machine: self, me: None, number }, state);
            self.kernel.finish();
            return end;
        };
        let me = scene.join();
        scene.acquire(&me);
        let end = body(&Thread { machine: self, me: Some((scene, &me)), number }, state);
        scene.release(&me);
        self.kernel.finish();
        end
    }
}

/// Something that the threads share. What one operation does to it is one step.
pub(crate) struct Object<V>(Arc<Shared<V>>);

struct Shared<V> {
    /// The lock of the object, where there is no GIL.
    lock: LoomMutex<()>,
    value: Mutex<V>,
}

impl<V> Clone for Object<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> Object<V> {
    fn change<R>(&self, f: impl FnOnce(&mut V) -> R) -> R {
        // What excludes others is seen by loom elsewhere: this one is never waited for.
        let mut value =
            self.0.value.try_lock().unwrap_or_else(|_| panic!("two threads in one step"));
        f(&mut value)
    }

    /// Within a step on another object, whose lock keeps everybody out who could change this one then.
    pub(crate) fn change_with<R>(&self, f: impl FnOnce(&mut V) -> R) -> R {
        self.change(f)
    }

    /// After the threads have ended.
    pub(crate) fn at_end(&self) -> V
    where
        V: Clone,
    {
        self.0.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A thread of a program.
pub(crate) struct Thread<'a> {
    pub(super) machine: &'a Machine,
    me: Option<(&'a Scene, &'a Member)>,
    /// Its place among those that `run` was given.
    pub(crate) number: usize,
}

impl Thread<'_> {
    /// One step: an operation of a built-in object.
    pub(crate) fn on<V, R>(&self, object: &Object<V>, f: impl FnOnce(&mut V) -> R) -> R {
        self.before_bytecode();
        if self.me.is_some() {
            return object.change(f);
        }
        let _own = object.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        object.change(f)
    }

    pub(crate) fn get<V: Clone>(&self, object: &Object<V>) -> V {
        self.on(object, |value| value.clone())
    }

    pub(crate) fn set<V>(&self, object: &Object<V>, value: V) {
        self.on(object, |old| *old = value);
    }

    /// A place where CPython 3.14 looks who wants the GIL: a function's entry, the end of a loop's turn,
    /// most calls.
    pub(crate) fn switch_point(&self) {
        if let Some((scene, me)) = self.me {
            scene.switch_point(me);
        }
    }

    pub(super) fn before_bytecode(&self) {
        if self.machine.discipline == Discipline::AnyBytecode {
            self.switch_point();
        }
    }

    /// What may wait, without the GIL.
    pub(super) fn detached<R>(&self, f: impl FnOnce() -> R) -> R {
        let Some((scene, me)) = self.me else { return f() };
        scene.release(me);
        let result = f();
        scene.acquire(me);
        result
    }
}
