//! Native code that Python code is in the middle of: `xs.sort(key=f)`, `next(generator)`.
//!
//! What such a call does to its object is announced when it begins. Each time Python code that it has
//! called goes back into it, it goes on with the object, after steps of others: that is a step
//! of its own, announced where the Python code returns or yields.

use rustpython_vm::frame::InterpreterFrame;

use super::Access;
use super::table::Back;

/// The code units that lie between the call of the hook and that of what it has announced, at most.
const BETWEEN: u32 = 16;

/// What the frames of a thread have called, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    /// Its frame. An address, never followed.
    frame: *const InterpreterFrame,
    /// Where the frame was when it was announced.
    at: u32,
    back: Back,
    accesses: Vec<Access>,
    /// Whether the thread has done no step since it was last announced that the call goes on.
    is_told: bool,
}

impl Calls {
    /// The frame is about to do something that may call Python code.
    pub(crate) fn begin(&mut self, frame: &InterpreterFrame, accesses: &[Access], back: Back) {
        let at = frame.get_lasti();
        let accesses = accesses.to_vec();
        self.0.push(Call { frame, at, back, accesses, is_told: false });
    }

    /// The frame goes on: what it has called has returned.
    pub(crate) fn goes_on(&mut self, frame: &InterpreterFrame) {
        if let Some(place) = self.0.iter().rposition(|call| std::ptr::eq(call.frame, frame)) {
            // Those of frames that it has called, too: they ended by exceptions.
            self.0.truncate(place);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The frame returns or yields. What the native code that it goes back into does then.
    pub(crate) fn leave(&mut self, frame: &InterpreterFrame) -> Vec<Access> {
        self.goes_on(frame);
        let below = frame.previous();
        let Some(call) = self.0.last_mut().filter(|call| std::ptr::eq(call.frame, below)) else {
            return Vec::new();
        };
        // SAFETY: the frame below the one that runs is suspended in a call that this thread is in, so it
        // outlives the look at it; not null, since it is the address of a frame.
        let at = unsafe { &*below }.get_lasti();
        if !(call.at..call.at + BETWEEN).contains(&at) || (call.back == Back::Once && call.is_told)
        {
            return Vec::new();
        }
        let accesses = call.accesses.clone();
        self.step();
        if let Some(call) = self.0.last_mut() {
            call.is_told = true;
        }
        accesses
    }

    /// The thread does a step.
    pub(crate) fn step(&mut self) {
        self.0.iter_mut().for_each(|call| call.is_told = false);
    }
}
