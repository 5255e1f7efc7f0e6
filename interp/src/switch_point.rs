//! Where the GIL may change hands.
//!
//! CPython 3.14 looks at its eval breaker at the start of a function (`RESUME`), on a loop's
//! back-edge (`JUMP_BACKWARD`) and after most calls (`_CHECK_PERIODIC` in
//! Python/bytecodes.c), and nowhere else. Scripts lean on that: an unlocked `n += 1` loses
//! nothing under its GIL. The VM's opcode table carries CPython's flag for it
//! (`HAS_EVAL_BREAK_FLAG`), specialised opcodes included: `len(x)`, `isinstance(x, C)` and
//! `list.append(x)` are calls without a check once they are specialised.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use rustpython_vm::bytecode::Instruction;
use rustpython_vm::frame::InterpreterFrame;
use rustpython_vm::vm::thread::get_current_frame;

static ANYWHERE: AtomicBool = AtomicBool::new(false);

/// `-X gil_switch=any`: switch at every instruction, a harsher model than any CPython.
pub(crate) fn allow_anywhere() {
    ANYWHERE.store(true, Ordering::Relaxed);
}

/// An instruction: its frame (an address, never followed) and its index in the code.
type Place = (*const InterpreterFrame, usize);

thread_local! {
    /// The call that was about to run when this thread was last here.
    static CALL: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Looks at the frame that this thread executes; `None` outside any.
pub(crate) fn with_current_frame<R>(look: impl FnOnce(&InterpreterFrame) -> R) -> Option<R> {
    let frame = get_current_frame();
    // SAFETY: the VM publishes the frame that this very thread executes, and it stays alive
    // at least until the handler that called us returns to it; null outside any frame.
    unsafe { frame.as_ref() }.map(look)
}

/// Whether this thread, which is about to run an instruction, stands at a switch point.
///
/// To tell "after a call" from "jumped to the instruction behind a call", the call itself
/// must have been seen from here; the caller, finding `false`, looks again at the
/// next instruction.
pub(crate) fn is_here() -> bool {
    if ANYWHERE.load(Ordering::Relaxed) {
        return true;
    }
    with_current_frame(is_switch_point).unwrap_or(false)
}

fn is_switch_point(iframe: &InterpreterFrame) -> bool {
    let frame = std::ptr::from_ref(iframe);
    let last_call = CALL.take();
    // The VM counts an instruction as begun before it looks at the eval breaker.
    let Some(index) = (iframe.get_lasti() as usize).checked_sub(1) else { return false };
    let code = &iframe.code().code.instructions;
    let op = code.read_op(index);
    match op.deoptimize() {
        Instruction::Resume { .. } => {
            // Not after `yield from` and `await` (RESUME_AFTER_YIELD_FROM = 2 and up in
            // CPython's Include/internal/pycore_opcode_utils.h).
            const LOCATION_MASK: u8 = 3;
            return code.get(index).is_some_and(|unit| u8::from(unit.arg) & LOCATION_MASK < 2);
        }
        Instruction::JumpBackward { .. } => return true,
        Instruction::Call { .. } | Instruction::CallKw { .. } | Instruction::CallFunctionEx => {
            CALL.set(Some((frame, index)));
        }
        _ => {}
    }
    last_call.is_some_and(|(call_frame, call)| {
        // The address may be another frame's by now: `call` is ours only if it lies before us.
        if call_frame != frame || call >= index {
            return false;
        }
        // Read now, because running it may just have specialised it.
        let op = code.read_op(call);
        call + 1 + op.cache_entries() == index && op.as_opcode().has_eval_break()
    })
}
