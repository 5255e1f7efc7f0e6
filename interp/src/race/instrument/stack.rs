//! What lies on the operand stack before each instruction, as far as it can be told without running
//! the code: a small abstract interpretation.

use rustpython_vm::bytecode::{ExceptionTableEntry, Opcode, oparg};

use super::assembly::Instruction;
use super::constants::Constant;

/// What is known of one place on the operand stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// No object: "no `self`" of a call. A copy of it must not become an argument.
    Null,
    Constant(Constant),
    /// A `str` that was made here.
    Text,
    /// A tuple that was made here. What is in it may change.
    Tuple,
    /// `True` or `False`, or what a comparison has given.
    Bool,
    /// What `def`, `class` and `import` give to a name.
    Definition,
    /// `__build_class__`.
    BuildClass,
    /// A method of the object of a `with` statement.
    Special,
    /// The iterator of a `yield from`.
    Delegate,
    /// Some object.
    Value,
    /// Perhaps an object, perhaps none.
    Unknown,
}

impl Slot {
    pub(super) fn is_object(self) -> bool {
        !matches!(self, Self::Null | Self::Unknown)
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            _ if self.is_object() && other.is_object() => {
                // A call that may be of a special method is left alone.
                let special = self == Self::Special || other == Self::Special;
                if special { Self::Special } else { Self::Value }
            }
            _ => Self::Unknown,
        }
    }
}

/// The stack, the top last.
pub(super) type Stack = Vec<Slot>;

/// A range of instructions, by their numbers, whose exceptions go elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handler {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) target: usize,
    pub(super) entry: ExceptionTableEntry,
}

impl Handler {
    /// The stack at the target.
    fn enter(&self, stack: &Stack) -> Option<Stack> {
        let mut stack = stack.get(..usize::from(self.entry.depth))?.to_vec();
        if self.entry.push_lasti {
            stack.push(Slot::Value);
        }
        stack.push(Slot::Value);
        Some(stack)
    }
}

/// The first that an exception of an instruction goes to.
pub(super) fn handler_of(handlers: &[Handler], number: usize) -> Option<&Handler> {
    handlers.iter().find(|handler| (handler.start..handler.end).contains(&number))
}

/// The stack before each instruction; `None` for those that are never reached. Nothing at all for code
/// that this does not understand: where two ways to an instruction leave stacks of different heights.
pub(super) fn stacks(
    code: &[Instruction],
    handlers: &[Handler],
    constants: &[Constant],
) -> Option<Vec<Option<Stack>>> {
    let mut states: Vec<Option<Stack>> = vec![None; code.len()];
    let mut work = vec![(0, Stack::new())];
    while let Some((number, stack)) = work.pop() {
        // Code that runs off its end is never compiled.
        let state = states.get_mut(number)?;
        let known = state.as_ref();
        let stack = match known {
            None => stack,
            Some(known) if known.len() != stack.len() => return None,
            Some(known) => {
                let joined: Stack = known.iter().zip(&stack).map(|(a, b)| a.or(*b)).collect();
                if joined == *known {
                    continue;
                }
                joined
            }
        };
        *state = Some(stack.clone());
        if let Some(handler) = handler_of(handlers, number) {
            work.push((handler.target, handler.enter(&stack)?));
        }
        let instruction = &code[number];
        let mut after = stack.clone();
        step(instruction, &mut after, constants)?;
        for next in successors(instruction, number) {
            let mut after = after.clone();
            // A `for` that ends leaves what follows out if it only takes the item away.
            let jumps = next != number + 1;
            if instruction.op == Opcode::ForIter && jumps && code.get(next)?.op != Opcode::EndFor {
                after.pop();
            }
            work.push((next, after));
        }
    }
    Some(states)
}

/// Where control goes from an instruction that raises nothing.
pub(super) fn successors(instruction: &Instruction, number: usize) -> impl Iterator<Item = usize> {
    let Instruction { op, target, .. } = *instruction;
    // The target of this one is only for `sys.monitoring`.
    let jump = target.filter(|_| op != Opcode::EndAsyncFor);
    let next = (!op.is_no_fallthrough()).then_some(number + 1);
    next.into_iter().chain(jump)
}

/// What an instruction does to the stack.
fn step(instruction: &Instruction, stack: &mut Stack, constants: &[Constant]) -> Option<()> {
    use Opcode as O;
    let Instruction { op, arg, .. } = *instruction;
    let count = arg as usize;
    let depth = |stack: &Stack, depth: usize| stack.len().checked_sub(depth);
    // How many are taken, and what is put there instead.
    let (taken, given): (usize, &[Slot]) = match op {
        O::Copy => {
            let copied = stack[depth(stack, count)?];
            stack.push(copied);
            return Some(());
        }
        O::Swap => {
            let (top, other) = (depth(stack, 1)?, depth(stack, count)?);
            stack.swap(top, other);
            return Some(());
        }
        O::SetFunctionAttribute => {
            let function = stack.pop()?;
            *stack.last_mut()? = function;
            return Some(());
        }
        O::LoadConst => (0, &[Slot::Constant(*constants.get(count)?)]),
        O::LoadSmallInt => (0, &[Slot::Constant(Constant::Number)]),
        O::LoadCommonConstant => (0, &[Slot::Constant(Constant::Other)]),
        O::PushNull => (0, &[Slot::Null]),
        O::LoadFastAndClear => (0, &[Slot::Unknown]),
        O::LoadBuildClass => (0, &[Slot::BuildClass]),
        O::LoadSpecial => (1, &[Slot::Special, Slot::Unknown]),
        O::LoadGlobal => (0, with_null(arg)),
        O::LoadAttr => (1, with_null(arg)),
        O::LoadSuperAttr => (3, with_null(arg)),
        O::ToBool | O::UnaryNot => (1, &[Slot::Bool]),
        O::CompareOp | O::ContainsOp | O::IsOp => (2, &[Slot::Bool]),
        O::CheckExcMatch => (1, &[Slot::Bool]),
        O::MatchMapping | O::MatchSequence => (0, &[Slot::Bool]),
        O::FormatSimple | O::ConvertValue => (1, &[Slot::Text]),
        O::FormatWithSpec => (2, &[Slot::Text]),
        O::BuildString => (count, &[Slot::Text]),
        O::BuildTuple => (count, &[Slot::Tuple]),
        O::CallIntrinsic1 if arg == u32::from(oparg::IntrinsicFunction1::ListToTuple) => {
            (1, &[Slot::Tuple])
        }
        O::MakeFunction => match stack.last()? {
            Slot::Constant(Constant::Lambda) => (1, &[Slot::Value]),
            _ => (1, &[Slot::Definition]),
        },
        O::ImportName => (2, &[Slot::Definition]),
        O::ImportFrom => (0, &[Slot::Definition]),
        O::GetYieldFromIter => (1, &[Slot::Delegate]),
        O::Call => {
            let at = depth(stack, count + 2)?;
            let defines = match stack[at..] {
                [Slot::BuildClass, ..] => true,
                // A decorator.
                [_, Slot::Definition] | [_, Slot::Null, Slot::Definition] => true,
                _ => false,
            };
            (count + 2, if defines { &[Slot::Definition] } else { &[Slot::Value] })
        }
        O::CallKw | O::CallFunctionEx => {
            let taken = if op == O::CallKw { count + 3 } else { 4 };
            let class = stack[depth(stack, taken)?] == Slot::BuildClass;
            (taken, if class { &[Slot::Definition] } else { &[Slot::Value] })
        }
        // These change or look at what lies deeper, and leave it there.
        O::ListAppend | O::ListExtend | O::SetAdd | O::SetUpdate => (1, &[]),
        O::DictUpdate | O::DictMerge => (1, &[]),
        O::MapAdd => (2, &[]),
        O::GetLen | O::MatchKeys | O::GetAnext | O::WithExceptStart => (0, &[Slot::Value]),
        O::ForIter => (0, &[Slot::Value]),
        O::Send => (1, &[Slot::Value]),
        _ => {
            let effect = op.stack_effect_info(arg);
            let left = depth(stack, effect.popped() as usize)?;
            stack.truncate(left);
            stack.resize(left + effect.pushed() as usize, Slot::Value);
            return Some(());
        }
    };
    let left = depth(stack, taken)?;
    stack.truncate(left);
    stack.extend(given);
    Some(())
}

/// A callable, and "no `self`" where the lowest bit asks for it. The bit means so for methods too:
/// the instrumenter has them bound.
fn with_null(arg: u32) -> &'static [Slot] {
    if arg & 1 == 0 { &[Slot::Value] } else { &[Slot::Value, Slot::Null] }
}

/// Which constant a `CallKw` gets its names from says how many arguments have one.
pub(super) fn named(slot: Slot) -> Option<u32> {
    match slot {
        Slot::Constant(Constant::Tuple(names)) => Some(names),
        _ => None,
    }
}

/// The operator of a `BinaryOp`.
pub(super) fn operator(arg: u32) -> Option<oparg::BinaryOperator> {
    oparg::BinaryOperator::try_from(arg).ok()
}
