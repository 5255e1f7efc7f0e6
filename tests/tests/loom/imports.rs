//! Threads that import the same modules ([`Importer`]): a body runs once, nobody sees half of what it makes but by
//! the rule of cycles, nobody waits for ever, and what failed is not left registered.

use std::collections::HashMap;

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread::{self, JoinHandle};
use togil_interp::imports::{Importer, ModuleLocks, Modules};
use togil_interp::lock::Event;

use crate::scene::explore;

/// What a body does, in order.
#[derive(Clone, Copy)]
enum Line {
    Import(&'static str),
    /// Raises, in the first so many executions.
    Fail(usize),
}

type Program = &'static [(&'static str, &'static [Line])];

/// `sys.modules` and what bodies make. A module knows how many lines of it have run: loom reports
/// who reads that while it is written.
struct Interpreter {
    program: Program,
    locks: ModuleLocks,
    modules: Mutex<HashMap<&'static str, Module>>,
    runs: Mutex<HashMap<&'static str, usize>>,
    /// A name in `sys.modules` that is not yet an attribute of its package.
    attributes: Mutex<Vec<&'static str>>,
}

type Module = std::sync::Arc<Body>;

struct Body {
    name: &'static str,
    complete: UnsafeCell<bool>,
}

// SAFETY: touched by who executes it and by who was told that it is complete; loom checks just that.
unsafe impl Sync for Body {}
// SAFETY: as above.
unsafe impl Send for Body {}

#[derive(Debug, PartialEq, Eq)]
enum Error {
    Raised(&'static str),
    Deadlock,
}

/// One thread's view.
struct Thread {
    interpreter: Arc<Interpreter>,
    me: u64,
}

impl Thread {
    fn import(&self, name: &str) -> Result<Module, Error> {
        let locks = &self.interpreter.locks;
        Importer { locks, interpreter: 1, me: self.me, modules: self }.import(name)
    }

    /// An import by a thread that executes nothing: the rule of cycles does not apply to it.
    fn import_whole(&self, name: &str) -> Result<Module, Error> {
        let module = self.import(name)?;
        // SAFETY: nobody changes it any more; that this is so is what the model checks.
        assert!(module.complete.with(|complete| unsafe { *complete }), "half-initialised");
        if name.contains('.') {
            let attributes = self.interpreter.attributes.lock().unwrap();
            assert!(attributes.contains(&module.name), "not yet an attribute of its package");
        }
        Ok(module)
    }
}

impl Modules for Thread {
    type Module = Module;
    type Error = Error;

    fn get(&self, name: &str) -> Result<Option<Module>, Error> {
        Ok(self.interpreter.modules.lock().unwrap().get(name).cloned())
    }

    fn same(&self, one: &Module, other: &Module) -> bool {
        std::sync::Arc::ptr_eq(one, other)
    }

    fn is_initializing(&self, _: &Module) -> Result<bool, Error> {
        Ok(false)
    }

    fn import(&self, name: &str) -> Result<(), Error> {
        Thread::import(self, name).map(drop)
    }

    fn load(&self, name: &str) -> Result<Module, Error> {
        if let Some((package, _)) = name.rsplit_once('.') {
            Thread::import(self, package)?;
            // The package may have imported it.
            if let Some(module) = self.get(name)? {
                return Ok(module);
            }
        }
        let interpreter = &self.interpreter;
        let &(name, lines) = interpreter.program.iter().find(|(known, _)| *known == name).unwrap();
        let module = std::sync::Arc::new(Body { name, complete: UnsafeCell::new(false) });
        let run = {
            let mut runs = interpreter.runs.lock().unwrap();
            *runs.entry(name).and_modify(|run| *run += 1).or_insert(1)
        };
        let old = interpreter.modules.lock().unwrap().insert(name, module.clone());
        assert!(old.is_none(), "executed while it is there");
        for line in lines {
            let result = match *line {
                Line::Import(other) => Thread::import(self, other).map(drop),
                Line::Fail(times) if run <= times => Err(Error::Raised(name)),
                Line::Fail(_) => Ok(()),
            };
            if let Err(error) = result {
                interpreter.modules.lock().unwrap().remove(name);
                return Err(error);
            }
        }
        // SAFETY: the import system lets only one thread execute a body, and nobody look meanwhile.
        module.complete.with_mut(|complete| unsafe { *complete = true });
        interpreter.attributes.lock().unwrap().push(name);
        Ok(module)
    }

    fn wait(&self, event: &Event) -> Result<(), Error> {
        event.wait(None);
        Ok(())
    }

    fn deadlock(&self, _: &str) -> Error {
        Error::Deadlock
    }
}

impl Interpreter {
    fn new(program: Program) -> Arc<Self> {
        Arc::new(Self {
            program,
            locks: ModuleLocks::default(),
            modules: Mutex::new(HashMap::new()),
            runs: Mutex::new(HashMap::new()),
            attributes: Mutex::new(Vec::new()),
        })
    }

    fn runs(&self, name: &'static str) -> usize {
        self.runs.lock().unwrap().get(name).copied().unwrap_or(0)
    }

    fn has(&self, name: &str) -> bool {
        self.modules.lock().unwrap().contains_key(name)
    }
}

fn as_thread<R>(interpreter: &Arc<Interpreter>, me: u64, f: impl FnOnce(&Thread) -> R) -> R {
    let interpreter = interpreter.clone();
    f(&Thread { interpreter, me })
}

fn spawn(
    interpreter: &Arc<Interpreter>,
    me: u64,
    name: &'static str,
) -> JoinHandle<Result<Module, Error>> {
    let interpreter = interpreter.clone();
    thread::spawn(move || as_thread(&interpreter, me, |thread| thread.import_whole(name)))
}

fn import(interpreter: &Arc<Interpreter>, me: u64, name: &'static str) -> Result<Module, Error> {
    as_thread(interpreter, me, |thread| thread.import_whole(name))
}

#[test]
fn a_module_is_executed_once_and_all_get_the_same() {
    explore(Some(3), || {
        let interpreter = Interpreter::new(&[("m", &[])]);
        let others = [spawn(&interpreter, 1, "m"), spawn(&interpreter, 2, "m")];
        let mine = import(&interpreter, 3, "m").unwrap();
        for other in others {
            assert!(std::sync::Arc::ptr_eq(&other.join().unwrap().unwrap(), &mine));
        }
        assert_eq!(interpreter.runs("m"), 1);
    });
}

#[test]
fn a_module_that_fails_raises_in_one_thread_and_is_tried_again_in_the_others() {
    explore(Some(3), || {
        let interpreter = Interpreter::new(&[("m", &[Line::Fail(1)])]);
        let other = spawn(&interpreter, 1, "m");
        let results = [import(&interpreter, 2, "m").is_ok(), other.join().unwrap().is_ok()];
        assert_eq!(results.iter().filter(|good| **good).count(), 1);
        assert_eq!(interpreter.runs("m"), 2);
    });
}

#[test]
fn what_fails_for_all_is_not_left_registered() {
    explore(Some(3), || {
        let interpreter = Interpreter::new(&[("m", &[Line::Fail(9)])]);
        let other = spawn(&interpreter, 1, "m");
        assert_eq!(import(&interpreter, 2, "m").err(), Some(Error::Raised("m")));
        assert_eq!(other.join().unwrap().err(), Some(Error::Raised("m")));
        assert!(!interpreter.has("m"));
    });
}

#[test]
fn two_in_a_cycle_are_executed_once_from_either_end() {
    explore(Some(3), || {
        let interpreter =
            Interpreter::new(&[("a", &[Line::Import("b")]), ("b", &[Line::Import("a")])]);
        let other = spawn(&interpreter, 1, "a");
        import(&interpreter, 2, "b").unwrap();
        other.join().unwrap().unwrap();
        assert_eq!((interpreter.runs("a"), interpreter.runs("b")), (1, 1));
    });
}

#[test]
fn three_in_a_ring_do_not_wait_for_each_other_for_ever() {
    explore(Some(2), || {
        let interpreter = Interpreter::new(&[
            ("a", &[Line::Import("b")]),
            ("b", &[Line::Import("c")]),
            ("c", &[Line::Import("a")]),
        ]);
        let others = [spawn(&interpreter, 1, "a"), spawn(&interpreter, 2, "b")];
        import(&interpreter, 3, "c").unwrap();
        for other in others {
            other.join().unwrap().unwrap();
        }
        assert_eq!(["a", "b", "c"].map(|name| interpreter.runs(name)), [1, 1, 1]);
    });
}

#[test]
fn a_package_that_imports_its_module_is_no_deadlock_with_who_imports_that() {
    explore(Some(3), || {
        let interpreter = Interpreter::new(&[("p", &[Line::Import("p.m")]), ("p.m", &[])]);
        let other = spawn(&interpreter, 1, "p");
        import(&interpreter, 2, "p.m").unwrap();
        other.join().unwrap().unwrap();
        assert_eq!((interpreter.runs("p"), interpreter.runs("p.m")), (1, 1));
    });
}

#[test]
fn a_module_is_an_attribute_of_its_package_before_it_is_handed_out() {
    explore(Some(3), || {
        let interpreter = Interpreter::new(&[("p", &[]), ("p.m", &[])]);
        let other = spawn(&interpreter, 1, "p.m");
        import(&interpreter, 2, "p.m").unwrap();
        other.join().unwrap().unwrap();
    });
}

#[test]
fn who_waits_for_a_reload_is_woken_by_its_end() {
    explore(None, || {
        let interpreter = Interpreter::new(&[("m", &[])]);
        let other = spawn(&interpreter, 1, "m");
        as_thread(&interpreter, 2, |thread| {
            let locks = &thread.interpreter.locks;
            let importer = Importer { locks, interpreter: 1, me: 2, modules: thread };
            assert_eq!(importer.acquire("m"), Ok(true));
            // Once more, as the import of itself by a module.
            assert_eq!(importer.acquire("m"), Ok(true));
            importer.release("m").unwrap();
            importer.release("m").unwrap();
            assert!(importer.release("m").is_err());
        });
        other.join().unwrap().unwrap();
    });
}
