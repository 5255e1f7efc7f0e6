//! What threads wait for: locks, conditions, events, semaphores, queues.

use std::collections::VecDeque;
use std::sync::{Arc as StdArc, Mutex as StdMutex, PoisonError};

use loom::sync::{Arc, Condvar, Mutex};

use super::machine::{Deadlock, End, Machine, Thread};

/// Who waits; under one lock, so that it is seen when all do.
#[derive(Clone)]
pub(super) struct Kernel(Arc<(Mutex<Waits>, Condvar)>);

#[derive(Default)]
struct Waits {
    /// Whether the program has anything to wait for.
    used: bool,
    threads: usize,
    /// Those who have looked since something changed.
    waiting: usize,
    finished: usize,
    dead: bool,
}

impl Waits {
    fn look(&mut self) {
        self.dead |= self.waiting > 0 && self.waiting + self.finished == self.threads;
    }
}

impl Kernel {
    pub(super) fn new() -> Self {
        Self(Arc::new((Mutex::new(Waits::default()), Condvar::new())))
    }

    pub(super) fn expect(&self, threads: usize) {
        self.waits().threads = threads;
    }

    pub(super) fn finish(&self) {
        let mut waits = self.waits();
        if waits.used {
            waits.finished += 1;
            waits.look();
            if waits.dead {
                self.0.1.notify_all();
            }
        }
    }

    fn changed(&self, waits: &mut Waits) {
        waits.waiting = 0;
        self.0.1.notify_all();
    }

    fn waits(&self) -> loom::sync::MutexGuard<'_, Waits> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something to wait for.
pub(crate) struct Waitable<V>(StdArc<StdMutex<V>>);

impl<V> Clone for Waitable<V> {
    fn clone(&self) -> Self {
        Self(StdArc::clone(&self.0))
    }
}

impl<V> Waitable<V> {
    fn change<R>(&self, f: impl FnOnce(&mut V) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// After the threads have ended.
    pub(crate) fn at_end(&self) -> V
    where
        V: Clone,
    {
        self.change(|value| value.clone())
    }
}

/// `threading.Lock`, `RLock` or a semaphore: how many may still have it, and who has, where it matters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permits {
    left: usize,
    reentrant: bool,
    holder: Option<usize>,
    depth: usize,
}

pub(crate) type Lock = Waitable<Permits>;

/// The tickets of those who wait, and of those who were told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Condition {
    next: usize,
    waiting: VecDeque<usize>,
    told: Vec<usize>,
}

impl Machine {
    pub(crate) fn waitable<V>(&self, value: V) -> Waitable<V> {
        self.kernel.waits().used = true;
        Waitable(StdArc::new(StdMutex::new(value)))
    }

    pub(crate) fn lock(&self) -> Lock {
        self.semaphore(1)
    }

    pub(crate) fn semaphore(&self, left: usize) -> Lock {
        self.waitable(Permits { left, ..Permits::default() })
    }

    pub(crate) fn rlock(&self) -> Lock {
        self.waitable(Permits { left: 1, reentrant: true, ..Permits::default() })
    }

    pub(crate) fn condition(&self) -> Waitable<Condition> {
        self.waitable(Condition::default())
    }
}

impl Thread<'_> {
    /// Changes what others may wait for, by a call.
    pub(crate) fn tell<V, R>(&self, object: &Waitable<V>, f: impl FnOnce(&mut V) -> R) -> R {
        let result = self.change_for_waiters(object, f);
        self.switch_point();
        result
    }

    /// A store that others may wait for.
    pub(crate) fn store_for_waiters<V>(&self, object: &Waitable<V>, value: V) {
        self.change_for_waiters(object, |old| *old = value);
    }

    fn change_for_waiters<V, R>(&self, object: &Waitable<V>, f: impl FnOnce(&mut V) -> R) -> R {
        self.before_bytecode();
        let kernel = &self.machine.kernel;
        let mut waits = kernel.waits();
        let result = object.change(f);
        kernel.changed(&mut waits);
        result
    }

    /// Waits until `f` has a result.
    pub(crate) fn wait<V, R>(
        &self,
        object: &Waitable<V>,
        mut f: impl FnMut(&mut V) -> Option<R>,
    ) -> End<R> {
        self.before_bytecode();
        let kernel = &self.machine.kernel;
        let mut attempt = |waits: &mut Waits| {
            let result = object.change(&mut f)?;
            kernel.changed(waits);
            Some(result)
        };
        let at_once = attempt(&mut kernel.waits());
        let result = match at_once {
            Some(result) => Ok(result),
            None => self.detached(|| {
                let mut waits = kernel.waits();
                loop {
                    if let Some(result) = attempt(&mut waits) {
                        return Ok(result);
                    }
                    waits.waiting += 1;
                    waits.look();
                    if waits.dead {
                        kernel.0.1.notify_all();
                        return Err(Deadlock);
                    }
                    waits = kernel.0.1.wait(waits).unwrap_or_else(PoisonError::into_inner);
                    if waits.dead {
                        return Err(Deadlock);
                    }
                }
            }),
        };
        self.switch_point();
        result
    }

    pub(crate) fn acquire(&self, lock: &Lock) -> End {
        let me = self.number;
        self.wait(lock, |permits| {
            if permits.reentrant && permits.holder == Some(me) {
                permits.depth += 1;
                return Some(());
            }
            permits.left = permits.left.checked_sub(1)?;
            (permits.holder, permits.depth) = (Some(me), 1);
            Some(())
        })
    }

    /// `acquire(blocking=False)`.
    pub(crate) fn try_acquire(&self, lock: &Lock) -> bool {
        self.tell(lock, |permits| {
            let got = permits.left > 0;
            permits.left -= usize::from(got);
            got
        })
    }

    pub(crate) fn release(&self, lock: &Lock) {
        self.tell(lock, |permits| {
            permits.depth -= usize::from(permits.reentrant);
            if !permits.reentrant || permits.depth == 0 {
                permits.left += 1;
                permits.holder = None;
            }
        });
    }

    /// `not lock.locked()`.
    pub(crate) fn look(&self, lock: &Lock) -> bool {
        self.tell(lock, |permits| permits.left > 0)
    }

    /// `lock.release()`, of whoever has it. Returns whether anybody had.
    pub(crate) fn give_back(&self, lock: &Lock) -> bool {
        self.tell(lock, |permits| std::mem::replace(&mut permits.left, 1) == 0)
    }

    /// `with lock:`.
    pub(crate) fn with<R>(&self, lock: &Lock, f: impl FnOnce() -> R) -> End<R> {
        self.acquire(lock)?;
        let result = f();
        self.release(lock);
        Ok(result)
    }

    /// `condition.wait()`, with its lock held.
    pub(crate) fn wait_for_notice(&self, condition: &Waitable<Condition>, lock: &Lock) -> End {
        let ticket = self.tell(condition, |condition| {
            condition.next += 1;
            condition.waiting.push_back(condition.next);
            condition.next
        });
        self.release(lock);
        self.wait(condition, |condition| condition.told.contains(&ticket).then_some(()))?;
        self.acquire(lock)
    }

    /// `condition.notify(count)`.
    pub(crate) fn notify(&self, condition: &Waitable<Condition>, count: usize) {
        self.tell(condition, |condition| {
            for _ in 0..count {
                condition.told.extend(condition.waiting.pop_front());
            }
        });
    }
}
