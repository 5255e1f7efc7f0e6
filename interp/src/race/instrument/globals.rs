//! Which global names can change while threads run. The others, such as functions, classes and
//! builtins, are read all the time and need no announcement.

use std::collections::HashSet;

use rustpython_vm::Py;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::bytecode::Opcode;

use super::Body;
use super::assembly::Listing;
use super::stack::Slot;

/// The names that are announced.
#[derive(Debug, Default)]
pub(super) struct Globals(HashSet<String>);

impl Globals {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// For a module's code, or any other that brings its own functions. `extra`: names that are to be
    /// announced whatever this code does with them.
    pub(super) fn of(code: &Py<PyCode>, module: bool, extra: &HashSet<String>) -> Self {
        let mut used = Used::default();
        for inner in inner(code) {
            used.add(inner);
        }
        let mut names = extra.clone();
        if module {
            let late = stored_late(code);
            names.extend(late.into_iter().filter(|name| used.loaded.contains(name)));
        }
        used.add(code);
        names.extend(used.stored);
        Self(names)
    }
}

/// What functions and class bodies do with names that may be globals.
#[derive(Default)]
struct Used {
    loaded: HashSet<String>,
    stored: HashSet<String>,
}

impl Used {
    fn add(&mut self, code: &Py<PyCode>) {
        for (op, name) in by_name(code) {
            match op {
                Opcode::StoreGlobal | Opcode::DeleteGlobal => self.stored.insert(name),
                _ => self.loaded.insert(name),
            };
        }
        for inner in inner(code) {
            self.add(inner);
        }
    }
}

/// The code of the functions and classes that a code object defines.
fn inner(code: &Py<PyCode>) -> impl Iterator<Item = &Py<PyCode>> {
    use std::borrow::Borrow;
    let objects = code.constants.iter().map(Borrow::<rustpython_vm::PyObject>::borrow);
    objects.filter_map(|object| object.downcast_ref::<PyCode>())
}

fn by_name(code: &Py<PyCode>) -> Vec<(Opcode, String)> {
    use Opcode as O;
    let Some(listing) = Listing::read(&code.instructions) else { return Vec::new() };
    let uses = listing.instructions.iter().filter_map(|instruction| {
        let index = match instruction.op {
            O::LoadGlobal => instruction.arg >> 1,
            O::LoadName | O::LoadFromDictOrGlobals | O::StoreGlobal | O::DeleteGlobal => {
                instruction.arg
            }
            _ => return None,
        };
        let name = code.names.get(index as usize)?;
        Some((instruction.op, name.as_str().to_owned()))
    });
    uses.collect()
}

/// The names that a module stores when a call may have started threads already. What a `def`, a class
/// statement or an import stores does not count.
fn stored_late(code: &Py<PyCode>) -> HashSet<String> {
    let Some(body) = Body::read(code) else { return HashSet::new() };
    let instructions = &body.listing.instructions;
    let calls = |number: usize| {
        let Some(stack) = &body.stacks[number] else { return false };
        let instruction = instructions[number];
        let callable = match instruction.op {
            Opcode::Call => instruction.arg as usize + 2,
            Opcode::CallKw => instruction.arg as usize + 3,
            Opcode::CallFunctionEx => 4,
            _ => return false,
        };
        let callable = stack.len().checked_sub(callable).and_then(|index| stack.get(index));
        callable.is_some_and(|slot| *slot != Slot::BuildClass)
    };
    let Some(mut first) = (0..instructions.len()).find(|number| calls(*number)) else {
        return HashSet::new();
    };
    // All of a loop comes after a call in it.
    for (number, instruction) in instructions.iter().enumerate() {
        if number > first
            && instruction.op == Opcode::JumpBackward
            && let Some(head) = instruction.target
        {
            first = first.min(head);
        }
    }
    let late = instructions.iter().zip(&body.stacks).skip(first);
    let late = late.filter(|(instruction, stack)| {
        let defines = stack.as_ref().is_some_and(|stack| stack.last() == Some(&Slot::Definition));
        match instruction.op {
            Opcode::StoreName => !defines,
            op => op == Opcode::DeleteName,
        }
    });
    let names = late.filter_map(|(instruction, _)| code.names.get(instruction.arg as usize));
    names.map(|name| name.as_str().to_owned()).collect()
}
