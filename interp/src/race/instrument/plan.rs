//! Which instructions announce what, and what they show of their operands.

use rustpython_vm::Py;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::bytecode::{Opcode, oparg};

use super::assembly::Instruction;
use super::assigned::{self, Variables};
use super::constants::Constant;
use super::globals::Globals;
use super::stack::{self, Slot, Stack};
use crate::race::site::SiteKind;

/// Where the hook finds something to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    /// On the operand stack; 1 for the top.
    Stack(u32),
    /// A variable of the frame: the cell itself, where the variable is one that functions share.
    Variable(u32),
}

/// One call of the hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announcement {
    pub(super) kind: SiteKind,
    pub(super) operands: Vec<Operand>,
}

/// The calls around one instruction.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) before: Vec<Announcement>,
    pub(super) after: Option<Announcement>,
}

impl Around {
    /// Leaves only what touches something, and shows more of calls. `next`: the instructions behind.
    pub(super) fn keep_accesses(
        &mut self,
        instruction: &Instruction,
        stack: Option<&Stack>,
        next: &[Instruction],
    ) {
        self.after.take_if(|after| after.kind == SiteKind::Entry);
        let switches =
            |kind: &SiteKind| matches!(kind, SiteKind::BackEdge { .. } | SiteKind::Leave);
        self.before.retain(|before| !switches(&before.kind));
        let (Some(stack), Opcode::Call) = (stack, instruction.op) else { return };
        for before in self.before.iter_mut().filter(|before| before.kind == SiteKind::Call) {
            let second = instruction.arg.saturating_sub(1);
            let slot = stack.len().checked_sub(second as usize).and_then(|at| stack.get(at));
            if before.operands.get(1) == Some(&Operand::Stack(instruction.arg))
                && second > 0
                && slot.is_some_and(|slot| slot.is_object())
            {
                before.operands.push(Operand::Stack(second));
            }
            if is_tested(next) {
                before.kind = SiteKind::TestedCall;
            }
        }
    }
}

/// Whether what was just computed decides where to go on, perhaps compared with something simple.
fn is_tested(next: &[Instruction]) -> bool {
    use Opcode as O;
    let mut next = next.iter().map(|instruction| instruction.op);
    let first = next.next();
    let loads = matches!(
        first,
        Some(O::LoadConst | O::LoadSmallInt | O::LoadFast | O::LoadFastBorrow | O::LoadGlobal)
    );
    let decides = |op| matches!(op, Some(O::ToBool | O::PopJumpIfTrue | O::PopJumpIfFalse));
    match first {
        Some(O::CompareOp) => true,
        _ if loads => next.next() == Some(O::CompareOp),
        first => decides(first),
    }
}

/// What the names in a code object's instructions mean.
pub(super) struct Names<'a> {
    code: &'a Py<PyCode>,
    globals: &'a Globals,
    /// Of the frame's variables.
    variables: Vec<&'a str>,
    /// Whether what the code stores by name is a global.
    module: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new(code: &'a Py<PyCode>, globals: &'a Globals, module: bool) -> Self {
        let locals = &code.varnames;
        // A variable that is both has one place.
        let cells = code.cellvars.iter().filter(|cell| !locals.contains(cell));
        let variables = locals.iter().chain(cells).chain(&code.freevars);
        let variables = variables.map(|name| name.as_str()).collect();
        Self { code, globals, variables, module }
    }

    fn name(&self, index: u32) -> Option<String> {
        Some(self.code.names.get(index as usize)?.as_str().to_owned())
    }

    /// A global that is worth announcing.
    fn global(&self, index: u32) -> Option<String> {
        self.name(index).filter(|name| self.globals.contains(name))
    }

    /// A variable in a cell. The compiler's own, such as `__class__`, never change.
    fn cell(&self, index: u32) -> Option<String> {
        let name = *self.variables.get(index as usize)?;
        let own = name.starts_with("__") && name.ends_with("__");
        (!own).then(|| name.to_owned())
    }
}

/// The calls around an instruction that is reached with `stack`. `values`: whether what was read is
/// shown as well. `pure`: see [`SiteKind::BackEdge`].
pub(super) fn around(
    instruction: &Instruction,
    stack: &Stack,
    names: &Names<'_>,
    values: bool,
    pure: impl FnOnce() -> bool,
) -> Around {
    use Opcode as O;
    let Instruction { op, arg, .. } = *instruction;
    let after = match op {
        O::GetIter | O::GetYieldFromIter => Some((SiteKind::GotIter, 1)),
        // At the entry and behind a `yield`, but not behind `yield from` and `await`: the same frames
        // go on.
        O::Resume if arg & oparg::ResumeContext::LOCATION_MASK <= 1 => Some((SiteKind::Entry, 0)),
        // "No `self`" lies above the value.
        O::LoadGlobal if values => Some((SiteKind::Value, 1 + (arg & 1))),
        O::LoadAttr
        | O::BinarySlice
        | O::LoadName
        | O::LoadFromDictOrGlobals
        | O::LoadDeref
        | O::LoadFromDictOrDeref
        | O::ForIter
            if values =>
        {
            Some((SiteKind::Value, 1))
        }
        O::BinaryOp if values && stack::operator(arg) == Some(oparg::BinaryOperator::Subscr) => {
            Some((SiteKind::Value, 1))
        }
        _ => None,
    };
    let mut before = Vec::from_iter(before(instruction, stack, names, pure));
    if op == O::CallFunctionEx && reads_arguments(stack) {
        before.insert(0, Announcement { kind: SiteKind::Read, operands: vec![Operand::Stack(2)] });
    }
    let after = after.filter(|(kind, _)| !before.is_empty() || *kind == SiteKind::Entry);
    let after = after.map(|(kind, depth)| {
        let operands = if depth == 0 { Vec::new() } else { vec![Operand::Stack(depth)] };
        Announcement { kind, operands }
    });
    Around { before, after }
}

/// What an instruction gives up that others may have, too. `assigned`: the variables with a value.
pub(super) fn drops(
    instruction: &Instruction,
    stack: &Stack,
    assigned: Variables,
) -> Option<Announcement> {
    use Opcode as O;
    let is_object = |slot: &Slot| matches!(slot, Slot::Value);
    let top = stack.last().filter(|slot| is_object(slot)).map(|_| Operand::Stack(1));
    let (kind, operands): (_, Vec<Operand>) = match instruction.op {
        O::ReturnValue => {
            // Without a result of its own: a constant stands for it.
            stack.last().filter(|slot| slot.is_object())?;
            let variables = assigned.iter().map(Operand::Variable);
            (SiteKind::End, std::iter::once(Operand::Stack(1)).chain(variables).collect())
        }
        O::PopTop => (SiteKind::Drop, top.into_iter().collect()),
        // It raises by itself what the look at a variable without a value does.
        O::DeleteFast => (SiteKind::Drop, vec![Operand::Variable(instruction.arg)]),
        _ => {
            let stored = assigned::stored(instruction).filter(|stored| assigned.contains(*stored));
            (SiteKind::Drop, stored.map(Operand::Variable).collect())
        }
    };
    let least = if kind == SiteKind::End { 1 } else { 0 };
    (operands.len() > least).then_some(Announcement { kind, operands })
}

/// Lets what an instruction has given up die.
pub(super) fn behind_drops(instruction: &Instruction) -> Option<Announcement> {
    use Opcode as O;
    let drops = matches!(
        instruction.op,
        O::StoreAttr
            | O::DeleteAttr
            | O::StoreSubscr
            | O::DeleteSubscr
            | O::StoreSlice
            | O::StoreFast
            | O::StoreFastLoadFast
            | O::StoreFastStoreFast
            | O::DeleteFast
            | O::StoreDeref
            | O::DeleteDeref
            | O::StoreGlobal
            | O::DeleteGlobal
            | O::StoreName
            | O::DeleteName
            | O::PopTop
            | O::Call
            | O::CallKw
            | O::CallFunctionEx
    );
    drops.then(|| Announcement { kind: SiteKind::Drop, operands: Vec::new() })
}

fn before(
    instruction: &Instruction,
    stack: &Stack,
    names: &Names<'_>,
    pure: impl FnOnce() -> bool,
) -> Option<Announcement> {
    use Opcode as O;
    let Instruction { op, arg, .. } = *instruction;
    // 1 for the top.
    let slot = |depth: u32| {
        let index = stack.len().checked_sub(depth as usize)?;
        stack.get(index).copied()
    };
    let (kind, depths): (SiteKind, &[u32]) = match op {
        O::LoadAttr => (SiteKind::LoadAttr(names.name(arg >> 1)?), &[1]),
        O::StoreAttr => (SiteKind::StoreAttr(names.name(arg)?), &[1, 2]),
        O::DeleteAttr => (SiteKind::DeleteAttr(names.name(arg)?), &[1]),
        O::StoreSubscr => (SiteKind::StoreItem, &[2, 1, 3]),
        O::DeleteSubscr => (SiteKind::DeleteItem, &[2, 1]),
        O::BinarySlice => (SiteKind::LoadSlice, &[3]),
        O::StoreSlice => (SiteKind::StoreSlice, &[3]),
        O::BinaryOp => binary(stack::operator(arg)?, slot(2)?, slot(1)?)?,
        O::CompareOp if !constant(slot(2)?) && !constant(slot(1)?) => {
            (SiteKind::Operator { inplace: false }, &[2, 1])
        }
        O::ContainsOp => (SiteKind::Contains, &[1, 2]),
        O::LoadGlobal => (SiteKind::LoadGlobal(names.global(arg >> 1)?), &[]),
        O::LoadName | O::LoadFromDictOrGlobals => (SiteKind::LoadGlobal(names.global(arg)?), &[]),
        O::StoreGlobal => return stored(SiteKind::StoreGlobal(names.global(arg)?), &[], slot),
        O::DeleteGlobal => (SiteKind::DeleteGlobal(names.global(arg)?), &[]),
        O::StoreName if names.module => {
            return stored(SiteKind::StoreGlobal(names.global(arg)?), &[], slot);
        }
        O::DeleteName if names.module => (SiteKind::DeleteGlobal(names.global(arg)?), &[]),
        O::LoadDeref | O::LoadFromDictOrDeref => return of_cell(SiteKind::LoadCell, names, arg),
        O::StoreDeref => {
            let cell = Operand::Variable(arg);
            return stored(SiteKind::StoreCell(names.cell(arg)?), &[cell], slot);
        }
        O::DeleteDeref => return of_cell(SiteKind::DeleteCell, names, arg),
        O::GetIter | O::GetYieldFromIter => (SiteKind::GetIter, &[1]),
        O::ForIter => (SiteKind::ForIter, &[1]),
        O::Send if slot(2)? == Slot::Delegate => (SiteKind::ForIter, &[2]),
        O::UnpackSequence | O::UnpackEx => (SiteKind::Read, &[1]),
        O::ListExtend | O::SetUpdate | O::DictUpdate | O::DictMerge => (SiteKind::Read, &[1]),
        O::FormatSimple | O::ConvertValue | O::GetLen => (SiteKind::Read, &[1]),
        O::FormatWithSpec | O::MatchKeys => (SiteKind::Read, &[2]),
        O::MatchClass => (SiteKind::Read, &[3]),
        // The VM asks for the truth here too, where the compiler has left `ToBool` out.
        O::ToBool | O::UnaryNot | O::PopJumpIfTrue | O::PopJumpIfFalse => (SiteKind::Truth, &[1]),
        O::Call | O::CallKw | O::CallFunctionEx => return call(op, arg, slot),
        O::JumpBackward => (SiteKind::BackEdge { pure: pure() }, &[]),
        O::ReturnValue | O::YieldValue => (SiteKind::Leave, &[]),
        _ => return None,
    };
    if !depths.iter().all(|depth| slot(*depth).is_some_and(Slot::is_object)) {
        return None;
    }
    // The first is the one that is touched, and nobody changes a constant.
    if let Some(touched) = depths.first()
        && !matches!(kind, SiteKind::Operator { .. })
        && (constant(slot(*touched)?) || slot(*touched)? == Slot::Tuple)
    {
        return None;
    }
    let operands = depths.iter().map(|depth| Operand::Stack(*depth)).collect();
    Some(Announcement { kind, operands })
}

fn of_cell(
    kind: impl FnOnce(String) -> SiteKind,
    names: &Names<'_>,
    variable: u32,
) -> Option<Announcement> {
    let kind = kind(names.cell(variable)?);
    Some(Announcement { kind, operands: vec![Operand::Variable(variable)] })
}

/// What is on top of the stack is stored in a variable.
fn stored(
    kind: SiteKind,
    place: &[Operand],
    slot: impl Fn(u32) -> Option<Slot>,
) -> Option<Announcement> {
    let value = slot(1).filter(|slot| slot.is_object()).map(|_| Operand::Stack(1));
    Some(Announcement { kind, operands: place.iter().copied().chain(value).collect() })
}

fn constant(slot: Slot) -> bool {
    matches!(slot, Slot::Constant(_) | Slot::Text | Slot::Bool)
}

/// Leaves out what can touch nothing that changes: arithmetic with a number that is written there, and
/// text to be put together. Not a sequence times a number, nor a list that text is added to.
fn binary(
    operator: oparg::BinaryOperator,
    left: Slot,
    right: Slot,
) -> Option<(SiteKind, &'static [u32])> {
    use oparg::BinaryOperator as B;
    if operator == B::Subscr {
        return Some((SiteKind::LoadItem, &[2, 1]));
    }
    let inplace = operator == operator.as_inplace();
    let times = matches!(operator, B::Multiply | B::InplaceMultiply);
    let formats = matches!(operator, B::Remainder | B::InplaceRemainder);
    let number = |slot| slot == Slot::Constant(Constant::Number);
    let text = |slot| matches!(slot, Slot::Text | Slot::Constant(Constant::Text));
    let harmless = constant(left) && constant(right)
        || (number(left) || number(right)) && !times
        || text(left) && !formats
        || text(right) && !inplace;
    (!harmless).then_some((SiteKind::Operator { inplace }, &[2, 1]))
}

/// Whether a `CallFunctionEx` takes its arguments out of an object that others may change: `f(*object)`.
fn reads_arguments(stack: &Stack) -> bool {
    let arguments = stack.iter().rev().nth(1);
    arguments.is_some_and(|slot| slot.is_object() && !constant(*slot) && *slot != Slot::Tuple)
}

/// The callable, and its first positional argument if that can be told.
fn call(op: Opcode, arg: u32, slot: impl Fn(u32) -> Option<Slot>) -> Option<Announcement> {
    // How deep the callable is; how deep the first argument is if it is not `self`.
    let (callable, first) = match op {
        Opcode::Call => (arg + 2, (arg > 0).then_some(arg)),
        Opcode::CallKw => {
            let positional = arg.checked_sub(stack::named(slot(1)?)?)?;
            (arg + 3, (positional > 0).then_some(arg + 1))
        }
        _ => (4, None),
    };
    match slot(callable)? {
        // Primitives announce what `with` does to them. A class statement and a generator expression
        // touch nothing by being called.
        Slot::Special | Slot::BuildClass | Slot::Definition | Slot::Constant(_) => return None,
        slot if !slot.is_object() => return None,
        _ => {}
    }
    let first = match slot(callable - 1)? {
        Slot::Null => first.filter(|first| slot(*first).is_some_and(Slot::is_object)),
        Slot::Unknown => None,
        _ if op == Opcode::CallFunctionEx => None,
        _ => Some(callable - 1),
    };
    let operands = [Some(callable), first].into_iter().flatten().map(Operand::Stack).collect();
    Some(Announcement { kind: SiteKind::Call, operands })
}
