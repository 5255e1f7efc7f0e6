//! Seeded faults in what the explorer sees of Python code. Its litmus programs and models notice them.
//!
//! Each takes a build of the suite, so that only the first ones are tried with all others.

use super::Mutant;

const ACCESSES: &str = "interp/src/race/accesses.rs";
const CALLS: &str = "interp/src/race/calls.rs";
const DEATHS: &str = "interp/src/race/deaths.rs";
const HOOK: &str = "interp/src/race/hook/look.rs";
const OBJECTS: &str = "interp/src/race/objects.rs";
const SHARING: &str = "interp/src/race/sharing.rs";
const SPIN: &str = "interp/src/race/spin.rs";
const STEPPING: &str = "interp/src/race/stepping.rs";
const TABLE: &str = "interp/src/race/table.rs";

/// Tried with all others.
pub(super) const FEW: &[Mutant] = &[Mutant {
    name: "a call that nothing is known of only reads",
    file: TABLE,
    after: "pub(crate) fn of_method(",
    from: "_ => Effect::Write,",
    to: "_ => Effect::Read,",
}];

/// Tried if they are asked for.
pub(super) const MORE: &[Mutant] = &[
    Mutant {
        name: "an attribute of a class is nobody's",
        file: ACCESSES,
        after: "pub(crate) fn attribute(",
        from: "if !own && let Some(class)",
        to: "if own && let Some(class)",
    },
    Mutant {
        name: "a write before others came is forgotten",
        file: SHARING,
        after: "pub(crate) fn is_shared(",
        from: "touches.written |= access.write;",
        to: "touches.written = access.write;",
    },
    Mutant {
        name: "to give up a reference is no step",
        file: DEATHS,
        after: "pub(crate) fn given_up(",
        from: "self.accesses.push(life(number, true));",
        to: "let _ = life(number, true);",
    },
    Mutant {
        name: "`len` is a place to switch",
        file: TABLE,
        after: "pub(crate) fn is_unchecked(",
        from: "\"len\" | \"type\" => arguments == 1,",
        to: "\"type\" => arguments == 1,",
    },
    Mutant {
        name: "nobody comes into a sort",
        file: TABLE,
        after: "pub(crate) fn back_in(",
        from: "\"sort\" => Back::Once,",
        to: "\"sort\" => Back::Never,",
    },
    Mutant {
        name: "a new key leaves the dictionary's order alone",
        file: ACCESSES,
        after: "fn part_of(",
        from: "if write && !dict.contains_key(key, self.vm) {",
        to: "if false {",
    },
    Mutant {
        name: "a call that goes on after Python code does nothing",
        file: CALLS,
        after: "pub(crate) fn leave(",
        from: "self.goes_on(frame);",
        to: "self.0.clear();",
    },
    Mutant {
        name: "an object stays for ever",
        file: DEATHS,
        after: "pub(crate) fn let_go(",
        from: "if !can_be_told() {",
        to: "if true {",
    },
    Mutant {
        name: "whoever looks first has let go last",
        file: OBJECTS,
        after: "fn is_last(",
        from: "let mut ours = 1;",
        to: "let mut ours = 2;",
    },
    Mutant {
        name: "what a weak reference gives is not touched",
        file: DEATHS,
        after: "pub(crate) fn referent(",
        from: "self.accesses.push(life(number, false));",
        to: "let _ = life(number, false);",
    },
    Mutant {
        name: "the entry of a function is no place to switch",
        file: HOOK,
        after: "SiteKind::Entry => {",
        from: "state.pass_switch_point(self.id);",
        to: "",
    },
    Mutant {
        name: "behind a call is no place to switch",
        file: HOOK,
        after: "fn look(\n        &mut self,",
        from: "switches_after = !known.is_unchecked && !is_ours;",
        to: "switches_after = known.is_unchecked && !is_ours;",
    },
    Mutant {
        name: "to look for an item is no step",
        file: HOOK,
        after: "(SiteKind::Contains, [object, key, ..]) => {",
        from: "touched.item(object, Some(key), Effect::ReadItem);",
        to: "let _ = (object, key);",
    },
    Mutant {
        name: "only what changes is shared",
        file: SHARING,
        after: "pub(crate) fn is_shared(",
        from: "touches.sites.drain(..).for_each(|site| self.sharing.add(site));",
        to: "touches.sites.clear();\n                if access.write {\n                    self.sharing.add(site);\n                }",
    },
    Mutant {
        name: "a loop that waits is not woken",
        file: SPIN,
        after: "pub(crate) fn others_wrote(",
        from: "self.waits = false;",
        to: "",
    },
    Mutant {
        name: "a loop that changes something waits",
        file: SPIN,
        after: "pub(crate) fn turn(",
        from: "&& !self.moved",
        to: "",
    },
    Mutant {
        name: "a thread is asked before one instruction, and not before the next",
        file: STEPPING,
        after: "pub(crate) fn on_ring(",
        from: "if !to_hook {",
        to: "if false {",
    },
    Mutant {
        name: "no instruction is a place to switch",
        file: STEPPING,
        after: "pub(crate) fn on_ring(",
        from: "if !starts ||",
        to: "if true ||",
    },
];
