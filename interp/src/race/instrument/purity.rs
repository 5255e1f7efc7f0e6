//! Loops that only look.

use std::cell::OnceCell;
use std::collections::HashSet;

use rustpython_vm::bytecode::{Opcode, oparg};

use super::assembly::Instruction;
use super::stack::{self, Handler};

/// A code object's loops.
pub(super) struct Loops<'a> {
    code: &'a [Instruction],
    handlers: &'a [Handler],
    /// For each instruction those that may come before it. Most code has no loops.
    before: OnceCell<Vec<Vec<usize>>>,
}

impl<'a> Loops<'a> {
    pub(super) fn new(code: &'a [Instruction], handlers: &'a [Handler]) -> Self {
        Self { code, handlers, before: OnceCell::new() }
    }

    /// Whether no way through the loop that the jump at `jump` ends stores anything. Attributes, items,
    /// comparisons and arithmetic count as looking: a method that they call announces for itself what it does. What is
    /// called is looked at when it is.
    pub(super) fn is_pure(&self, jump: usize) -> bool {
        let Some(head) = self.code[jump].target else { return false };
        let before = self.before.get_or_init(|| self.predecessors());
        // The natural loop: what leads to the jump without passing the head again.
        let (mut seen, mut work) = (HashSet::new(), vec![jump]);
        while let Some(number) = work.pop() {
            if !seen.insert(number) {
                continue;
            }
            if !looks(&self.code[number]) {
                return false;
            }
            if number != head {
                work.extend(&before[number]);
            }
        }
        true
    }

    fn predecessors(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.code.len()];
        for (number, instruction) in self.code.iter().enumerate() {
            let handler = stack::handler_of(self.handlers, number).map(|handler| handler.target);
            for next in stack::successors(instruction, number).chain(handler) {
                if let Some(before) = before.get_mut(next) {
                    before.push(number);
                }
            }
        }
        before
    }
}

fn looks(instruction: &Instruction) -> bool {
    use Opcode as O;
    match instruction.op {
        O::BinaryOp => stack::operator(instruction.arg).is_some_and(|operator| {
            // Not the operators that change what is on their left.
            operator == oparg::BinaryOperator::Subscr || operator != operator.as_inplace()
        }),
        op => matches!(
            op,
            O::LoadFast
                | O::LoadFastBorrow
                | O::LoadFastCheck
                | O::LoadFastLoadFast
                | O::LoadFastBorrowLoadFastBorrow
                | O::LoadConst
                | O::LoadSmallInt
                | O::LoadCommonConstant
                | O::LoadGlobal
                | O::LoadName
                | O::LoadDeref
                | O::LoadFromDictOrDeref
                | O::LoadFromDictOrGlobals
                | O::LoadAttr
                | O::BinarySlice
                | O::Call
                | O::CallKw
                | O::PushNull
                | O::CompareOp
                | O::ContainsOp
                | O::IsOp
                | O::ToBool
                | O::UnaryNot
                | O::UnaryNegative
                | O::UnaryInvert
                | O::PopJumpIfTrue
                | O::PopJumpIfFalse
                | O::PopJumpIfNone
                | O::PopJumpIfNotNone
                | O::NotTaken
                | O::Nop
                | O::PopTop
                | O::Copy
                | O::Swap
                | O::JumpForward
                | O::JumpBackward
        ),
    }
}
