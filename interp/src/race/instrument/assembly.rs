//! Code units as instructions that say where they jump to, and back.

use rustpython_vm::bytecode::{CodeUnit, CodeUnits, OpArgByte, Opcode};

/// One instruction, with its argument put together and as it was before the VM specialised it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) op: Opcode,
    /// Of no meaning where there is a `target`.
    pub(super) arg: u32,
    /// The instruction that it jumps to.
    pub(super) target: Option<usize>,
    /// Where its opcode is, among the code units.
    pub(super) unit: usize,
}

/// A code object's instructions.
pub(super) struct Listing {
    pub(super) instructions: Vec<Instruction>,
    /// Where each begins, among the code units: its prefixes, or its opcode if it has none.
    starts: Vec<usize>,
    units: usize,
}

impl Listing {
    /// `None` where it cannot be told what the code does: `sys.monitoring` is at work in it, or
    /// something jumps into the middle of an instruction.
    pub(super) fn read(units: &CodeUnits) -> Option<Self> {
        let (mut instructions, mut starts) = (Vec::new(), Vec::new());
        let (mut at, mut start, mut arg) = (0, 0, 0);
        while at < units.len() {
            let op = units.read_op(at).as_opcode().deoptimize();
            arg = arg << 8 | u32::from(u8::from(units.read_arg(at)));
            let unit = at;
            at += 1 + op.cache_entries();
            match op {
                Opcode::ExtendedArg => continue,
                Opcode::InstrumentedLine | Opcode::InstrumentedInstruction => return None,
                _ => {}
            }
            instructions.push(Instruction { op, arg, target: None, unit });
            starts.push(start);
            (start, arg) = (at, 0);
        }
        let mut listing = Self { instructions, starts, units: at };
        listing.find_targets()?;
        Some(listing)
    }

    fn find_targets(&mut self) -> Option<()> {
        for number in 0..self.instructions.len() {
            let Instruction { op, arg, .. } = self.instructions[number];
            let Some(direction) = Direction::of(op) else { continue };
            let (end, arg) = (self.start(number + 1), arg as usize);
            let target = match direction {
                Direction::Forward => end.checked_add(arg)?,
                Direction::Backward => end.checked_sub(arg)?,
            };
            let target = self.at(target);
            // Nobody jumps there: only `sys.monitoring` asks where an `async for` began.
            if target.is_none() && op != Opcode::EndAsyncFor {
                return None;
            }
            self.instructions[number].target = target;
        }
        Some(())
    }

    /// Where an instruction begins, among the code units; the end of the code for the one after the
    /// last.
    fn start(&self, number: usize) -> usize {
        self.starts.get(number).copied().unwrap_or(self.units)
    }

    /// The instruction that begins at a code unit. The one after the last is at the end.
    pub(super) fn at(&self, unit: usize) -> Option<usize> {
        if unit == self.units {
            return Some(self.instructions.len());
        }
        self.starts.binary_search(&unit).ok()
    }
}

/// Which way an instruction's argument counts. Always from its end, caches included.
#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Backward,
}

impl Direction {
    fn of(op: Opcode) -> Option<Self> {
        match op {
            Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt | Opcode::EndAsyncFor => {
                Some(Self::Backward)
            }
            op if op.has_jump() => Some(Self::Forward),
            _ => None,
        }
    }
}

/// An instruction to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) op: Opcode,
    pub(super) arg: u32,
    /// The instruction, by its number in the [`Listing`], that it jumps to.
    pub(super) target: Option<usize>,
    /// The instruction that it is, or that it was put before or behind.
    pub(super) of: usize,
    /// It leads to a call of the hook, or is that.
    pub(super) to_hook: bool,
}

/// What was written.
pub(super) struct Assembled {
    pub(super) units: Vec<CodeUnit>,
    /// For each code unit the instruction that it is of.
    pub(super) of: Vec<usize>,
    /// For each code unit whether the hook is called before the next one that does not lead there.
    pub(super) to_hook: Vec<bool>,
    /// Where the lines of each instruction begin; at the end where the code ends.
    pub(super) starts: Vec<usize>,
}

/// Writes lines. Those of one instruction follow each other, in the order of the instructions, and a
/// jump leads to the first of them.
pub(super) fn assemble(lines: &[Line], instructions: usize) -> Assembled {
    let mut widths: Vec<usize> =
        lines.iter().map(|line| if line.target.is_some() { 1 } else { width(line.arg) }).collect();
    // Prefixes move what lies behind them, which can make other jumps too long for what they have.
    // They are never taken back, so that this ends.
    let (starts, args) = loop {
        let (starts, ends) = layout(lines, &widths, instructions);
        let args: Vec<u32> =
            lines.iter().zip(&ends).map(|(line, end)| argument(line, *end, &starts)).collect();
        let mut stable = true;
        for (needed, width) in args.iter().map(|arg| self::width(*arg)).zip(&mut widths) {
            if needed > *width {
                (*width, stable) = (needed, false);
            }
        }
        if stable {
            break (starts, args);
        }
    };
    let (mut units, mut of, mut to_hook) = (Vec::new(), Vec::new(), Vec::new());
    for ((line, width), arg) in lines.iter().zip(widths).zip(args) {
        let [.., third, second, first, last] = arg.to_be_bytes();
        let prefixes = [third, second, first];
        for prefix in &prefixes[4 - width..] {
            units.push(unit(Opcode::ExtendedArg, *prefix));
        }
        units.push(unit(line.op, last));
        // As the compiler leaves them; the VM sets counters when the code first runs.
        units.extend((0..line.op.cache_entries()).map(|_| unit(Opcode::Cache, 0)));
        of.resize(units.len(), line.of);
        to_hook.resize(units.len(), line.to_hook);
    }
    Assembled { units, of, to_hook, starts }
}

/// Where the lines of each instruction begin, and where each line ends.
fn layout(lines: &[Line], widths: &[usize], instructions: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut starts, mut ends) = (Vec::with_capacity(instructions + 1), Vec::new());
    let mut at = 0;
    for (line, width) in lines.iter().zip(widths) {
        while starts.len() <= line.of {
            starts.push(at);
        }
        at += width + line.op.cache_entries();
        ends.push(at);
    }
    starts.resize(instructions + 1, at);
    (starts, ends)
}

fn argument(line: &Line, end: usize, starts: &[usize]) -> u32 {
    let (Some(target), Some(direction)) = (line.target, Direction::of(line.op)) else {
        return line.arg;
    };
    let distance = match direction {
        Direction::Forward => starts[target] - end,
        Direction::Backward => end - starts[target],
    };
    u32::try_from(distance).expect("code is shorter than 2^32 units")
}

/// How many units an argument takes, without caches.
fn width(arg: u32) -> usize {
    match arg {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

fn unit(op: Opcode, arg: u8) -> CodeUnit {
    CodeUnit::new(op.as_instruction(), OpArgByte::from(arg))
}
