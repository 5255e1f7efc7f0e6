//! The token that shows a thread to be attached.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering;

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{ThreadState, current_thread_slot, try_with_current_vm};

use crate::late::{self, GilSwitch};
use crate::lock::GilStats;
use crate::modules::Contents;
use crate::{attach, modules};

/// Proof that the calling thread is attached to an interpreter: it may use Python objects,
/// and in a gil build it holds the GIL. Dereferences to the VM.
///
/// Named and used as in PyO3; see [`Interpreter::attach`](crate::Interpreter::attach).
#[derive(Clone, Copy)]
pub struct Python<'py> {
    vm: &'py VirtualMachine,
}

impl<'py> Python<'py> {
    pub(crate) fn new(vm: &'py VirtualMachine) -> Self {
        Self { vm }
    }

    /// The token for a native function, which the VM calls attached.
    ///
    /// Elsewhere a `&VirtualMachine` proves nothing: a thread that is detached and uses objects all
    /// the same races with the garbage collector.
    pub fn assume_attached(vm: &'py VirtualMachine) -> Self {
        Self { vm }
    }

    /// Turns the GIL on for the process, on behalf of a module that needs it, unless the process was
    /// told to do without. When this returns, no other thread runs Python at the same time.
    ///
    /// Waits until every other thread has come to its next instruction or is in a blocking call; so a
    /// native call that takes long (`sum(range(10**10))`) holds it up.
    pub fn turn_gil_on(self, module: &str) -> GilSwitch {
        late::turn_on(self.vm, module)
    }

    /// What was lent as the module `name` to this interpreter; see
    /// [`InterpreterBuilder::module`](crate::InterpreterBuilder::module).
    pub fn module_contents(self, name: &str) -> Option<Contents> {
        modules::contents(self.vm, name)
    }

    /// The id of the interpreter that the calling thread is attached to; `None` for a thread that
    /// never attached, and inside [`detach`](Self::detach).
    pub fn attached_interpreter() -> Option<i64> {
        let slot = current_thread_slot()?;
        let attached = slot.state.load(Ordering::Relaxed) == ThreadState::Attached as i32;
        attached.then(|| try_with_current_vm(|vm| vm.state.interpreter_id)).flatten()
    }

    /// The VM of this thread.
    pub fn vm(self) -> &'py VirtualMachine {
        self.vm
    }

    /// Detaches the thread while `f` runs: for long work in Rust, and for anything that may
    /// block. Other threads get the GIL meanwhile, and garbage collection need not wait.
    ///
    /// `f` must not use Python objects; the `Send` bounds keep the token out of it.
    pub fn detach<F, R>(self, f: F) -> R
    where
        F: FnOnce() -> R + Send,
        R: Send,
    {
        attach::without_gil(self.vm, || self.vm.allow_threads(f))
    }

    /// What the calling thread did with the GIL so far; `None` when there is none.
    pub fn thread_stats(self) -> Option<GilStats> {
        attach::thread_stats(self.vm)
    }
}

impl Deref for Python<'_> {
    type Target = VirtualMachine;

    fn deref(&self) -> &VirtualMachine {
        self.vm
    }
}

impl fmt::Debug for Python<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Python")
    }
}
