//! Which variables of a frame certainly have a value, so that they can be shown to a hook.

use rustpython_vm::Py;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::bytecode::{CodeFlags, Opcode};

use super::Body;
use super::assembly::Instruction;
use super::stack;

/// By the numbers of the variables. Those from 128 on count as having none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Variables(u128);

impl Variables {
    pub(super) fn contains(self, variable: u32) -> bool {
        self.bit(variable) & self.0 != 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (0..u128::BITS).filter(move |variable| self.contains(*variable))
    }

    fn bit(self, variable: u32) -> u128 {
        1_u128.checked_shl(variable).unwrap_or_default()
    }

    fn set(&mut self, variable: u32, has: bool) {
        let bit = self.bit(variable);
        self.0 = if has { self.0 | bit } else { self.0 & !bit };
    }
}

/// The variables that are stored by an instruction, in this order.
pub(super) fn stored(instruction: &Instruction) -> impl Iterator<Item = u32> {
    let Instruction { op, arg, .. } = *instruction;
    let (first, second) = match op {
        Opcode::StoreFast => (Some(arg), None),
        Opcode::StoreFastLoadFast => (Some(arg >> 4), None),
        Opcode::StoreFastStoreFast => (Some(arg >> 4), Some(arg & 15)),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// What has a value before each instruction.
pub(super) fn assigned(code: &Py<PyCode>, body: &Body) -> Vec<Variables> {
    let instructions = &body.listing.instructions;
    let several = [CodeFlags::VARARGS, CodeFlags::VARKEYWORDS];
    let several = several.into_iter().filter(|flag| code.flags.contains(*flag)).count() as u32;
    let mut arguments = Variables::default();
    (0..code.arg_count + code.kwonlyarg_count + several).for_each(|n| arguments.set(n, true));
    let mut states: Vec<Option<Variables>> = vec![None; instructions.len()];
    let mut work = vec![(0, arguments)];
    while let Some((number, state)) = work.pop() {
        let Some(known) = states.get_mut(number) else { continue };
        let joined = Variables(known.map_or(state.0, |known| known.0 & state.0));
        if *known == Some(joined) {
            continue;
        }
        *known = Some(joined);
        if let Some(handler) = stack::handler_of(&body.handlers, number) {
            work.push((handler.target, joined));
        }
        let (instruction, mut after) = (&instructions[number], joined);
        // What a comprehension has put aside may be none.
        let top = body.stacks[number].iter().flat_map(|stack| stack.iter().rev());
        let is_object = top.map(|slot| slot.is_object()).chain(std::iter::repeat(false));
        stored(instruction).zip(is_object).for_each(|(variable, has)| after.set(variable, has));
        if matches!(instruction.op, Opcode::DeleteFast | Opcode::LoadFastAndClear) {
            after.set(instruction.arg, false);
        }
        work.extend(stack::successors(instruction, number).map(|next| (next, after)));
    }
    states.into_iter().map(Option::unwrap_or_default).collect()
}
