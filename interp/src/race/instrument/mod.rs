//! Puts announcements into code objects: calls of a hook before, and sometimes after, what threads
//! can see of each other. It is done with the code as it is compiled, so that every kind of statement
//! is covered and a module's source is not needed.
//!
//! The hook is called with a site's number and what [`SiteKind`](super::site::SiteKind) says is given
//! there. It may raise: that is as if the instruction had.

mod assembly;
mod assigned;
mod constants;
mod globals;
mod linetable;
mod plan;
mod purity;
mod sites;
mod stack;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use rustpython_vm::builtins::PyCode;
use rustpython_vm::bytecode::{
    CodeFlags, CodeUnits, ExceptionTableEntry, Opcode, decode_exception_table,
    encode_exception_table,
};
use rustpython_vm::{Py, PyObjectRef, PyRef, VirtualMachine};

use self::assembly::{Line, Listing};
use self::constants::Constant;
use self::globals::Globals;
use self::plan::{Announcement, Names, Operand};
use self::purity::Loops;
pub(crate) use self::sites::Sites;
use self::stack::{Handler, Stack};
use super::stepping;

/// What is announced.
#[derive(Debug, Default)]
pub(crate) struct What {
    /// Also the values that were read: [`SiteKind::Value`](super::site::SiteKind::Value).
    pub(crate) values: bool,
    /// Global names that are announced whatever the code itself does with them: those that other
    /// modules store as attributes. The code's own are found without.
    pub(crate) globals: HashSet<String>,
    /// For a watch: no places to switch, and of a call the second argument as well.
    pub(crate) accesses_only: bool,
    /// Its instructions are places to switch ([`stepping`]).
    pub(crate) steps: bool,
    /// Also where references are given up: [`SiteKind::Drop`](super::site::SiteKind::Drop) and
    /// [`SiteKind::End`](super::site::SiteKind::End).
    pub(crate) drops: bool,
}

/// What lies on the operand stack besides the code's own and what the hook is shown: the hook, no `self`, the
/// site.
const ROOM: u32 = 3;

/// Makes a code object that announces what it does, and so do the functions and classes that it
/// defines. `hook` becomes one of its constants, so that `marshal` cannot write it.
///
/// Code that `sys.monitoring` is at work in stays as it is.
pub(crate) fn instrument(
    code: &Py<PyCode>,
    hook: &PyObjectRef,
    sites: &mut Sites,
    what: &What,
    vm: &VirtualMachine,
) -> PyRef<PyCode> {
    let module = !code.flags.contains(CodeFlags::OPTIMIZED);
    let globals = Globals::of(code, module, &what.globals);
    Instrumenter { hook, sites, globals: &globals, what, vm }.rewrite(code, module)
}

/// Whether the VM may run an instruction together with the one before, once it has specialised that one. All that
/// such an instruction touches is the frame's own.
fn is_fused(instructions: &[assembly::Instruction], number: usize) -> bool {
    let before = number.checked_sub(1).map(|before| instructions[before].op);
    match instructions[number].op {
        Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::NotTaken => true,
        Opcode::StoreFast => before == Some(Opcode::BinaryOp),
        _ => false,
    }
}

/// A code object, taken apart.
struct Body {
    listing: Listing,
    handlers: Vec<Handler>,
    constants: Vec<Constant>,
    stacks: Vec<Option<Stack>>,
}

impl Body {
    /// `None` for code that is left as it is.
    fn read(code: &Py<PyCode>) -> Option<Self> {
        let listing = Listing::read(&code.instructions)?;
        let handler = |entry: ExceptionTableEntry| {
            let at = |unit: u32| listing.at(unit as usize);
            let (start, end, target) = (at(entry.start)?, at(entry.end)?, at(entry.target)?);
            Some(Handler { start, end, target, entry })
        };
        let handlers = decode_exception_table(&code.exceptiontable);
        let handlers = handlers.into_iter().map(handler).collect::<Option<Vec<_>>>()?;
        let constants = Constant::all(code);
        let stacks = stack::stacks(&listing.instructions, &handlers, &constants)?;
        Some(Self { listing, handlers, constants, stacks })
    }
}

struct Instrumenter<'a> {
    hook: &'a PyObjectRef,
    sites: &'a mut Sites,
    globals: &'a Globals,
    what: &'a What,
    vm: &'a VirtualMachine,
}

impl Instrumenter<'_> {
    /// `module`: whether what the code stores by name is a global.
    fn rewrite(&mut self, code: &Py<PyCode>, module: bool) -> PyRef<PyCode> {
        let Some(body) = Body::read(code) else { return code.to_owned() };
        let mut new = code.code.clone();
        for constant in new.constants.iter_mut() {
            let object: PyObjectRef = constant.clone().into();
            if let Ok(inner) = object.downcast::<PyCode>() {
                *constant = PyObjectRef::from(self.rewrite(&inner, false)).into();
            }
        }
        let mut pool = Pool::new(body.constants.len());
        let lines = self.lines(code, &body, &mut pool, module);
        let numbers = pool.numbers.iter().map(|id| self.vm.ctx.new_int(*id).into());
        let added = std::iter::once(self.hook.clone()).chain(numbers);
        new.constants = new.constants.iter().cloned().chain(added.map(Into::into)).collect();
        new.max_stackdepth += ROOM + pool.most_operands;

        let instructions = &body.listing.instructions;
        let assembled = assembly::assemble(&lines, instructions.len());
        let first = code.first_line_number.map_or(0, |line| line.get() as i32);
        let places = linetable::read(&code.linetable, first, code.instructions.len());
        let unit = |number: &usize| instructions[*number].unit;
        let places: Vec<_> = assembled.of.iter().map(|of| places[unit(of)]).collect();
        new.linetable = linetable::write(&places, first);
        new.locations = assembled.of.iter().map(|of| code.locations[unit(of)]).collect();
        let start = |number: usize| assembled.starts[number] as u32;
        let entry = |handler: &Handler| ExceptionTableEntry {
            start: start(handler.start),
            end: start(handler.end),
            target: start(handler.target),
            ..handler.entry
        };
        let entries: Vec<_> = body.handlers.iter().map(entry).collect();
        new.exceptiontable = encode_exception_table(&entries);
        new.instructions = CodeUnits::from(assembled.units);
        let new = self.vm.ctx.new_code(new);
        // An import may have set it since the code was made.
        new.set_source_path(code.source_path());
        if self.what.steps {
            let numbers = (0..instructions.len()).filter(|number| !is_fused(instructions, *number));
            let starts: Vec<_> = numbers.map(|number| assembled.starts[number]).collect();
            stepping::note(&new, &starts, &assembled.to_hook);
        }
        new
    }

    fn lines(
        &mut self,
        code: &Py<PyCode>,
        body: &Body,
        pool: &mut Pool,
        module: bool,
    ) -> Vec<Line> {
        let names = Names::new(code, self.globals, module);
        let instructions = &body.listing.instructions;
        let loops = Loops::new(instructions, &body.handlers);
        let drops = self.what.drops.then(|| assigned::assigned(code, body));
        let mut lines = Vec::with_capacity(instructions.len() * 4);
        for (number, (instruction, stack)) in instructions.iter().zip(&body.stacks).enumerate() {
            let pure = || loops.is_pure(number);
            // What is never reached announces nothing.
            let around = stack
                .as_ref()
                .map(|stack| plan::around(instruction, stack, &names, self.what.values, pure));
            let mut around = around.unwrap_or_default();
            if let (Some(drops), Some(stack)) = (&drops, stack) {
                around.before.splice(..0, plan::drops(instruction, stack, drops[number]));
                around.after = around.after.or_else(|| plan::behind_drops(instruction));
            }
            if self.what.accesses_only {
                let next = &instructions[number + 1..];
                around.keep_accesses(instruction, stack.as_ref(), next);
            }
            let mut call = |lines: &mut Vec<Line>, announcement: Announcement| {
                let Announcement { kind, operands } = announcement;
                let site = self.sites.add(kind, code, instruction.unit).0;
                let push = |(op, arg)| {
                    let to_hook = op != Opcode::PopTop;
                    lines.push(Line { op, arg, target: None, of: number, to_hook });
                };
                pool.call(site, &operands).for_each(push);
            };
            around.before.into_iter().for_each(|announcement| call(&mut lines, announcement));
            let (op, mut arg, target) = (instruction.op, instruction.arg, instruction.target);
            // A method comes with its object, or without and then bound: that cannot be told before.
            // So it is always bound.
            let method = matches!(op, Opcode::LoadAttr | Opcode::LoadSuperAttr) && arg & 1 == 1;
            if method {
                arg &= !1;
            }
            lines.push(Line { op, arg, target, of: number, to_hook: false });
            around.after.into_iter().for_each(|announcement| call(&mut lines, announcement));
            if method {
                let to_hook = false;
                lines.push(Line {
                    op: Opcode::PushNull,
                    arg: 0,
                    target: None,
                    of: number,
                    to_hook,
                });
            }
        }
        lines
    }
}

/// The constants that are added to a code object: the hook, and sites' numbers.
struct Pool {
    /// The number of the hook.
    hook: u32,
    numbers: Vec<u32>,
    most_operands: u32,
}

impl Pool {
    fn new(constants: usize) -> Self {
        let hook = u32::try_from(constants).expect("there are fewer than 2^32 constants");
        Self { hook, numbers: Vec::new(), most_operands: 0 }
    }

    /// The instructions that call the hook and leave the stack as it was.
    fn call(&mut self, site: u32, operands: &[Operand]) -> impl Iterator<Item = (Opcode, u32)> {
        self.numbers.push(site);
        let number = self.hook + self.numbers.len() as u32;
        let begin =
            [(Opcode::LoadConst, self.hook), (Opcode::PushNull, 0), (Opcode::LoadConst, number)];
        let count = operands.len() as u32;
        self.most_operands = self.most_operands.max(count);
        let shown = (3..).zip(operands).map(|(above, operand)| match operand {
            Operand::Stack(depth) => (Opcode::Copy, depth + above),
            Operand::Variable(variable) => (Opcode::LoadFast, *variable),
        });
        let end = [(Opcode::Call, 1 + count), (Opcode::PopTop, 0)];
        begin.into_iter().chain(shown).chain(end)
    }
}
