//! Seeded faults in how threads import the same modules.

use super::Mutant;

const FIND: &str = "interp/src/imports/find.rs";
const LOCKS: &str = "interp/src/imports/locks.rs";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a module that another thread executes is handed out",
        file: FIND,
        after: "fn complete(",
        from: "Doing::Loads => false",
        to: "Doing::Loads => true",
    },
    Mutant {
        name: "what was found is not looked up again",
        file: FIND,
        after: "fn complete(",
        from: "Ok(self.modules.get(name)?.filter(|module| self.modules.same(module, &found)))",
        to: "Ok(Some(found))",
    },
    Mutant {
        name: "who waited for a module does not look for it again",
        file: FIND,
        after: "let Some(hold)",
        from: "match self.modules.get(name)? {\n            // Others",
        to: "match None {\n            // Others",
    },
    Mutant {
        name: "a module is loaded and nobody is told",
        file: FIND,
        after: "fn import(",
        from: "self.locks.loads(self.me, &hold.name);",
        to: "",
    },
    Mutant {
        name: "a module's lock is taken before its package is there",
        file: FIND,
        after: "fn import(",
        from: "self.modules.import(package)?;",
        to: "",
    },
    Mutant {
        name: "who would wait for ever gets nothing",
        file: FIND,
        after: "let Some(hold)",
        from: "Some(module) => Ok(module),",
        to: "Some(_) => Err(self.modules.deadlock(name)),",
    },
    Mutant {
        name: "a lock is not given back",
        file: FIND,
        after: "impl Drop for Hold",
        from: "let _ = self.locks.release(self.me, &self.name);",
        to: "",
    },
    Mutant {
        name: "no circle is found",
        file: LOCKS,
        after: "fn waits_for(",
        from: "return true;",
        to: "return false;",
    },
    Mutant {
        name: "only circles of two are found",
        file: LOCKS,
        after: "fn waits_for(",
        from: "seen.push(owner);",
        to: "if next == 0 { seen.push(owner); }",
    },
    Mutant {
        name: "who waits is not noted",
        file: LOCKS,
        after: "pub fn acquire<",
        from: "state.waits.push(Wait { who: me,",
        to: "state.waits.push(Wait { who: u64::MAX,",
    },
    Mutant {
        name: "a holder waits for itself",
        file: LOCKS,
        after: "pub fn acquire<",
        from: "owner.is_none_or(|owner| owner == me)",
        to: "owner.is_none()",
    },
    Mutant {
        name: "a lock has several holders",
        file: LOCKS,
        after: "pub fn acquire<",
        from: "owner.is_none_or(|owner| owner == me)",
        to: "owner.is_none_or(|_| true)",
    },
    Mutant {
        name: "a release wakes nobody",
        file: LOCKS,
        after: "pub fn release(",
        from: "state.wake(name);",
        to: "",
    },
    Mutant {
        name: "the first release of several gives the lock away",
        file: LOCKS,
        after: "pub fn release(",
        from: "if held.depth == 0 {",
        to: "if true {",
    },
    Mutant {
        name: "nobody counts what is held",
        file: LOCKS,
        after: "fn count(",
        from: "state.held.len() as u64",
        to: "0",
    },
    Mutant {
        name: "what the last holder did is not seen",
        file: LOCKS,
        after: "pub fn doing(",
        from: "Ordering::Acquire",
        to: "Ordering::Relaxed",
    },
];
