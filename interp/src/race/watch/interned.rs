//! Stacks and sets of locks, each kept once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use rustpython_vm::builtins::PyCode;
use rustpython_vm::{AsObject, Py, PyRef};

use super::findings::Place;
use super::thread::Held;
use crate::race::places;
use crate::switch_point::with_current_frame;

struct Table<T> {
    numbers: HashMap<Arc<[T]>, u32>,
    all: Vec<Arc<[T]>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn number(&mut self, of: &[T]) -> u32 {
        if let Some(number) = self.numbers.get(of) {
            return *number;
        }
        let number = self.all.len() as u32;
        let kept: Arc<[T]> = of.into();
        self.all.push(kept.clone());
        self.numbers.insert(kept, number);
        number
    }

    fn get(&self, number: u32) -> Option<Arc<[T]>> {
        self.all.get(number as usize).cloned()
    }
}

/// Where a code object stands, which is kept so that its address does not come again.
struct Code {
    _alive: PyRef<PyCode>,
    file: String,
    function: String,
}

/// One frame: the number of its code, and the line.
type Frame = (u32, u32);

/// What all threads share.
#[derive(Default)]
pub(super) struct Interned {
    codes: Mutex<(Codes, Vec<Code>)>,
    stacks: Mutex<Table<Frame>>,
    /// Of each lock the stack at which it was made.
    locks: Mutex<Table<(u64, u32)>>,
}

/// What one thread knows of code objects without asking: those of the user's have a number.
pub(super) type Codes = HashMap<usize, Option<u32>>;

/// Frames that are kept of a stack, from the innermost.
const DEPTH: usize = 24;

impl Interned {
    /// The stack of the calling thread, of frames that are the user's.
    pub(super) fn stack(&self, codes: &mut Codes) -> u32 {
        let mut frames: [Frame; DEPTH] = [(0, 0); DEPTH];
        let mut depth = 0;
        with_current_frame(|frame| {
            let mut frame = Some(frame);
            while let Some(at) = frame
                && depth < DEPTH
            {
                let code = at.code();
                let known = codes.entry(code.get_id()).or_insert_with(|| self.code(code));
                if let Some(number) = known {
                    // The VM counts an instruction as begun when it runs.
                    let unit = (at.get_lasti() as usize).saturating_sub(1);
                    let line = code.locations.get(unit).map_or(0, |(start, _)| start.line.get());
                    frames[depth] = (*number, line as u32);
                    depth += 1;
                }
                // SAFETY: the frames below the one that runs are suspended in a call that this
                // thread is in, so they outlive the look at them; null below the first.
                frame = unsafe { at.previous().as_ref() };
            }
        });
        self.stacks.lock().number(&frames[..depth])
    }

    fn code(&self, code: &Py<PyCode>) -> Option<u32> {
        let file = code.source_path().as_str();
        let mut codes = self.codes.lock();
        let (numbers, all) = &mut *codes;
        *numbers.entry(code.get_id()).or_insert_with(|| {
            let kept = Code {
                _alive: code.to_owned(),
                file: file.to_owned(),
                function: code.qualname.as_str().to_owned(),
            };
            places::is_theirs(file).then(|| {
                all.push(kept);
                all.len() as u32 - 1
            })
        })
    }

    /// The number of a set of locks.
    pub(super) fn locks(&self, held: &[Held]) -> u32 {
        let locks: Vec<_> = held.iter().map(|held| (held.lock, held.made)).collect();
        self.locks.lock().number(&locks)
    }

    /// The stacks at which the locks of a set were made.
    pub(super) fn makers(&self, locks: u32) -> Vec<Vec<Place>> {
        let locks = self.locks.lock().get(locks);
        let locks = locks.iter().flat_map(|locks| locks.iter());
        locks.map(|(_, made)| self.places(*made)).collect()
    }

    /// A stack's places, the innermost first.
    pub(super) fn places(&self, stack: u32) -> Vec<Place> {
        let Some(frames) = self.stacks.lock().get(stack) else { return Vec::new() };
        let codes = self.codes.lock();
        let place = |(code, line): &Frame| {
            let code = &codes.1[*code as usize];
            Place { file: code.file.clone(), line: *line, function: code.function.clone() }
        };
        frames.iter().map(place).collect()
    }
}
